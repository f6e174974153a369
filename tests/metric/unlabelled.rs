//! Embeddings of a batch that have no label: they are in no pair, whatever they hold.

use crate::support::{Site, differentiable_sites_and_gpu, tensors::Read};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use burn_losses::{
    CircleLossConfig, ContrastiveLossConfig, CrossBatchMemory, Distance, LiftedStructureLossConfig,
    Mining, MultiSimilarityLossConfig, NPairsLossConfig, SupConLossConfig, TripletLossConfig,
    TripletMinerConfig, Triplets, recall_at_k,
};

const NONE: i64 = CrossBatchMemory::NO_LABEL;

/// Points, and labels of which some are none: those hold anything.
const POINTS: [[f32; 3]; 8] = [
    [1.0, 0.2, -0.3],
    [f32::NAN, 0.0, 1.0],
    [0.8, 0.6, 0.1],
    [-0.4, 1.0, 0.5],
    [f32::INFINITY, 1.0, 1.0],
    [-0.2, 0.9, 0.8],
    [0.3, -1.0, 0.7],
    [0.5, 0.5, f32::NAN],
];
const LABELS: [i64; 8] = [0, NONE, 0, 1, NONE, 1, 2, NONE];

type Batch = (Tensor<2>, Tensor<1, Int>);

/// The whole batch, and the places of those that have a label.
fn labelled() -> impl Iterator<Item = usize> {
    (0..POINTS.len()).filter(|&place| LABELS[place] != NONE)
}

fn batch(places: impl Iterator<Item = usize>, site: &Site) -> Batch {
    let places: Vec<usize> = places.collect();
    let points: Vec<f32> = places.iter().flat_map(|&place| POINTS[place]).collect();
    let labels: Vec<i64> = places.iter().map(|&place| LABELS[place]).collect();
    let count = places.len();
    (
        Tensor::from_data(TensorData::new(points, [count, 3]), &site.device).require_grad(),
        Tensor::from_data(TensorData::new(labels, [count]), &site.device),
    )
}

/// Value, per-sample losses and gradient of a loss with and without those that have no label.
fn check(what: &str, forward: &dyn Fn(Batch) -> Tensor<1>, each: &dyn Fn(Batch) -> Tensor<1>) {
    for site in differentiable_sites_and_gpu() {
        let what = format!("{what} on {site}");
        let [all, some] = [(0..POINTS.len()).collect(), labelled().collect::<Vec<_>>()];
        let results = |places: &[usize]| {
            let (points, labels) = batch(places.iter().copied(), &site);
            site.path.run(|| {
                let each = Read::of(each((points.clone(), labels.clone()))).values;
                let value = forward((points.clone(), labels));
                let gradient = points.grad(&value.clone().backward()).expect("tracked");
                (Read::of(value).values[0], each, Read::of(gradient).values)
            })
        };
        let (value, each, gradient) = results(&all);
        let (expected, expected_each, expected_gradient) = results(&some);
        let near = |got: f64, expected: f64| {
            let near = (got - expected).abs() <= 1e-5 * (1.0 + expected.abs());
            assert!(near, "{what}: {got} and not {expected}");
        };
        near(value, expected);
        assert!(expected > 0.0, "{what}: a loss that is not 0");
        let mut rest = (expected_each.iter(), expected_gradient.chunks(3));
        for place in 0..POINTS.len() {
            let by = &gradient[3 * place..][..3];
            if LABELS[place] == NONE {
                assert_eq!((each[place], by), (0.0, &[0.0; 3][..]), "{what} {place}");
                continue;
            }
            near(each[place], *rest.0.next().expect("a loss"));
            let expected = rest.1.next().expect("a gradient");
            by.iter().zip(expected).for_each(|(a, b)| near(*a, *b));
        }
    }
}

macro_rules! check_loss {
    ($what:expr, $loss:expr) => {{
        let loss = $loss;
        check(&$what, &|(x, labels)| loss.forward(x, labels), &|(
            x,
            labels,
        )| {
            loss.forward_no_reduction(x, labels)
        });
    }};
}

#[test]
fn embeddings_without_a_label_are_left_out() {
    check_loss!("sup con", SupConLossConfig::new().init(&Device::default()));
    check_loss!("multi-similarity", MultiSimilarityLossConfig::new().init());
    check_loss!("circle", CircleLossConfig::new().init());
    for distance in [
        Distance::Euclidean,
        Distance::Cosine,
        Distance::DotProduct,
        Distance::Lp { p: 1.0 },
    ] {
        let contrastive = ContrastiveLossConfig::new().with_distance(distance);
        check_loss!(format!("contrastive {distance:?}"), contrastive.init());
        let lifted = LiftedStructureLossConfig::new().with_distance(distance);
        check_loss!(format!("lifted {distance:?}"), lifted.init());
    }
    for mining in [
        Mining::BatchHard,
        Mining::BatchAll,
        Mining::SemiHard,
        Mining::EasyPositive,
        Mining::MultiSimilarity { epsilon: 1.0 },
    ] {
        let config = TripletLossConfig::new()
            .with_mining(mining)
            .with_margin(1.0);
        check_loss!(format!("triplet {mining:?}"), config.init());
    }
}

#[test]
fn pairs_without_a_label_are_left_out() {
    let loss = NPairsLossConfig::new().init();
    check(
        "n-pairs",
        &|(x, labels)| loss.forward(x.clone(), x.detach() * 0.5, labels),
        &|(x, labels)| loss.forward_no_reduction(x.clone(), x.detach() * 0.5, labels),
    );
}

/// T = 1: the only anchors have no negative, so they cost nothing.
#[test]
fn what_has_no_label_is_no_negative() {
    let loss = SupConLossConfig::new()
        .with_temperature(1.0)
        .with_base_temperature(1.0)
        .init(&Device::default());
    for site in differentiable_sites_and_gpu() {
        let points = [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [-1.0, 0.0]];
        let points = Tensor::<2>::from_floats(points, &site.device);
        let labels = TensorData::new(vec![0, 0, NONE, NONE], [4]);
        let labels = Tensor::<1, Int>::from_data(labels, &site.device);
        let value = site.path.run(|| loss.forward(points, labels));
        assert_eq!(Read::of(value).values[0], 0.0, "on {site}");
    }
}

/// With a reference set, too, and in more blocks than one.
#[test]
fn anchors_without_a_label_have_no_triplet() {
    let count = 300;
    for site in differentiable_sites_and_gpu() {
        let numbers: Vec<f32> = (0..count * 2).map(|i| (i * i % 101) as f32).collect();
        let points = || Tensor::<1>::from_floats(&numbers[..], &site.device).reshape([count, 2]);
        let labels = |of: &dyn Fn(i64) -> i64| {
            let labels: Vec<i64> = (0..count as i64).map(of).collect();
            Tensor::<1, Int>::from_data(TensorData::new(labels, [count]), &site.device)
        };
        let some = labels(&|i| if i % 3 == 0 { NONE } else { i % 4 });
        let kept = |triplets: Tensor<1, Int>| {
            let list: Vec<i64> = triplets.into_data().iter().collect();
            assert!(!list.is_empty(), "on {site}");
            assert!(list.iter().all(|index| index % 3 != 0), "on {site}");
        };
        let loss = ContrastiveLossConfig::new().init();
        site.path.run(|| {
            let each = loss.forward_no_reduction(points(), some.clone());
            let each = Read::of(each).values;
            let silent = each.iter().step_by(3);
            assert!(silent.into_iter().all(|&loss| loss == 0.0), "on {site}");
            assert!(each[1] > 0.0 && each[299] > 0.0, "on {site}");
            let miner = TripletMinerConfig::new().init();
            let mined = miner.mine(points(), some.clone());
            for list in [mined.anchors, mined.positives, mined.negatives] {
                kept(list);
            }
            let mined =
                miner.mine_with_reference(points(), some.clone(), points(), labels(&|i| i % 4));
            kept(mined.anchors);
        });
    }
}

/// Class 0 is a class in every type, also in those that cannot hold the label that is none.
#[test]
fn labels_of_any_type_are_labels() {
    let loss = ContrastiveLossConfig::new().with_normalize(false).init();
    for site in differentiable_sites_and_gpu() {
        for dtype in [DType::F32, DType::F64] {
            if !site.device.supports_dtype(dtype) {
                continue;
            }
            for of_labels in [
                DType::U8,
                DType::I8,
                DType::I16,
                DType::I32,
                DType::U32,
                DType::I64,
                DType::U64,
            ] {
                if !site.device.supports_dtype(of_labels) {
                    continue;
                }
                let points = TensorData::new(vec![0.0, 1.0], [2, 1]);
                let points = Tensor::<2>::from_data(points, (&site.device, dtype));
                let labels = TensorData::new(vec![0, 0], [2]);
                let labels = Tensor::<1, Int>::from_data(labels, (&site.device, of_labels));
                let value = site.path.run(|| loss.forward(points, labels));
                assert_eq!(
                    Read::of(value).values,
                    [1.0],
                    "{of_labels:?} {dtype:?} on {site}"
                );
            }
        }
    }
}

/// What is listed is charged, whatever the labels say.
#[test]
fn labels_have_no_effect_on_listed_triplets() {
    let loss = TripletLossConfig::new()
        .with_normalize(false)
        .with_margin(1.0)
        .init();
    for site in differentiable_sites_and_gpu() {
        let points = Tensor::<2>::from_floats([[5.0], [6.0], [6.5]], &site.device);
        let labels = TensorData::new(vec![0, NONE, 1], [3]);
        let labels = Tensor::<1, Int>::from_data(labels, &site.device);
        let list = |place: i64| Tensor::<1, Int>::from_ints([place], &site.device);
        let triplets = Triplets {
            anchors: list(0),
            positives: list(1),
            negatives: list(2),
        };
        let value = site
            .path
            .run(|| loss.on(points, labels).triplets(triplets).reduce());
        assert_eq!(Read::of(value).values, [0.5], "on {site}");
    }
}

/// An anchor of weight 0 reaches no gradient of the points it is listed with.
#[test]
fn an_anchor_of_weight_0_may_hold_anything() {
    let loss = TripletLossConfig::new()
        .with_normalize(false)
        .with_margin(5.0)
        .init();
    for site in differentiable_sites_and_gpu() {
        let points = [[f32::NAN], [0.0], [1.0], [2.0]];
        let points = Tensor::<2>::from_floats(points, &site.device).require_grad();
        let weights = Tensor::<1>::from_floats([0.0, 1.0, 1.0, 1.0], &site.device);
        let list = |places: [i64; 2]| Tensor::<1, Int>::from_ints(places, &site.device);
        let triplets = Triplets {
            anchors: list([0, 1]),
            positives: list([1, 2]),
            negatives: list([2, 3]),
        };
        let value = site.path.run(|| {
            let evaluation = loss.on_triplets(points.clone(), triplets);
            evaluation.weights(weights).reduce()
        });
        let gradient = points.grad(&value.backward()).expect("tracked");
        assert_eq!(Read::of(value).values, [4.0], "on {site}");
        assert_eq!(
            Read::of(gradient).values[1..],
            [0.0, 1.0, -1.0],
            "on {site}"
        );
    }
}

#[test]
fn what_has_no_label_is_neither_looked_up_nor_found() {
    let device = Device::default();
    let points =
        Tensor::<2>::from_floats([[1.0, 0.0], [1.0, 0.1], [1.0, 0.2], [0.0, 1.0]], &device);
    let labels = |labels: [i64; 4]| Tensor::<1, Int>::from_data(TensorData::from(labels), &device);
    // Among those with a label the nearest of the first is the third.
    let some = labels([7, NONE, 7, NONE]);
    assert_eq!(recall_at_k(points.clone(), some, 1), Some(1.0));
    assert_eq!(recall_at_k(points, labels([NONE, NONE, 3, 4]), 1), None);
}

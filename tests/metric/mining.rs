//! Every miner against a search through all triplets.

use crate::support::{
    Random, Site, differentiable_sites_and_gpu, plain_sites_and_gpu, triplets::list,
};
use burn::tensor::{Int, Tensor, TensorData};
use burn_losses::{
    CrossBatchMemory, Distance, Mining, MiningReduction, TripletLossConfig, TripletMinerConfig,
    Triplets,
};

type List = Vec<[i64; 3]>;

/// Points with labels.
struct Points {
    width: usize,
    rows: Vec<Vec<f64>>,
    labels: Vec<i64>,
}

impl Points {
    fn random(name: &str, count: usize, width: usize) -> Self {
        let mut random = Random::of(name);
        let mut row = || -> Vec<f64> {
            (0..width)
                .map(|_| f64::from(random.uniform(-1.0, 1.0) as f32))
                .collect()
        };
        Self {
            width,
            rows: (0..count).map(|_| row()).collect(),
            // Some labels have one member alone.
            labels: (0..count as i64)
                .map(|index| {
                    if index % 11 == 5 {
                        100 + index
                    } else {
                        index % 4 - 1
                    }
                })
                .collect(),
        }
    }

    fn tensors(&self, site: &Site) -> (Tensor<2>, Tensor<1, Int>) {
        let rows = TensorData::new(self.rows.concat(), [self.rows.len(), self.width]);
        let labels = TensorData::new(self.labels.clone(), [self.labels.len()]);
        (
            Tensor::from_data(rows, &site.device),
            Tensor::from_data(labels, &site.device),
        )
    }
}

fn distance(distance: Distance, normalize: bool, a: &[f64], b: &[f64]) -> f64 {
    let unit = |a: &[f64]| -> Vec<f64> {
        let norm = a.iter().map(|x| x * x).sum::<f64>().sqrt();
        let norm = if normalize || distance == Distance::Cosine {
            norm
        } else {
            1.0
        };
        a.iter().map(|x| x / norm).collect()
    };
    let (a, b) = (unit(a), unit(b));
    let pairs = || a.iter().zip(&b);
    let sum = |p: f64| pairs().map(|(a, b)| (a - b).abs().powf(p)).sum::<f64>();
    let dot: f64 = pairs().map(|(a, b)| a * b).sum();
    match distance {
        Distance::Euclidean => sum(2.0).sqrt(),
        Distance::SquaredEuclidean => sum(2.0),
        Distance::Cosine => 1.0 - dot,
        Distance::DotProduct => -dot,
        Distance::Lp { p } => sum(p).powf(1.0 / p),
    }
}

/// The triplets of a batch, or of anchors with a reference set, by looking at all of them.
fn searched(
    mining: Mining,
    between: impl Fn(&[f64], &[f64]) -> f64,
    points: &Points,
    reference: Option<&Points>,
) -> List {
    let others = reference.unwrap_or(points);
    let mut list = List::new();
    for (anchor, row) in points.rows.iter().enumerate() {
        let distances: Vec<f64> = others
            .rows
            .iter()
            .map(|other| between(row, other))
            .collect();
        let of_kind = |is_positive: bool| -> Vec<usize> {
            (0..others.rows.len())
                .filter(|&other| reference.is_some() || other != anchor)
                .filter(|&other| others.labels[other] != CrossBatchMemory::NO_LABEL)
                .filter(|&other| (others.labels[other] == points.labels[anchor]) == is_positive)
                .collect()
        };
        let (positives, negatives) = (of_kind(true), of_kind(false));
        if positives.is_empty() || negatives.is_empty() {
            continue;
        }
        let order = |a: &&usize, b: &&usize| distances[**a].total_cmp(&distances[**b]);
        let farthest = |of: &[usize]| *of.iter().max_by(order).expect("one");
        let nearest = |of: &[usize]| *of.iter().min_by(order).expect("one");
        let mut add = |positive: usize, negative: usize| {
            list.push([anchor as i64, positive as i64, negative as i64]);
        };
        match mining {
            Mining::BatchHard => add(farthest(&positives), nearest(&negatives)),
            Mining::EasyPositive => add(nearest(&positives), nearest(&negatives)),
            Mining::BatchAll => {
                for &positive in &positives {
                    negatives
                        .iter()
                        .for_each(|&negative| add(positive, negative));
                }
            }
            Mining::SemiHard => {
                for &positive in &positives {
                    let beyond: Vec<usize> = negatives
                        .iter()
                        .copied()
                        .filter(|&negative| distances[negative] > distances[positive])
                        .collect();
                    match beyond.is_empty() {
                        true => add(positive, farthest(&negatives)),
                        false => add(positive, nearest(&beyond)),
                    }
                }
            }
            Mining::MultiSimilarity { epsilon } => {
                let (near, far) = (
                    distances[nearest(&negatives)],
                    distances[farthest(&positives)],
                );
                for &positive in &positives {
                    for &negative in &negatives {
                        if distances[positive] + epsilon > near
                            && distances[negative] - epsilon < far
                        {
                            add(positive, negative);
                        }
                    }
                }
            }
            Mining::DistanceWeighted { .. } => unreachable!("it draws"),
        }
    }
    list
}

const SEARCHED: [Mining; 5] = [
    Mining::BatchHard,
    Mining::EasyPositive,
    Mining::BatchAll,
    Mining::SemiHard,
    Mining::MultiSimilarity { epsilon: 0.1 },
];

const DISTANCES: [Distance; 6] = [
    Distance::Euclidean,
    Distance::SquaredEuclidean,
    Distance::Cosine,
    Distance::DotProduct,
    Distance::Lp { p: 1.0 },
    Distance::Lp { p: 3.0 },
];

#[test]
fn miners_find_what_a_search_finds() {
    for (count, width) in [(2, 3), (7, 2), (40, 3), (261, 8)] {
        let points = Points::random("points", count, width);
        let reference = Points::random("reference", count + 9, width);
        for (mining, kind) in SEARCHED
            .iter()
            .flat_map(|m| DISTANCES.map(move |d| (*m, d)))
        {
            if count > 100 && (mining == Mining::BatchAll || kind != Distance::Euclidean) {
                continue; // As with fewer.
            }
            // Each distance is there with and without.
            let other = matches!(mining, Mining::BatchAll | Mining::SemiHard);
            for normalize in [other == (kind == Distance::Euclidean)] {
                let miner = TripletMinerConfig::new()
                    .with_mining(mining)
                    .with_distance(kind)
                    .with_normalize(normalize)
                    .init();
                let between = |a: &[f64], b: &[f64]| distance(kind, normalize, a, b);
                let expected = searched(mining, between, &points, None);
                let of_reference = searched(mining, between, &points, Some(&reference));
                for site in plain_sites_and_gpu() {
                    let what = format!("{mining:?} {kind:?} {normalize} {count} on {site}");
                    let (rows, labels) = points.tensors(&site);
                    let found = site.path.run(|| miner.mine(rows.clone(), labels.clone()));
                    if count > 100 {
                        // So many distances that some differ by no more than their rounding.
                        assert_near(&what, &list(&found), &expected, |a, b| {
                            between(&points.rows[a], &points.rows[b])
                        });
                        continue;
                    }
                    assert_same(&what, list(&found), &expected);
                    let (others, other_labels) = reference.tensors(&site);
                    let found = site
                        .path
                        .run(|| miner.mine_with_reference(rows, labels, others, other_labels));
                    assert_same(&what, list(&found), &of_reference);
                }
            }
        }
    }
}

/// The same triplets; those of one anchor in any order.
#[track_caller]
fn assert_same(what: &str, mut found: List, expected: &List) {
    let anchors: Vec<i64> = found.iter().map(|triplet| triplet[0]).collect();
    assert!(anchors.is_sorted(), "{what}: ordered by anchor");
    let mut expected = expected.clone();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{what}");
}

/// Triplets of the same anchors at the same distances, nearly all of them the same.
#[track_caller]
fn assert_near(what: &str, found: &List, expected: &List, between: impl Fn(usize, usize) -> f64) {
    let (mut found, mut expected) = (found.clone(), expected.clone());
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found.len(), expected.len(), "{what}");
    let mut others = 0;
    for (found, expected) in found.iter().zip(&expected) {
        let at = |place: usize, list: &[i64; 3]| between(list[0] as usize, list[place] as usize);
        for place in [1, 2] {
            let (one, other) = (at(place, found), at(place, expected));
            assert!((one - other).abs() < 1e-5, "{what}: {found:?} {expected:?}");
        }
        others += usize::from(found != expected);
    }
    assert!(
        others <= expected.len() / 500,
        "{what}: {others} are others"
    );
}

/// What is not listed comes to the same as the list.
#[test]
fn the_loss_of_all_triplets_is_that_of_their_list() {
    let points = Points::random("lists", 30, 4);
    for mining in SEARCHED {
        for soft_margin in [false, true] {
            let config = TripletLossConfig::new()
                .with_mining(mining)
                .with_soft_margin(soft_margin);
            let loss = config.init();
            let sum = config.with_reduction(MiningReduction::Sum).init();
            let miner = TripletMinerConfig::new().with_mining(mining).init();
            for site in differentiable_sites_and_gpu() {
                site.path.run(|| {
                    let (rows, labels) = points.tensors(&site);
                    let rows = rows.require_grad();
                    let triplets = miner.mine(rows.clone(), labels.clone());
                    let each = sum.forward_no_reduction(rows.clone(), labels.clone()).sum();
                    let each = each.into_scalar::<f32>();
                    let total = sum.forward(rows.clone(), labels.clone());
                    let total = total.into_scalar::<f32>();
                    let near = (each - total).abs() <= 1e-5 * total;
                    assert!(near, "{mining:?} on {site}: {each} {total}");
                    let both = [
                        loss.forward(rows.clone(), labels.clone()),
                        loss.on(rows.clone(), labels).triplets(triplets).reduce(),
                    ];
                    let [one, other] = both.map(|loss| {
                        let gradients = loss.backward();
                        let gradient = rows.grad(&gradients).expect("tracked").into_data();
                        let mut all: Vec<f32> = loss.into_data().iter().collect();
                        all.extend(gradient.iter::<f32>());
                        all
                    });
                    for (one, other) in one.iter().zip(&other) {
                        let near = (one - other).abs() < 2e-5;
                        assert!(near, "{mining:?} {soft_margin} on {site}: {one} {other}");
                    }
                });
            }
        }
    }
}

/// A free place of a memory is neither a positive nor a negative.
#[test]
fn what_has_no_label_is_in_no_triplet() {
    let points = Points::random("places", 12, 3);
    let mut reference = Points::random("memory", 14, 3);
    for label in &mut reference.labels[..5] {
        *label = CrossBatchMemory::NO_LABEL;
    }
    for mining in SEARCHED {
        let miner = TripletMinerConfig::new().with_mining(mining).init();
        let between = |a: &[f64], b: &[f64]| distance(Distance::Euclidean, true, a, b);
        let expected = searched(mining, between, &points, Some(&reference));
        for site in differentiable_sites_and_gpu() {
            let (rows, labels) = points.tensors(&site);
            let (others, other_labels) = reference.tensors(&site);
            let found = miner.mine_with_reference(rows, labels, others, other_labels);
            assert_same(&format!("{mining:?} on {site}"), list(&found), &expected);
        }
    }
}

/// One anchor, one positive and three negatives: how often each is drawn.
#[test]
fn negatives_are_drawn_by_the_density_of_their_distance() {
    let at = |angle: f64| vec![angle.cos(), angle.sin(), 0.0, 0.0];
    // At distances 2 sin(angle / 2): 0.2, counted as 0.5; 0.8; 1.2; and 1.5, which is not drawn.
    let angles = [0.2, 0.8, 1.2, 1.5].map(|distance: f64| 2.0 * (distance / 2.0).asin());
    let mut rows = vec![at(0.0), at(0.0)];
    rows.extend(angles.map(at));
    let points = Points {
        width: 4,
        rows,
        labels: vec![0, 0, 1, 2, 3, 4],
    };
    let log_density = |d: f64| 2.0 * d.ln() + 0.5 * (1.0 - d * d / 4.0).ln();
    let weights = [0.5, 0.8, 1.2].map(|d| (-log_density(d)).exp());
    let total: f64 = weights.iter().sum();
    const DRAWS: u64 = 2000;
    let site = &differentiable_sites_and_gpu()[0];
    let mut counts = [0u32; 4];
    for seed in 0..DRAWS {
        let mining = Mining::distance_weighted(seed);
        let miner = TripletMinerConfig::new().with_mining(mining).init();
        let (rows, labels) = points.tensors(site);
        let triplets = list(&miner.mine(rows.clone(), labels.clone()));
        assert_eq!(triplets.len(), 2);
        assert_eq!(
            triplets,
            list(&miner.mine(rows, labels)),
            "a seed fixes the draw"
        );
        assert_eq!(triplets[0][..2], [0, 1]);
        counts[triplets[0][2] as usize - 2] += 1;
    }
    assert_eq!(counts[3], 0, "{counts:?}");
    for (count, weight) in counts.iter().zip(weights) {
        let share = weight / total;
        let deviation = (share * (1.0 - share) * DRAWS as f64).sqrt();
        let off = (f64::from(*count) - share * DRAWS as f64).abs();
        assert!(
            off < 4.0 * deviation,
            "{counts:?}, expected {share} of {DRAWS}"
        );
    }
}

#[test]
fn a_batch_without_pairs_has_no_triplets() {
    for site in differentiable_sites_and_gpu() {
        for labels in [vec![], vec![3], vec![1, 2, 3], vec![4, 4]] {
            let points = Points {
                width: 2,
                rows: vec![vec![0.5, 1.0]; labels.len()],
                labels,
            };
            for mining in SEARCHED.into_iter().chain([Mining::distance_weighted(1)]) {
                let miner = TripletMinerConfig::new().with_mining(mining).init();
                let (rows, labels) = points.tensors(&site);
                let triplets = miner.mine(rows.clone(), labels.clone());
                assert!(triplets.is_empty(), "{mining:?} on {site}: {triplets:?}");
                let loss = TripletLossConfig::new().with_mining(mining).init();
                let value = loss.on(rows, labels).triplets(triplets).reduce();
                assert_eq!(value.into_scalar::<f32>(), 0.0, "{mining:?} on {site}");
            }
        }
    }
}

/// Labels have no effect on triplets that are given.
#[test]
fn triplets_need_no_labels() {
    let config = TripletLossConfig::new().with_reduction(MiningReduction::Mean);
    for (count, listed) in [(0, 0), (1, 0), (4, 0), (4, 1), (12, 40)] {
        let points = Points::random("unlabeled", count, 3);
        let place = |i: usize, step: usize| ((i * step + step) % count.max(1)) as i64;
        let lists = [2, 3, 7].map(|step| (0..listed).map(|i| place(i, step)).collect::<Vec<_>>());
        for site in differentiable_sites_and_gpu() {
            let weights: Vec<f32> = (0..count).map(|i| (i % 3) as f32).collect();
            let weights = TensorData::new(weights, [count]);
            let evaluated = |is_labelled: bool| {
                let (rows, labels) = points.tensors(&site);
                let rows = rows.require_grad();
                let [anchors, positives, negatives] = lists.clone().map(|list| {
                    Tensor::<1, Int>::from_data(TensorData::new(list, [listed]), &site.device)
                });
                let triplets = Triplets {
                    anchors,
                    positives,
                    negatives,
                };
                site.path.run(|| {
                    let loss = config.init();
                    let on = match is_labelled {
                        true => loss.on(rows.clone(), labels).triplets(triplets),
                        false => loss.on_triplets(rows.clone(), triplets),
                    };
                    let weighted = on
                        .clone()
                        .weights(Tensor::from_data(weights.clone(), &site.device));
                    let value = on.clone().reduce();
                    let gradient = rows.grad(&value.clone().backward());
                    let mut all = numbers(value);
                    all.extend(numbers(weighted.reduce()));
                    all.extend(numbers(on.each()));
                    all.extend(gradient.map(numbers).unwrap_or_default());
                    all
                })
            };
            let (with, without) = (evaluated(true), evaluated(false));
            let what = format!("{listed} of {count} on {site}");
            assert_eq!(with.iter().any(|&x| x != 0.0), listed > 0, "{what}");
            assert_eq!(with, without, "{what}");
        }
    }
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}

/// On the CPU a list with an index out of range is refused; on a GPU its loss is NaN.
#[test]
fn an_index_out_of_range_is_no_gather() {
    for site in differentiable_sites_and_gpu() {
        let points = Points::random("range", 4, 2);
        let (rows, labels) = points.tensors(&site);
        let list = |indices: [i64; 2]| Tensor::<1, Int>::from_ints(indices, &site.device);
        let triplets = Triplets {
            anchors: list([0, 1]),
            positives: list([1, 0]),
            negatives: list([2, 4]),
        };
        let loss = TripletLossConfig::new().init();
        let call = std::panic::AssertUnwindSafe(|| {
            let value = loss.on(rows, labels).triplets(triplets).reduce();
            value.into_scalar::<f32>()
        });
        match std::panic::catch_unwind(call) {
            Ok(value) => assert!(site.is_gpu() && value.is_nan(), "{value} on {site}"),
            Err(_) => assert!(!site.is_gpu(), "{site}"),
        }
    }
}

/// Triplets with a reference set come to what the loss with that set comes to.
#[test]
fn triplets_of_a_reference_set_are_a_loss() {
    let (points, reference) = (Points::random("a", 12, 3), Points::random("b", 15, 3));
    let loss = TripletLossConfig::new()
        .with_mining(Mining::SemiHard)
        .init();
    let miner = TripletMinerConfig::new()
        .with_mining(Mining::SemiHard)
        .init();
    for site in differentiable_sites_and_gpu() {
        let (rows, labels) = points.tensors(&site);
        let (others, other_labels) = reference.tensors(&site);
        let triplets = miner.mine_with_reference(
            rows.clone(),
            labels.clone(),
            others.clone(),
            other_labels.clone(),
        );
        let among = || {
            let evaluation = loss.on(rows.clone(), labels.clone());
            evaluation.reference(others.clone(), other_labels.clone())
        };
        let given = among().triplets(triplets).reduce();
        let mined = among().reduce();
        let (given, mined) = (given.into_scalar::<f32>(), mined.into_scalar::<f32>());
        assert!(
            (given - mined).abs() < 1e-6 && given > 0.0,
            "{given} {mined} on {site}"
        );
    }
}

/// Labels of another integer type than the device's own, or than those of the reference.
#[test]
fn labels_of_any_integer_type_are_the_same() {
    use burn::tensor::IntDType;

    let (points, reference) = (Points::random("a", 12, 3), Points::random("b", 15, 3));
    let loss = TripletLossConfig::new()
        .with_mining(Mining::BatchAll)
        .init();
    for site in differentiable_sites_and_gpu() {
        site.path.run(|| {
            let (rows, labels) = points.tensors(&site);
            let (others, other_labels) = reference.tensors(&site);
            let value = |one: Tensor<1, Int>, other: Tensor<1, Int>| {
                let evaluation = loss.on(rows.clone(), one);
                let loss = evaluation.reference(others.clone(), other).reduce();
                loss.into_scalar::<f32>()
            };
            let expected = value(labels.clone(), other_labels.clone());
            for dtype in [IntDType::I32, IntDType::I64] {
                if site.is_gpu() && dtype == IntDType::I64 {
                    continue; // Not every GPU has it.
                }
                let one = labels.clone().cast(dtype);
                assert_eq!(
                    value(one, other_labels.clone()),
                    expected,
                    "{dtype:?} on {site}"
                );
            }
        });
    }
}

/// Labels that differ beyond 32 bits are others, in a batch, in a reference set and in a memory.
#[test]
fn long_labels_keep_all_their_bits() {
    use burn::tensor::DType;
    use burn_losses::{ContrastiveLossConfig, CrossBatchMemoryConfig};

    let loss = ContrastiveLossConfig::new().with_normalize(false).init();
    for site in plain_sites_and_gpu() {
        if site.is_gpu() {
            continue; // Not every GPU has them.
        }
        site.path.run(|| {
            let rows = Tensor::<2>::from_floats([[0.0], [0.5]], &site.device);
            let options = (&site.device, DType::I64);
            let long =
                Tensor::<1, Int>::from_data(TensorData::from([1i64, 1 + (1 << 32)]), options);
            let short = Tensor::<1, Int>::from_ints([1, 2], &site.device);
            let memory = CrossBatchMemoryConfig::new(2, 1).init(&site.device);
            memory.push(rows.clone(), long.clone());
            let (past, of_past) = memory.contents();
            let number = |loss: Tensor<1>| loss.into_scalar::<f32>();
            // Two negatives at a distance of 0.5.
            assert_eq!(
                number(loss.forward(rows.clone(), long.clone())),
                0.5,
                "{site}"
            );
            for reference in [long.clone(), of_past] {
                let evaluation = loss.on(rows.clone(), long.clone());
                let found = evaluation.reference(past.clone(), reference).reduce();
                // Each finds itself at a distance of 0, which costs nothing.
                assert_eq!(number(found), 0.5, "{site}");
            }
            let evaluation = loss.on(rows.clone(), short);
            let one = evaluation.reference(past.clone(), long).reduce();
            // The second's label is none of theirs: it costs 1 and 0.5 as a negative, and the first 0.5.
            assert!((number(one) - 2.0 / 3.0).abs() < 1e-6, "{site}");
        });
    }
}

/// A loss with a gradient takes proxies without one, and the other way round.
#[test]
fn proxies_may_come_from_anywhere() {
    use burn_losses::CosFaceLossConfig;

    let sites = differentiable_sites_and_gpu();
    let tracked = &sites[0].device;
    let plain = &plain_sites_and_gpu()[0].device;
    let points = [[1.0, 0.0], [0.0, 1.0]];
    let labels = |device| Tensor::<1, Int>::from_ints([0, 1], device);
    for (of_loss, of_proxies, is_tracked) in [
        (tracked, plain, true),
        (plain, tracked, false),
        (tracked, tracked, true),
    ] {
        let proxies = Tensor::<2>::from_floats(points, of_proxies);
        let loss = CosFaceLossConfig::new(2, 2).init(of_loss);
        let loss = loss.with_proxies(proxies);
        let embeddings = Tensor::<2>::from_floats(points, of_loss);
        let value = loss.forward(embeddings, labels(of_loss));
        assert_eq!(value.is_tracked(), is_tracked);
        if is_tracked {
            assert!(loss.proxies().grad(&value.backward()).is_some());
        }
    }
}

//! The same bits whatever the number of threads, also where Burn itself sums in parallel: from 4 Mi numbers on.

use crate::support::{Random, Site, differentiable_sites, tensors::Read};
use burn::tensor::{Int, Tensor, TensorData};
use burn_losses::{
    BarlowTwinsLossConfig, Distance, Mining, MiningReduction, MseLossConfig, TripletLossConfig,
    Triplets, VicRegLossConfig,
};

/// Value and gradient on one, two and three threads, which have to be the same.
#[track_caller]
fn on_any_threads(what: &str, run: &(dyn Fn() -> (f64, Vec<f64>) + Sync)) -> f64 {
    let outcomes = [1, 2, 3, 2].map(|threads| {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
        builder.build().expect("a pool of threads").install(run)
    });
    for outcome in &outcomes[1..] {
        assert!(outcome == &outcomes[0], "{what}: bits depend on threads");
    }
    outcomes[0].0
}

/// The first site of each path.
fn on_both_paths() -> impl Iterator<Item = Site> {
    differentiable_sites().into_iter().take(2)
}

fn random(name: &str, shape: [usize; 2], site: &Site) -> Tensor<2> {
    let mut random = Random::of(name);
    let count = shape[0] * shape[1];
    let numbers: Vec<f32> = (0..count)
        .map(|_| random.uniform(-1.0, 1.0) as f32)
        .collect();
    Tensor::from_data(TensorData::new(numbers, shape), &site.device)
}

fn value_and_gradient(
    site: &Site,
    points: &Tensor<2>,
    loss: impl Fn(Tensor<2>) -> Tensor<1>,
) -> (f64, Vec<f64>) {
    let points = points.clone().detach().require_grad();
    let value = site.path.run(|| loss(points.clone()));
    let gradient = points.grad(&value.clone().backward()).expect("tracked");
    (Read::of(value).values[0], Read::of(gradient).values)
}

#[test]
fn matrices_of_dimensions_are_summed_in_order() {
    let (barlow, vic_reg) = (
        BarlowTwinsLossConfig::new().init(),
        VicRegLossConfig::new().init(),
    );
    let site = &on_both_paths().next().expect("a site");
    let [first, second] = ["first", "second"].map(|name| random(name, [4, 2100], site));
    on_any_threads("barlow twins", &|| {
        value_and_gradient(site, &first, |x| barlow.forward(x, second.clone()))
    });
    on_any_threads("vic reg", &|| {
        value_and_gradient(site, &first, |x| vic_reg.forward(x, second.clone()))
    });
}

/// Points so near one another that all their distances come from differences of coordinates: the threads share out what
/// these add to each point.
#[test]
fn points_next_to_one_another_are_shared_out() {
    let losses = [Distance::Euclidean, Distance::Cosine].map(|distance| {
        TripletLossConfig::new()
            .with_mining(Mining::BatchAll)
            .with_distance(distance)
            .with_normalize(false)
            .with_margin(1e-3)
            .init()
    });
    for loss in losses {
        let mut outcomes = Vec::new();
        for site in &on_both_paths().collect::<Vec<_>>() {
            let points = random("together", [140, 5], site) * 1e-2 + 3.0;
            let labels: Vec<i64> = (0..140).map(|index| index * index % 7).collect();
            let labels = TensorData::new(labels, [140]);
            let labels = Tensor::<1, Int>::from_data(labels, &site.device);
            let run = || value_and_gradient(site, &points, |x| loss.forward(x, labels.clone()));
            on_any_threads(&format!("{loss} on {site}"), &run);
            outcomes.push(run());
        }
        let [(fused, by_fused), (composed, by_composed)] = &outcomes[..] else {
            panic!("two paths");
        };
        assert!((fused - composed).abs() <= 1e-5 * composed, "{loss}");
        let largest = by_composed.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        for (fused, composed) in by_fused.iter().zip(by_composed) {
            let what = format!("{loss}: {fused} {composed}");
            assert!((fused - composed).abs() <= 1e-4 * largest, "{what}");
        }
    }
}

#[test]
fn elements_are_summed_in_order() {
    let loss = MseLossConfig::new().init();
    for site in &on_both_paths().collect::<Vec<_>>() {
        let [first, second] = ["first", "second"].map(|name| random(name, [2100, 2100], site));
        on_any_threads(&format!("elements on {site}"), &|| {
            let (value, _) = value_and_gradient(site, &first, |x| loss.forward(x, second.clone()));
            (value, Vec::new())
        });
    }
}

#[test]
fn long_lists_of_triplets_are_summed_in_order() {
    const COUNT: usize = 4_300_000;
    const POINTS: usize = 97;
    let sum = TripletLossConfig::new()
        .with_normalize(false)
        .with_margin(0.5)
        .with_reduction(MiningReduction::Sum)
        .init();
    let site = &on_both_paths().next().expect("a site");
    let points = random("points", [POINTS, 1], site);
    let places =
        |step: usize| -> Vec<i64> { (0..COUNT).map(|i| (i * step % POINTS) as i64).collect() };
    let lists = [places(1), places(5), places(31)];
    let held: Vec<f64> = Read::of(points.clone()).values;
    let excess = |i: usize| {
        let [a, p, n] = [0, 1, 2].map(|list| held[lists[list][i] as usize]);
        ((a - p).abs() - (a - n).abs() + 0.5).max(0.0)
    };
    let expected: f64 = (0..COUNT).map(excess).sum();
    let list = |list: &Vec<i64>| {
        Tensor::<1, Int>::from_data(TensorData::new(list.clone(), [COUNT]), &site.device)
    };
    let triplets = Triplets {
        anchors: list(&lists[0]),
        positives: list(&lists[1]),
        negatives: list(&lists[2]),
    };
    let value = on_any_threads("listed triplets", &|| {
        value_and_gradient(site, &points, |x| {
            sum.on_triplets(x, triplets.clone()).reduce()
        })
    });
    let off = (value - expected).abs() / expected;
    assert!(off < 1e-6, "{value} and not {expected}");
}

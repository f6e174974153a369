//! Choices that hang on the last digits of distances: products of large coordinates have lost them.

use crate::support::{Path, Random, Site, plain_sites_and_gpu, tensors::Read, triplets::list};
use burn::tensor::{Int, Tensor, TensorData};
use burn_losses::{Distance, Mining, MiningReduction, TripletLossConfig, TripletMinerConfig};

const COUNT: usize = 18;
const WIDTH: usize = 26;

/// Coordinates below 0.1, some of them replaced by ±1e4.
fn points(seed: usize) -> Vec<f32> {
    let mut random = Random::of(&format!("large and small {seed}"));
    let mut coordinate = || match random.uniform(0.0, 1.0) < 0.15 {
        true => 1e4f32.copysign(random.uniform(-1.0, 1.0) as f32),
        false => random.uniform(-0.1, 0.1) as f32,
    };
    (0..COUNT * WIDTH).map(|_| coordinate()).collect()
}

fn labels(site: &Site) -> Tensor<1, Int> {
    let labels: Vec<i64> = (0..COUNT as i64).map(|index| index % 5).collect();
    Tensor::from_data(TensorData::new(labels, [COUNT]), &site.device)
}

fn tensor(points: &[f32], site: &Site) -> Tensor<2> {
    Tensor::from_data(
        TensorData::new(points.to_vec(), [COUNT, WIDTH]),
        &site.device,
    )
}

/// The distance of two points, by a measure, in `f64`.
fn exact(distance: Distance, points: &[f32], a: i64, b: i64) -> f64 {
    let point = |index: i64| &points[index as usize * WIDTH..][..WIDTH];
    let pairs = point(a).iter().zip(point(b));
    let pairs = pairs.map(|(&a, &b)| (f64::from(a), f64::from(b)));
    match distance {
        Distance::DotProduct => -pairs.map(|(a, b)| a * b).sum::<f64>(),
        _ => pairs.map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt(),
    }
}

/// The semi-hard negative of an anchor and a positive, or the hardest pairs, by exact distances.
fn expected(mining: Mining, distance: Distance, points: &[f32]) -> Vec<[i64; 3]> {
    let count = COUNT as i64;
    let mut found = Vec::new();
    for anchor in 0..count {
        let to = |other: &i64| exact(distance, points, anchor, *other);
        let order = |a: &i64, b: &i64| to(a).total_cmp(&to(b));
        let others = || (0..count).filter(|&other| other != anchor);
        let positives = || others().filter(|other| other % 5 == anchor % 5);
        let negatives = || others().filter(|other| other % 5 != anchor % 5);
        let nearest = negatives().min_by(order).expect("one");
        match mining {
            Mining::BatchHard => {
                found.push([anchor, positives().max_by(order).expect("one"), nearest]);
            }
            Mining::EasyPositive => {
                found.push([anchor, positives().min_by(order).expect("one"), nearest]);
            }
            Mining::SemiHard => found.extend(positives().map(|positive| {
                let beyond = negatives().filter(|negative| to(negative) > to(&positive));
                let farthest = || negatives().max_by(order).expect("one");
                let negative = beyond.min_by(order).unwrap_or_else(farthest);
                [anchor, positive, negative]
            })),
            _ => unreachable!("not searched here"),
        }
    }
    found
}

#[test]
fn miners_choose_by_exact_distances() {
    for seed in 0..20 {
        let points = points(seed);
        for mining in [Mining::BatchHard, Mining::EasyPositive, Mining::SemiHard] {
            for distance in [Distance::Euclidean, Distance::SquaredEuclidean] {
                let miner = TripletMinerConfig::new()
                    .with_mining(mining)
                    .with_distance(distance)
                    .with_normalize(false)
                    .init();
                let expected = expected(mining, distance, &points);
                for site in plain_sites_and_gpu() {
                    let (rows, labels) = (tensor(&points, &site), labels(&site));
                    let found = site.path.run(|| miner.mine(rows, labels));
                    let what = format!("{seed} {mining:?} {distance:?} on {site}");
                    assert_eq!(list(&found), expected, "{what}");
                }
            }
        }
    }
}

/// The least and the most that a semi-hard triplet can cost where distances are known up to rounding in `f32`: any negative
/// that may be the nearest beyond the positive may be chosen.
fn rounded_costs(points: &[f32], anchor: i64, positive: i64, margin: f64) -> (f64, f64) {
    let to = |other: i64| exact(Distance::Euclidean, points, anchor, other);
    let far = to(positive);
    let rounding = |distance: f64| 1e-6 * distance;
    let negatives: Vec<f64> = (0..COUNT as i64)
        .filter(|other| other % 5 != anchor % 5)
        .map(to)
        .collect();
    let surely = |&&distance: &&f64| distance - rounding(distance) > far + rounding(far);
    let nearest = negatives.iter().filter(surely).copied();
    let nearest = nearest.fold(f64::INFINITY, f64::min);
    let farthest = negatives.iter().copied().fold(0.0, f64::max);
    let may_be_chosen = |&distance: &f64| match nearest.is_finite() {
        true => {
            distance + rounding(distance) > far - rounding(far)
                && distance - rounding(distance) <= nearest + rounding(nearest)
        }
        false => {
            distance + rounding(distance) > (far - rounding(far)).min(farthest)
                || distance + rounding(distance) >= farthest - rounding(farthest)
        }
    };
    let chosen = negatives.iter().copied().filter(may_be_chosen);
    let costs = chosen.map(|distance| (far - distance + margin).max(0.0));
    costs.fold((f64::INFINITY, 0.0), |(least, most), cost| {
        (cost.min(least), cost.max(most))
    })
}

/// What is charged is the same on all paths on which the host chooses, since it chooses by the same distances. Kernels of a
/// GPU choose by distances as they are in `f32`.
#[test]
fn semi_hard_losses_are_the_same_on_all_paths() {
    let loss = TripletLossConfig::new()
        .with_mining(Mining::SemiHard)
        .with_normalize(false)
        .with_reduction(MiningReduction::Sum)
        .with_margin(1.0)
        .init();
    for seed in 0..20 {
        let points = points(seed);
        let excess = |[anchor, positive, negative]: &[i64; 3]| {
            let to = |other: i64| exact(Distance::Euclidean, &points, *anchor, other);
            (to(*positive) - to(*negative) + 1.0).max(0.0)
        };
        let triplets = expected(Mining::SemiHard, Distance::Euclidean, &points);
        let expected: f64 = triplets.iter().map(excess).sum();
        for site in plain_sites_and_gpu() {
            let (rows, labels) = (tensor(&points, &site), labels(&site));
            let value = site.path.run(|| loss.forward(rows, labels));
            let value = Read::of(value).values[0];
            // Distances of about 1e4 are held to their last digits: 1e-3 each.
            let bound = 2e-3 * (1.0 + triplets.len() as f64);
            if site.is_gpu() && site.path == Path::Chosen {
                let sums = triplets.iter().fold((0.0, 0.0), |(least, most), triplet| {
                    let costs = rounded_costs(&points, triplet[0], triplet[1], 1.0);
                    (least + costs.0, most + costs.1)
                });
                let what = format!("{seed} on {site}: {value} and not within {sums:?}");
                assert!(value >= sums.0 - bound && value <= sums.1 + bound, "{what}");
                continue;
            }
            let what = format!("{seed} on {site}: {value} and not {expected}");
            assert!((value - expected).abs() <= bound, "{what}");
        }
    }
}

/// Of negatives whose weights depend on the distance steeply, the same are drawn on all paths.
#[test]
fn draws_are_the_same_on_all_paths() {
    let mut random = Random::of("draws");
    let points: Vec<f32> = (0..COUNT * WIDTH)
        .map(|_| random.uniform(0.1, 1.0) as f32)
        .collect();
    for seed in 0..50 {
        let mining = Mining::DistanceWeighted {
            cutoff: 0.1,
            nonzero_loss_cutoff: 1.4,
            seed,
        };
        let miner = TripletMinerConfig::new().with_mining(mining).init();
        let mut first = None;
        for site in plain_sites_and_gpu() {
            let (rows, labels) = (tensor(&points, &site), labels(&site));
            let found = list(&site.path.run(|| miner.mine(rows, labels)));
            if site.is_gpu() {
                continue; // Its norms are rounded in another way.
            }
            assert_eq!(&found, first.get_or_insert(found.clone()), "{seed} {site}");
        }
    }
}

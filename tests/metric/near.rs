//! Embeddings in nearly the same direction: their cosine distance is far below the rounding of `1 - cos`.

use crate::support::{Site, differentiable_sites_and_gpu, tensors::Read};
use burn::tensor::{Int, Tensor, TensorData};
use burn_losses::{
    ContrastiveLossConfig, Distance, Mining, MiningReduction, Reduction, TripletLossConfig,
    TripletMarginLossConfig,
};

/// Directions in the plane, by their angle.
fn directions(angles: &[f64], site: &Site) -> Tensor<2> {
    let points = angles.iter().flat_map(|angle| [angle.cos(), angle.sin()]);
    let points = TensorData::new(points.collect(), [angles.len(), 2]);
    Tensor::from_data(points, &site.device).require_grad()
}

/// The loss and its gradient by the angle of each point, which is not of norm 1 to the last digit.
fn by_angles(
    angles: &[f64],
    site: &Site,
    loss: impl Fn(Tensor<2>) -> Tensor<1>,
) -> (f64, Vec<f64>) {
    let points = directions(angles, site);
    let value = site.path.run(|| loss(points.clone()));
    let gradient = points.grad(&value.clone().backward()).expect("tracked");
    let gradient = Read::of(gradient).values;
    let by_angle = gradient.chunks(2).zip(angles);
    let by_angle = by_angle.map(|(by, angle)| by[1] * angle.cos() - by[0] * angle.sin());
    (Read::of(value).values[0], by_angle.collect())
}

fn assert_near(what: &str, got: f64, expected: f64, tolerance: f64) {
    assert!(
        (got - expected).abs() <= tolerance * expected.abs(),
        "{what}: {got:e} and not {expected:e}"
    );
}

/// Embeddings that are the same cost nothing, and do not count among the losses that are not 0.
#[test]
fn the_same_embeddings_are_at_no_distance() {
    let loss = ContrastiveLossConfig::new()
        .with_distance(Distance::Cosine)
        .init();
    for site in differentiable_sites_and_gpu() {
        let points = [[1.0, 1.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]];
        let points = Tensor::<2>::from_floats(points, &site.device);
        let labels = Tensor::<1, Int>::from_ints([0, 0, 1, 1], &site.device);
        let value = site.path.run(|| loss.forward(points, labels));
        let what = format!("contrastive on {site}");
        assert_near(&what, Read::of(value).values[0], 1.7071068, 1e-6);
    }
}

/// At an angle t the distance is `1 - cos t`, and its slope `sin t`; rounding of the coordinates moves t by some 1e-7.
#[test]
fn near_embeddings_keep_the_digits_of_their_distance() {
    let angle = 1e-3f64;
    let (distance, slope) = (2.0 * (angle / 2.0).sin().powi(2), angle.sin());
    let contrastive = ContrastiveLossConfig::new()
        .with_distance(Distance::Cosine)
        .with_negative_margin(0.0)
        .with_reduction(MiningReduction::Sum)
        .init();
    let given = TripletMarginLossConfig::new()
        .with_distance(Distance::Cosine)
        .with_margin(1.0)
        .with_reduction(Reduction::Sum)
        .init();
    // Two of one label, and one opposite to them.
    let angles = [0.3, 0.3 + angle, 3.5];
    for site in differentiable_sites_and_gpu() {
        let labels = || Tensor::<1, Int>::from_ints([0, 0, 1], &site.device);
        let (value, by) = by_angles(&angles, &site, |x| contrastive.forward(x, labels()));
        let what = format!("contrastive on {site}");
        assert_near(&what, value, 2.0 * distance, 1e-3);
        assert_near(&what, by[0], -2.0 * slope, 1e-3);
        assert_near(&what, by[1], 2.0 * slope, 1e-3);
        let point = |x: &Tensor<2>, i: usize| x.clone().slice_dim(0, i..i + 1);
        let (value, by) = by_angles(&angles, &site, |x| {
            given.forward(point(&x, 0), point(&x, 1), point(&x, 0))
        });
        let what = format!("triplet margin on {site}");
        assert_near(&what, value, 1.0 + distance, 1e-6);
        assert_near(&what, by[0], -slope, 1e-3);
        assert_near(&what, by[1], slope, 1e-3);
    }
}

/// A triplet of three near embeddings: the difference of two distances, each far below the rounding of `1 - cos`.
#[test]
fn triplets_of_near_embeddings_keep_their_digits() {
    let angles: [f64; 3] = [0.7, 0.7 + 2e-3, 0.7 - 1e-3];
    let distance = |a: usize, b: usize| 2.0 * ((angles[a] - angles[b]) / 2.0).sin().powi(2);
    // The triplet of the second anchor costs nothing: its negative is farther away than its positive.
    let expected = distance(0, 1) - distance(0, 2);
    for mining in [
        Mining::BatchAll,
        Mining::BatchHard,
        Mining::EasyPositive,
        Mining::MultiSimilarity { epsilon: 1.0 },
        Mining::SemiHard,
        Mining::distance_weighted(7),
    ] {
        let loss = TripletLossConfig::new()
            .with_mining(mining)
            .with_distance(Distance::Cosine)
            .with_margin(0.0)
            .with_reduction(MiningReduction::Sum)
            .init();
        for site in differentiable_sites_and_gpu() {
            let labels = Tensor::<1, Int>::from_ints([0, 0, 1], &site.device);
            let (value, by) = by_angles(&angles, &site, |x| loss.forward(x, labels.clone()));
            let what = format!("{mining:?} on {site}");
            assert_near(&what, value, expected, 2e-3);
            // Of the first anchor's triplet, the only one that costs something.
            let slope = |a: usize, b: usize| (angles[a] - angles[b]).sin();
            assert_near(&what, by[0], slope(0, 1) - slope(0, 2), 2e-3);
            assert_near(&what, by[1], slope(1, 0), 2e-3);
            assert_near(&what, by[2], -slope(2, 0), 2e-3);
        }
    }
}

/// A vector of zeros has no direction: it is at distance 1 from all others, and from another such vector.
#[test]
fn zeros_are_at_distance_1_from_all() {
    let loss = ContrastiveLossConfig::new()
        .with_distance(Distance::Cosine)
        .with_reduction(MiningReduction::Sum)
        .with_negative_margin(3.0)
        .init();
    for site in differentiable_sites_and_gpu() {
        let points = [[0.0, 0.0], [0.0, 0.0], [0.6, 0.8]];
        let points = Tensor::<2>::from_floats(points, &site.device);
        let labels = Tensor::<1, Int>::from_ints([0, 0, 1], &site.device);
        let each = site.path.run(|| loss.forward_no_reduction(points, labels));
        // A positive at 1; a negative at 1 of 3.
        for (got, expected) in Read::of(each).values.into_iter().zip([3.0, 3.0, 4.0]) {
            assert_near(&format!("zeros on {site}"), got, expected, 1e-6);
        }
    }
}

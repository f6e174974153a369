//! Costs that are exactly at a margin: they are 0, and no embedding is pulled.

use crate::support::{differentiable_sites_and_gpu, tensors::Read};
use burn::tensor::{Int, Tensor};
use burn_losses::{
    ContrastiveLossConfig, Mining, MiningReduction, Reduction, TripletLossConfig,
    TripletMarginLossConfig,
};

/// Embeddings on a line: 0 and 1 of one label, 1.5 of another.
const POINTS: [[f32; 1]; 3] = [[0.0], [1.0], [1.5]];

/// Gradients of the three points on every site.
#[track_caller]
fn assert_gradient(
    what: &str,
    loss: impl Fn(Tensor<2>, Tensor<1, Int>) -> Tensor<1>,
    expected: [f64; 3],
) {
    for site in differentiable_sites_and_gpu() {
        let points = Tensor::<2>::from_floats(POINTS, &site.device).require_grad();
        let labels = Tensor::<1, Int>::from_ints([0, 0, 1], &site.device);
        let value = site.path.run(|| loss(points.clone(), labels));
        let gradient = points.grad(&value.backward()).expect("a gradient");
        let gradient = Read::of(gradient).values;
        // A GPU's distance of 1 may be off by a unit in the last place.
        let is_close = |(got, expected): (&f64, &f64)| (got - expected).abs() <= 1.2e-7;
        let all_are_close = gradient.iter().zip(&expected).all(is_close);
        assert!(
            all_are_close,
            "{what} on {site}: {gradient:?} and not {expected:?}"
        );
    }
}

/// The first anchor's triplet has 1 - 1.5 + 0.5 = 0; only the second anchor's, of 1 - 0.5 + 0.5, pulls.
#[test]
fn a_triplet_at_the_margin_has_no_slope() {
    for mining in [Mining::BatchAll, Mining::BatchHard, Mining::EasyPositive] {
        let what = format!("{mining:?}");
        let loss = TripletLossConfig::new()
            .with_mining(mining)
            .with_margin(0.5)
            .with_normalize(false)
            .with_reduction(MiningReduction::Sum)
            .init();
        assert_gradient(&what, |x, l| loss.forward(x, l), [-1.0, 2.0, -1.0]);
    }
    let loss = TripletMarginLossConfig::new()
        .with_margin(0.5)
        .with_reduction(Reduction::Sum)
        .init();
    let given = |x: Tensor<2>, _| {
        let point = |i: usize| x.clone().slice_dim(0, i..i + 1);
        loss.forward(point(0), point(1), point(2))
    };
    assert_gradient("triplet margin", given, [0.0; 3]);
}

/// The positives at distance 1 and the first negative pair, at 1.5, are at their margins; the other negative pair, at
/// 0.5, is pushed apart in both directions.
#[test]
fn a_pair_at_the_margin_has_no_slope() {
    let loss = ContrastiveLossConfig::new()
        .with_positive_margin(1.0)
        .with_negative_margin(1.5)
        .with_normalize(false)
        .with_reduction(MiningReduction::Sum)
        .init();
    assert_gradient("contrastive", |x, l| loss.forward(x, l), [0.0, 2.0, -2.0]);
}

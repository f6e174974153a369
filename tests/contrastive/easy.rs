//! Easy samples: what is left of their loss and gradient keeps its digits, however small it is.

use crate::support::{Site, differentiable_sites_and_gpu, tensors::Read};
use burn::tensor::{Device, Int, Tensor};
use burn_losses::{
    BarlowTwinsLossConfig, Distance, LiftedStructureLossConfig, NPairsLossConfig, Reduction,
    SupConLossConfig, VicRegLossConfig,
};

fn points<const N: usize>(points: [[f32; 2]; N], site: &Site) -> Tensor<2> {
    Tensor::from_floats(points, &site.device).require_grad()
}

/// Panics unless numbers are right to a share of themselves.
#[track_caller]
fn assert_near(what: &str, got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        let off = (got - expected).abs();
        assert!(
            off <= 1e-4 * expected.abs(),
            "{what}: {got:e} and not {expected:e}"
        );
    }
}

/// Two of each label, along one axis each: similarities 25 and 0. A positive's slope is the share of the negatives; it
/// may not come as 1 less that less 1.
#[test]
fn easy_anchors_of_supervised_contrast_keep_their_gradient() {
    let loss = SupConLossConfig::new()
        .with_temperature(1.0)
        .with_base_temperature(1.0)
        .with_normalize(false)
        .init(&Device::default());
    let share = 2.0 * (-25f64).exp() / (1.0 + 2.0 * (-25f64).exp());
    // Of a point: as an anchor and as a positive along its own axis, as an anchor and a negative along the other.
    let (own, other) = (-2.0 * share * 5.0 / 4.0, 2.0 * share * 5.0 / 4.0);
    for site in differentiable_sites_and_gpu() {
        let x = points([[5.0, 0.0], [5.0, 0.0], [0.0, 5.0], [0.0, 5.0]], &site);
        let labels = Tensor::<1, Int>::from_ints([0, 0, 1, 1], &site.device);
        let value = site.path.run(|| loss.forward(x.clone(), labels));
        let gradient = x.grad(&value.backward()).expect("tracked");
        let expected = [own, other, own, other, other, own, other, own];
        assert_near(&format!("on {site}"), &Read::of(gradient).values, &expected);
    }
}

/// Similarities 36 and 0.
#[test]
fn easy_anchors_of_n_pairs_keep_their_gradient() {
    let loss = NPairsLossConfig::new().with_l2_weight(0.0).init();
    let slope = 6.0 * (-36f64).exp() / 2.0;
    for site in differentiable_sites_and_gpu() {
        let [a, p] = [(); 2].map(|()| points([[6.0, 0.0], [0.0, 6.0]], &site));
        let labels = Tensor::<1, Int>::from_ints([0, 1], &site.device);
        let value = site.path.run(|| loss.forward(a.clone(), p.clone(), labels));
        let gradients = value.backward();
        let expected = [-slope, slope, slope, -slope];
        for (name, points) in [("anchors", a), ("positives", p)] {
            let gradient = Read::of(points.grad(&gradients).expect("tracked")).values;
            assert_near(&format!("{name} on {site}"), &gradient, &expected);
        }
    }
}

/// Views that nearly agree: a correlation is below 1 by far less than its rounding, and so is its slope.
#[test]
fn views_that_agree_keep_the_digits_of_what_they_lack() {
    let loss = BarlowTwinsLossConfig::new().with_off_diagonal(0.0).init();
    // One dimension of two images at ±1 and ±(1 + d), and one of ±3: its variance lacks a ninth of 1e-5.
    let d = 2f64.powi(-9);
    let lack = |variance: f64| 1e-5 / (variance + 1e-5);
    let standard = |x: f64| x / (x * x + 1e-5).sqrt();
    let gap = |x: f64, y: f64| {
        let apart = standard(x) - standard(y);
        (lack(x * x) + lack(y * y) + apart * apart) / 2.0
    };
    let value = gap(1.0, 1.0 + d).powi(2) + gap(3.0, 3.0).powi(2);
    for site in differentiable_sites_and_gpu() {
        let far = 1.0 + d as f32;
        let a = points([[1.0, 3.0], [-1.0, -3.0]], &site);
        let b = points([[far, 3.0], [-far, -3.0]], &site);
        let got = site.path.run(|| loss.forward(a, b));
        assert_near(&format!("on {site}"), &Read::of(got).values, &[value]);
    }
}

/// Of a positive pair, one has a negative at a similarity of 20 and the other has none but at 1: the share of that one in
/// the negatives of both is e^-19, and not what the other's leaves of 1.
#[test]
fn a_far_negative_of_a_positive_pair_keeps_its_gradient() {
    let loss = LiftedStructureLossConfig::new()
        .with_distance(Distance::DotProduct)
        .with_normalize(false)
        .with_reduction(Reduction::Sum)
        .init();
    // Of a margin of 1: similarities of 20 and 0 to one of the pair, 0 and 1 to the other.
    let sum: f64 = [21.0, 1.0, 1.0, 2.0].map(f64::exp).iter().sum();
    let slope = 2.0 * sum.ln() * 2f64.exp() / sum;
    for site in differentiable_sites_and_gpu() {
        let x = points([[20.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]], &site);
        let labels = Tensor::<1, Int>::from_ints([0, 0, 1, 2], &site.device);
        let value = site.path.run(|| loss.forward(x.clone(), labels));
        let gradient = Read::of(x.grad(&value.backward()).expect("tracked")).values;
        assert_near(&format!("on {site}"), &gradient[7..], &[slope]);
    }
}

/// Two samples that differ by the last digit of their coordinates, the mean of which lies between two numbers of `f32`.
#[test]
fn a_spread_far_from_the_origin_keeps_its_digits() {
    let loss = VicRegLossConfig::new()
        .with_invariance(0.0)
        .with_variance(0.0)
        .with_covariance(1.0)
        .init();
    // Of both views the square of the one covariance there is.
    let (a, b) = (2f64.powi(-14), 2f64.powi(-13));
    let covariance = a * b / 2.0;
    let (by_a, by_b) = (covariance * b, covariance * a);
    for site in differentiable_sites_and_gpu() {
        let far = [[1000.0, 2000.0], [1000.0 + a as f32, 2000.0 + b as f32]];
        let [first, second] = [(); 2].map(|()| points(far, &site));
        let value = site.path.run(|| loss.forward(first.clone(), second));
        let gradient = first.grad(&value.clone().backward()).expect("tracked");
        let value = Read::of(value).values;
        assert_near(&format!("on {site}"), &value, &[2.0 * covariance.powi(2)]);
        let expected = [-by_a, -by_b, by_a, by_b];
        assert_near(&format!("on {site}"), &Read::of(gradient).values, &expected);
    }
}

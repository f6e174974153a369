//! Scores that are right or wrong by ten thousand, or right exactly by the margin.

use super::extremes::assert_elements;
use crate::support::Oracle;

#[test]
fn scores_of_ten_thousand_are_exact() {
    let (x, sides) = ([1e4, 1e4, -1e4, -1e4], [1.0, -1.0, 1.0, -1.0]);
    let (losses, slopes) = ([0.0, 1e4, 1e4, 0.0], [0.0, 1.0, -1.0, 0.0]);
    assert_elements(Oracle::SoftMargin, &x, &sides, &losses, &slopes);
    // The score of the positive, and that of the negative.
    let (x, t) = ([1e4, -1e4, 0.0, 0.0], [0.0, 0.0, 1e4, -1e4]);
    let (losses, slopes) = ([0.0, 1e4, 1e4, 0.0], [0.0, -1.0, -1.0, 0.0]);
    assert_elements(Oracle::Bpr, &x, &t, &losses, &slopes);
    let infinity = f64::INFINITY;
    let x = [infinity, infinity, -infinity, -infinity];
    let (losses, slopes) = ([0.0, infinity, infinity, 0.0], [0.0, 1.0, -1.0, 0.0]);
    assert_elements(Oracle::SoftMargin, &x, &sides, &losses, &slopes);
}

#[test]
fn a_score_at_the_margin_has_slope_0() {
    for squared in [false, true] {
        let hinge = |from_zero| Oracle::Hinge { squared, from_zero };
        let (x, zeros) = ([1.0, -1.0, 1e4, -1e4], [0.0; 4]);
        assert_elements(hinge(false), &x, &[1.0, -1.0, 1.0, -1.0], &zeros, &zeros);
        assert_elements(hinge(true), &x, &[1.0, 0.0, 1.0, 0.0], &zeros, &zeros);
    }
    let embedding = || Oracle::HingeEmbedding { margin: 1.0 };
    let (x, sides) = ([1.0, 0.0, 1e4, 1e4], [-1.0, 1.0, -1.0, 1.0]);
    assert_elements(
        embedding(),
        &x,
        &sides,
        &[0.0, 0.0, 0.0, 1e4],
        &[0.0, 1.0, 0.0, 1.0],
    );
}

#[test]
fn a_target_that_is_no_side_is_nan() {
    use crate::support::{Call, Loss, Method, sites_and_gpu};
    use burn_losses::Reduction;

    let targets = vec![0.0, f64::NAN, 1.0];
    let call = Call::new(Method::NoReduction, &[3], vec![2.0; 3], targets);
    let loss = Loss::like(&Oracle::HingeEmbedding { margin: 1.0 }, Reduction::Mean);
    for site in sites_and_gpu() {
        let value = call.run(&loss, &site).value;
        assert!(
            value[0].is_nan() && value[1].is_nan() && value[2] == 2.0,
            "{value:?} on {site}"
        );
    }
}

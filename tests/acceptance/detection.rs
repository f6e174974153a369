//! Logits of detectors where the sigmoid is 0 or 1, and predictions that are as good as they say.

use super::extremes::assert_elements;
use crate::support::Oracle;

#[test]
fn logits_of_ten_thousand_are_exact() {
    let (x, t) = ([1e4, 1e4, -1e4, -1e4], [1.0, 0.0, 1.0, 0.0]);
    let (losses, slopes) = ([0.0, 1e4, 1e4, 0.0], [0.0, 1.0, -1.0, 0.0]);
    for beta in [0.0, 0.5, 1.0, 2.0] {
        assert_elements(Oracle::QualityFocal { beta }, &x, &t, &losses, &slopes);
    }
    for exponent in [0.5, 2.0] {
        let gaussian = Oracle::GaussianFocal {
            alpha: exponent,
            gamma: 4.0,
        };
        assert_elements(gaussian, &x, &t, &losses, &slopes);
        let varifocal = Oracle::Varifocal {
            alpha: 0.75,
            gamma: exponent,
            iou_weighted: true,
        };
        let (losses, slopes) = ([0.0, 0.75e4, 1e4, 0.0], [0.0, 0.75, -1.0, 0.0]);
        assert_elements(varifocal, &x, &t, &losses, &slopes);
    }
    // A quality of 1/4: (3/4)^2 · 3/4 · 1e4, and (1/4)^2 · 1/4 · 1e4.
    let quarter = [0.25; 2];
    let losses = [27.0 / 64.0 * 1e4, 1.0 / 64.0 * 1e4];
    let slopes = [27.0 / 64.0, -1.0 / 64.0];
    assert_elements(
        Oracle::QualityFocal { beta: 2.0 },
        &[1e4, -1e4],
        &quarter,
        &losses,
        &slopes,
    );
    // A negative half way to a centre: (1/2)^4 · 1e4.
    let gaussian = Oracle::GaussianFocal {
        alpha: 2.0,
        gamma: 4.0,
    };
    assert_elements(
        gaussian,
        &[1e4, -1e4],
        &[0.5; 2],
        &[625.0, 0.0],
        &[0.0625, 0.0],
    );
}

#[test]
fn infinite_logits_are_0_or_infinite() {
    let infinity = f64::INFINITY;
    let x = [infinity, infinity, -infinity, -infinity];
    let t = [1.0, 0.0, 1.0, 0.0];
    let (losses, slopes) = ([0.0, infinity, infinity, 0.0], [0.0, 1.0, -1.0, 0.0]);
    for beta in [0.0, 2.0] {
        assert_elements(Oracle::QualityFocal { beta }, &x, &t, &losses, &slopes);
    }
    let gaussian = Oracle::GaussianFocal {
        alpha: 2.0,
        gamma: 4.0,
    };
    assert_elements(gaussian, &x, &t, &losses, &slopes);
}

#[test]
fn a_prediction_that_is_as_good_as_it_says_has_loss_0_and_slope_0() {
    for beta in [0.5, 1.0, 1.5, 2.0] {
        let oracle = Oracle::QualityFocal { beta };
        assert_elements(oracle, &[0.0, -0.0], &[0.5, 0.5], &[0.0; 2], &[0.0; 2]);
    }
}

#[test]
fn easy_logits_are_right_in_proportion() {
    // Of cross entropy z with a miss of z, z = e^-20: the loss is z³ with slopes of three times that.
    let cube = (-60f64).exp();
    let (x, t) = ([20.0, -20.0], [1.0, 0.0]);
    let (losses, slopes) = ([cube; 2], [-3.0 * cube, 3.0 * cube]);
    assert_elements(Oracle::QualityFocal { beta: 2.0 }, &x, &t, &losses, &slopes);
    let gaussian = Oracle::GaussianFocal {
        alpha: 2.0,
        gamma: 4.0,
    };
    assert_elements(gaussian, &x, &t, &losses, &slopes);
    let varifocal = Oracle::Varifocal {
        alpha: 0.75,
        gamma: 2.0,
        iou_weighted: true,
    };
    let positive = (-20f64).exp();
    let losses = [positive, 0.75 * cube];
    assert_elements(varifocal, &x, &t, &losses, &[-positive, 2.25 * cube]);
}

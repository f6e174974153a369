//! Predictions so large, so small or so exactly right that a formula written down carelessly
//! overflows, divides by 0 or returns NaN.

use crate::support::{
    Call, Dtype, Expected, Loss, Method, Oracle, Scaled, Tolerance, Tracked, compare,
    differentiable_sites, differentiable_sites_and_gpu, sites,
};
use burn_losses::Reduction;

/// Numbers that have to be met to a few units in the last place of each.
pub fn exact_numbers(values: &[f64]) -> Scaled {
    Scaled {
        values: values.to_vec(),
        scales: vec![0.0; values.len()],
    }
}

/// The losses of single elements are `losses`, their slopes `slopes`.
#[track_caller]
pub fn assert_elements(oracle: Oracle, x: &[f64], t: &[f64], losses: &[f64], slopes: &[f64]) {
    let mut call = Call::new(Method::NoReduction, &[x.len()], x.to_vec(), t.to_vec());
    let loss = Loss::like(&oracle, Reduction::Mean);
    let exact = exact_numbers;
    for site in sites() {
        let tolerance = Tolerance::at(&site, Dtype::F32);
        let outcome = call.run(&loss, &site);
        tolerance.check(
            &format!("{oracle:?} on {site}"),
            &outcome.value,
            &exact(losses),
        );
    }
    call.tracked = Tracked::PREDICTION;
    // A GPU takes numbers below the normal range for 0.
    let is_subnormal = |x: &f64| *x != 0.0 && x.abs() < f32::MIN_POSITIVE as f64;
    let sites = if x.iter().any(is_subnormal) {
        differentiable_sites()
    } else {
        differentiable_sites_and_gpu()
    };
    for site in sites {
        let tolerance = Tolerance::at(&site, Dtype::F32);
        let outcome = call.run(&loss, &site);
        let what = format!("{oracle:?} on {site}");
        tolerance.check(&what, &outcome.value, &exact(losses));
        let gradient = outcome.by_prediction.expect("a gradient");
        tolerance.check(&format!("{what}: gradient"), &gradient, &exact(slopes));
    }
}

fn cross_entropy(logits: bool) -> Oracle {
    Oracle::Binary {
        logits,
        pos_weight: None,
        smoothing: 0.0,
    }
}

fn focal(alpha: Option<f64>, gamma: f64) -> Oracle {
    Oracle::Focal {
        alpha,
        gamma,
        smoothing: 0.0,
    }
}

#[test]
fn bce_with_logits_of_ten_thousand_is_exact() {
    assert_elements(
        cross_entropy(true),
        &[1e4, 1e4, -1e4, -1e4],
        &[1.0, 0.0, 1.0, 0.0],
        &[0.0, 1e4, 1e4, 0.0],
        &[0.0, 1.0, -1.0, 0.0],
    );
}

#[test]
fn bce_with_infinite_logits_is_0_for_the_right_label_and_infinite_for_the_wrong_one() {
    let infinity = f64::INFINITY;
    assert_elements(
        cross_entropy(true),
        &[infinity, infinity, -infinity, -infinity],
        &[1.0, 0.0, 1.0, 0.0],
        &[0.0, infinity, infinity, 0.0],
        &[0.0, 1.0, -1.0, 0.0],
    );
}

#[test]
fn pos_weight_does_not_disturb_infinite_logits() {
    let infinity = f64::INFINITY;
    let oracle = |weight| Oracle::Binary {
        logits: true,
        pos_weight: Some(vec![weight]),
        smoothing: 0.0,
    };
    let (x, t) = (
        [infinity, infinity, -infinity, -infinity],
        [1.0, 0.0, 1.0, 0.0],
    );
    assert_elements(
        oracle(4.0),
        &x,
        &t,
        &[0.0, infinity, infinity, 0.0],
        &[0.0, 1.0, -4.0, 0.0],
    );
    // A class whose positives count for nothing.
    assert_elements(
        oracle(0.0),
        &x,
        &t,
        &[0.0, infinity, 0.0, 0.0],
        &[0.0, 1.0, 0.0, 0.0],
    );
}

#[test]
fn a_logit_of_exactly_0_has_the_slope_of_the_sigmoid() {
    for zero in [0.0, -0.0] {
        let (x, t) = ([zero; 3], [0.0, 1.0, 0.25]);
        let ln2 = core::f64::consts::LN_2;
        assert_elements(cross_entropy(true), &x, &t, &[ln2; 3], &[0.5, -0.5, 0.25]);
        let (losses, slopes) = focal_at_0(2.0);
        assert_elements(focal(None, 2.0), &x[..2], &t[..2], &losses, &slopes);
        let (losses, slopes) = focal_at_0(1.5);
        assert_elements(focal(None, 1.5), &x[..2], &t[..2], &losses, &slopes);
    }
}

/// Of a negative and a positive: with p = 1/2 the slope is `2^-gamma (1/2 + gamma ln 2 / 2)`.
fn focal_at_0(gamma: f64) -> ([f64; 2], [f64; 2]) {
    let ln2 = core::f64::consts::LN_2;
    let slope = 0.5f64.powf(gamma) * 0.5 * (1.0 + gamma * ln2);
    ([0.5f64.powf(gamma) * ln2; 2], [slope, -slope])
}

#[test]
fn bce_of_the_probabilities_0_and_1_is_0_or_100() {
    assert_elements(
        cross_entropy(false),
        &[0.0, 1.0, 0.0, 1.0],
        &[0.0, 1.0, 1.0, 0.0],
        &[0.0, 0.0, 100.0, 100.0],
        &[0.0; 4],
    );
}

#[test]
fn bce_of_a_probability_next_to_0_or_1_has_a_finite_slope() {
    let next_to_1 = 1.0 - f32::EPSILON as f64 / 2.0;
    let least = f32::MIN_POSITIVE as f64;
    assert_elements(
        cross_entropy(false),
        &[least, least, next_to_1, next_to_1, 1e-42],
        &[1.0, 0.0, 0.0, 1.0, 1.0],
        &[
            -least.ln(),
            least,
            24.0 * core::f64::consts::LN_2,
            -next_to_1.ln(),
            -(1e-42f32 as f64).ln(),
        ],
        &[-1.0 / least, 1.0, 16_777_216.0, -1.0 / next_to_1, 0.0],
    );
}

#[test]
fn focal_loss_of_saturated_logits_is_right_for_every_gamma() {
    let logits = [
        100.0, -100.0, 1e4, -1e4, 30.0, -30.0, 90.0, -90.0, 60.0, -60.0,
    ];
    let x: Vec<f64> = logits.iter().flat_map(|&x| [x; 3]).collect();
    let t: Vec<f64> = logits.iter().flat_map(|_| [0.0, 1.0, 0.5]).collect();
    for gamma in [0.0, 0.5, 1.0, 1.5, 2.0, 5.0, 8.0, 10.0] {
        for alpha in [None, Some(0.25)] {
            let oracle = focal(alpha, gamma);
            let mut call = Call::new(Method::NoReduction, &[x.len()], x.clone(), t.clone());
            call.tracked = Tracked::PREDICTION;
            let expected = Expected::of(&oracle, &call);
            let loss = Loss::like(&oracle, Reduction::Mean);
            for site in differentiable_sites() {
                let outcome = call.run(&loss, &site);
                compare::check(&format!("{oracle:?}"), &site, &call, &outcome, &expected);
            }
        }
    }
}

/// Where the product of `(1 - p_t)^gamma` and the cross entropy leaves the range of `f32`, a
/// fractional `gamma` loses a part of the target's gradient, `gamma / |x|` of the whole.
#[test]
fn the_gradient_of_a_target_is_right_for_saturated_logits() {
    let logits = [50.0, -50.0, 80.0, -80.0, 100.0, -100.0, 1e4, -1e4];
    let x: Vec<f64> = logits.iter().flat_map(|&x| [x; 3]).collect();
    let t: Vec<f64> = logits.iter().flat_map(|_| [0.0, 1.0, 0.5]).collect();
    let gammas = [0.1, 0.5, 1.0, 1.5, 2.0, 5.0];
    let focals = gammas.map(|gamma| (gamma, focal(Some(0.25), gamma)));
    for (gamma, oracle) in focals.into_iter().chain([(0.0, cross_entropy(true))]) {
        let call = Call::new(Method::NoReduction, &[x.len()], x.clone(), t.clone()).tracked();
        let mut expected = Expected::of(&oracle, &call);
        for (i, x) in x.iter().enumerate() {
            if gamma.fract() == 0.0 || x.abs() * (1.0 + gamma) < 80.0 {
                continue;
            }
            let lost = 1.1 * gamma / x.abs();
            let ulps = Tolerance::of(Dtype::F32).relative;
            expected.by_target.scales[i] += lost * expected.by_target.values[i].abs() / ulps;
        }
        let loss = Loss::like(&oracle, Reduction::Mean);
        for site in differentiable_sites() {
            let outcome = call.run(&loss, &site);
            compare::check(&format!("{oracle:?}"), &site, &call, &outcome, &expected);
        }
    }
}

#[test]
fn focal_loss_with_gamma_0_and_no_alpha_is_bce_to_the_last_bit() {
    let case = crate::support::cases::cases_of(crate::support::Inputs::Logits)[0];
    let mut call = case.full_call(Method::NoReduction, &[1001], false, Dtype::F32);
    call.prediction.extend([0.0, 1e4, -1e4, 100.0, -100.0]);
    call.target.extend([1.0, 1.0, 1.0, 0.0, 0.0]);
    call.upstream.extend([1.0; 5]);
    (call.shape, call.target_shape) = (vec![1006], vec![1006]);
    let entropy = Loss::like(&cross_entropy(true), Reduction::Mean);
    let focal = Loss::like(&focal(None, 0.0), Reduction::Mean);
    for site in differentiable_sites() {
        assert_eq!(
            call.run(&focal, &site),
            call.run(&entropy, &site),
            "on {site}"
        );
    }
}

#[test]
fn smooth_l1_with_beta_0_is_l1_with_slope_0_at_0() {
    assert_elements(
        Oracle::SmoothL1 { beta: 0.0 },
        &[1.0, 3.0, -2.0, 1e30],
        &[1.0, 1.0, 1.0, -1e30],
        &[0.0, 2.0, 3.0, 2e30],
        &[0.0, 1.0, -1.0, 1.0],
    );
}

#[test]
fn the_absolute_error_of_equal_values_has_slope_0() {
    let (x, zeros) = ([1.5, 0.0, -0.0, -7e20, 1e-40], [0.0; 5]);
    assert_elements(Oracle::Mae, &x, &x, &zeros, &zeros);
    let quantiles = vec![0.9];
    assert_elements(Oracle::Quantile { quantiles }, &x, &x, &zeros, &zeros);
    assert_elements(Oracle::LogCosh, &x, &x, &zeros, &zeros);
    assert_elements(Oracle::Huber { delta: 1.0 }, &x, &x, &zeros, &zeros);
    assert_elements(
        Oracle::Charbonnier { epsilon: 0.5 },
        &x,
        &x,
        &[0.5; 5],
        &zeros,
    );
}

#[test]
fn log_cosh_of_a_large_difference_is_its_size_less_ln_2() {
    let ln2 = core::f64::consts::LN_2;
    assert_elements(
        Oracle::LogCosh,
        &[700.0, -700.0, 1e6, -1e6, 3e38],
        &[0.0; 5],
        &[700.0 - ln2, 700.0 - ln2, 1e6 - ln2, 1e6 - ln2, 3e38],
        &[1.0, -1.0, 1.0, -1.0, 1.0],
    );
}

#[test]
fn differences_whose_square_overflows_are_finite_where_the_loss_is() {
    let (x, t) = ([1e30, -1e30], [0.0; 2]);
    let (losses, slopes) = ([1e30; 2], [1.0, -1.0]);
    assert_elements(Oracle::Huber { delta: 1.0 }, &x, &t, &losses, &slopes);
    assert_elements(Oracle::SmoothL1 { beta: 1.0 }, &x, &t, &losses, &slopes);
    assert_elements(
        Oracle::Charbonnier { epsilon: 1e-3 },
        &x,
        &t,
        &losses,
        &slopes,
    );
    let infinite = [f64::INFINITY; 2];
    assert_elements(Oracle::Mse, &x, &t, &infinite, &[2e30, -2e30]);
}

#[test]
fn the_cauchy_loss_grows_like_a_logarithm_as_far_as_numbers_go() {
    let c = 0.25;
    let far = [0.25, -1.0, 1e10, -1e30, 3e38];
    let slope = |d: f64| 2.0 * d / (c * c + d * d);
    let loss = |d: f64| (d / c * (d / c)).ln_1p();
    assert_elements(
        Oracle::Cauchy { c },
        &far,
        &[0.0; 5],
        &far.map(loss),
        &far.map(slope),
    );
    let near = [0.0, -0.0, 1e-25, -1e-20];
    let slopes = near.map(slope);
    assert_elements(Oracle::Cauchy { c }, &near, &[0.0; 4], &[0.0; 4], &slopes);
    let infinity = f64::INFINITY;
    let infinite = [infinity, -infinity];
    let losses = [infinity; 2];
    assert_elements(
        Oracle::Cauchy { c },
        &infinite,
        &[0.0; 2],
        &losses,
        &[0.0; 2],
    );
}

/// Where the ratio to `c` begins to be taken as a difference of logarithms, whatever `c` rounds to.
#[test]
fn the_cauchy_loss_has_no_step_far_out() {
    for c in [1.05f32, 1.15, 2.1, 0.05, 9.95, 1e-18] {
        let edge = c * 2f32.powi(64);
        let points = [edge.next_down(), edge, edge.next_up(), edge * 4.0].map(f64::from);
        let c = f64::from(c);
        let losses = points.map(|d| 2.0 * (d / c).ln());
        let slopes = points.map(|d| 2.0 / d);
        assert_elements(Oracle::Cauchy { c }, &points, &[0.0; 4], &losses, &slopes);
    }
}

#[test]
fn differences_whose_square_underflows_keep_their_slope() {
    let (x, t) = ([1e-25, -1e-25], [0.0; 2]);
    assert_elements(Oracle::Mse, &x, &t, &[0.0; 2], &[2e-25, -2e-25]);
    assert_elements(Oracle::Huber { delta: 1.0 }, &x, &t, &[0.0; 2], &x);
    assert_elements(Oracle::LogCosh, &x, &t, &[0.0; 2], &x);
    let epsilon = 1e-30;
    let slopes = [1.0, -1.0];
    assert_elements(
        Oracle::Charbonnier { epsilon },
        &x,
        &t,
        &[1e-25; 2],
        &slopes,
    );
}

/// Half precision is computed in `f32`, and so is the loss: a square or a sum may be more than the type holds.
#[test]
fn losses_of_half_precision_may_be_more_than_it_holds() {
    for site in sites().into_iter().filter(|site| site.is_flex()) {
        let run = |oracle: Oracle, method: Method, x: Vec<f64>, t: Vec<f64>| {
            let loss = Loss::to_run(method, &oracle);
            let mut call = Call::new(method, &[x.len()], x, t);
            call.dtype = Dtype::F16;
            call.run(&loss, &site).value
        };
        let (x, t) = (vec![6e4, 6e4, -6e4, -6e4], vec![1.0, 0.0, 1.0, 0.0]);
        let losses = run(cross_entropy(true), Method::NoReduction, x, t);
        assert_eq!(losses, [0.0, 6e4, 6e4, 0.0], "on {site}");

        let (x, t) = (vec![255.0, 256.0], vec![0.0; 2]);
        let losses = run(Oracle::Mse, Method::NoReduction, x.clone(), t.clone());
        assert_eq!(losses, [65025.0, 65536.0], "on {site}");
        let mean = Method::Reduced(Reduction::Mean);
        let loss = run(Oracle::Mse, mean, vec![256.0, 0.0], t);
        assert_eq!(loss, [32768.0], "on {site}");

        for (method, expected) in [(mean, 2.0), (Method::Reduced(Reduction::Sum), 80_000.0)] {
            let loss = run(Oracle::Mae, method, vec![3.0; 40_000], vec![1.0; 40_000]);
            assert_eq!(loss, [expected], "on {site}");
        }
    }
}

#[test]
fn asymmetric_loss_of_ten_thousand_is_exact() {
    let oracle = |clip| Oracle::Asymmetric {
        positive: 1.0,
        negative: 4.0,
        clip,
    };
    let (x, t) = ([1e4, -1e4, -1e4], [1.0, 1.0, 0.0]);
    for clip in [0.0, 0.05] {
        assert_elements(oracle(clip), &x, &t, &[0.0, 1e4, 0.0], &[0.0, -1.0, 0.0]);
    }
    // A wrong negative costs what its shifted probability does, and without a shift all of it.
    assert_elements(oracle(0.0), &[1e4], &[0.0], &[1e4], &[1.0]);
    let bounded = -(0.75f64.powi(4)) * 0.25f64.ln();
    assert_elements(oracle(0.25), &[1e4], &[0.0], &[bounded], &[0.0]);
}

#[test]
fn a_nan_where_nothing_is_expected_is_a_nan() {
    for logs in [[false, false], [true, false], [false, true], [true, true]] {
        let nothing = if logs[1] { f64::NEG_INFINITY } else { 0.0 };
        let (x, t) = (
            vec![f64::NAN, if logs[0] { -1.0 } else { 0.5 }],
            vec![nothing; 2],
        );
        let oracle = Oracle::KullbackLeibler { logs };
        for method in [
            Method::NoReduction,
            Method::Reduced(Reduction::Mean),
            Method::Reduced(Reduction::BatchMean),
        ] {
            let call = Call::new(method, &[2], x.clone(), t.clone());
            let loss = Loss::to_run(method, &oracle);
            for tracked in [Tracked::NONE, Tracked::PREDICTION, Tracked::BOTH] {
                let call = call.clone().tracking(tracked);
                for site in differentiable_sites_and_gpu() {
                    let value = call.run(&loss, &site).value;
                    let what = format!("{logs:?} {method:?} on {site}: {value:?}");
                    assert!(value[0].is_nan(), "{what}");
                    assert!(method.reduces() || value[1] == 0.0, "{what}");
                }
            }
        }
    }
}

#[test]
fn a_divergence_from_or_to_nothing_is_its_limit() {
    let kl = || Oracle::KullbackLeibler {
        logs: [false, false],
    };
    let infinity = f64::INFINITY;
    assert_elements(
        kl(),
        &[0.0, 0.0, 1.0, 0.5],
        &[0.0, 0.5, 1.0, 0.0],
        &[0.0, infinity, 0.0, 0.0],
        &[0.0, -infinity, -1.0, 0.0],
    );
    let ln = Oracle::KullbackLeibler {
        logs: [true, false],
    };
    assert_elements(
        ln,
        &[-infinity, -infinity, 0.0],
        &[0.0, 0.5, 1.0],
        &[0.0, infinity, 0.0],
        &[0.0, -0.5, -1.0],
    );
    // As small as that, its slope would be infinite.
    let least = 1e-42f32 as f64;
    assert_elements(kl(), &[least, least], &[0.0, 0.0], &[0.0; 2], &[0.0; 2]);
    // Distributions that have nothing in common: ln 2 together.
    let half = 0.5 * core::f64::consts::LN_2;
    let (x, t) = (vec![0.0, 1.0, 0.0, 0.25], vec![1.0, 0.0, 0.0, 0.25]);
    let call = Call::new(Method::NoReduction, &[4], x, t);
    let loss = Loss::like(&Oracle::JensenShannon { logs: false }, Reduction::Mean);
    for site in sites() {
        let tolerance = Tolerance::at(&site, Dtype::F32);
        let value = call.run(&loss, &site).value;
        let what = format!("Jensen-Shannon on {site}");
        tolerance.check(&what, &value, &exact_numbers(&[half, half, 0.0, 0.0]));
    }
}

//! Variances of 0, outliers, shapes at a limit.

use super::{Outcome, assert_close, evaluate, list, loss, tensors};
use crate::{
    panics::message,
    support::{Site, differentiable_sites, differentiable_sites_and_gpu},
};
use burn::tensor::{DType, Device, Tensor};
use burn_losses::*;
use serde_json::{Value, json};

fn outcome(name: &str, config: Value, x: &[&[f64]], t: &[f64], site: &Site) -> Outcome {
    let on = loss(name, &config);
    let x: Vec<_> = x.iter().map(|numbers| numbers.to_vec()).collect();
    let each = |x, t| on(x, t).each();
    evaluate(&each, [&x, &[t.to_vec()]], None, DType::F32, site)
}

fn assert_finite(what: &str, outcome: &Outcome) {
    let all = outcome.dx.iter().chain(&outcome.dt).flatten();
    assert!(
        outcome.losses.iter().chain(all).all(|x| x.is_finite()),
        "{what}"
    );
}

/// The gradient is that of a variance of `eps`, so it can grow.
#[test]
fn a_variance_of_0_counts_as_eps() {
    let mean = [1.0, 1.0, 1.0, 1.0];
    let target = [1.5, 1.5, 1.5, 1.0];
    for site in differentiable_sites_and_gpu() {
        let of = |variance: [f64; 4]| {
            outcome(
                "gaussian_nll",
                json!({}),
                &[&mean, &variance],
                &target,
                &site,
            )
        };
        let (zero, eps) = (of([0.0, 1e-30, 1e-6, 0.0]), of([1e-6; 4]));
        let what = format!("on {site}");
        assert_finite(&what, &zero);
        assert_close(&what, &zero.losses, &eps.losses, 1e-6, 0.0);
        assert_close(&what, &zero.dx[1], &eps.dx[1], 1e-5, 0.0);
        assert!(zero.dx[1][0] < -1e10, "{what}");
        let of =
            |scale: [f64; 4]| outcome("laplace_nll", json!({}), &[&mean, &scale], &target, &site);
        let (zero, eps) = (of([0.0, 1e-30, 1e-6, 0.0]), of([1e-6; 4]));
        assert_close(&what, &zero.losses, &eps.losses, 1e-6, 0.0);
        let logarithms = [-1e4, -200.0, 0.0, 80.0];
        let config = json!({"log_variance": true});
        assert_finite(
            &what,
            &outcome(
                "gaussian_nll",
                config,
                &[&mean, &logarithms],
                &target,
                &site,
            ),
        );
        let config = json!({"log_scale": true});
        assert_finite(
            &what,
            &outcome("laplace_nll", config, &[&mean, &logarithms], &target, &site),
        );
    }
}

#[test]
#[cfg(debug_assertions)]
fn a_variance_below_0_is_an_error_where_it_counts() {
    let device = Device::flex();
    let tensor = |numbers: [f32; 2]| Tensor::<1>::from_floats(numbers, &device);
    let loss = GaussianNllLossConfig::new().init();
    let evaluation = || loss.on([tensor([0.0; 2]), tensor([1.0, -1.0])], tensor([0.0; 2]));
    let text = message(|| evaluation().reduce());
    assert!(
        text.contains(
            "GaussianNllLoss: the variance holds -1 at [1], expected a number of 0 or above"
        ),
        "{text}"
    );
    let value = evaluation().weights(tensor([1.0, 0.0])).reduce();
    assert_eq!(list(value), [0.0]);
}

#[test]
fn outliers_cost_what_they_should() {
    let (x, t) = ([1e20, -1e20, 1e15], [0.0; 3]);
    for site in differentiable_sites() {
        let what = format!("on {site}");
        let student = outcome(
            "student_t_nll",
            json!({}),
            &[&x, &[1.0; 3], &[3.0; 3]],
            &t,
            &site,
        );
        assert_finite(&what, &student);
        // 2 ln(r²) and the constants of three degrees of freedom.
        let expected: Vec<f64> = x
            .iter()
            .map(|x: &f64| {
                2.0 * (x * x / 3.0).ln() + (3f64.sqrt() * std::f64::consts::PI / 2.0).ln()
            })
            .collect();
        assert_close(&what, &student.losses, &expected, 1e-6, 0.0);
        for (alpha, expected) in [
            (f64::NEG_INFINITY, [1.0; 3]),
            (-2.0, [2.0; 3]),
            (-1e-6, [91.4098, 91.4098, 68.3843]),
            (0.0, [91.41026, 91.41026, 68.384415]),
            (1e-6, [91.4144, 91.4144, 68.3867]),
            (1.0, [1e20, 1e20, 1e15]),
        ] {
            let loss = BarronLossConfig::new().with_alpha(alpha).init();
            let each = |x: Vec<Tensor<1>>, t: Vec<Tensor<1>>| {
                loss.forward_no_reduction(x[0].clone(), t[0].clone())
            };
            let outcome = evaluate(
                &each,
                [&[x.to_vec()], &[t.to_vec()]],
                None,
                DType::F32,
                &site,
            );
            let what = format!("{what}: alpha {alpha}");
            assert_finite(&what, &outcome);
            assert_close(&what, &outcome.losses, &expected, 5e-5, 0.0);
        }
    }
}

/// Shapes next to where the formula divides by 0 have the limit, and its slope.
#[test]
fn shapes_near_a_limit_are_near_it() {
    let x = [-3.0, -1.0, -0.01, 0.0, 1e-4, 0.5, 2.0, 10.0];
    let t = [0.0; 8];
    /// The loss of a difference, and its slope.
    type Limit = fn(f64) -> [f64; 2];

    let limits: [(f64, Limit); 3] = [
        (0.0, |d| [(d * d / 2.0).ln_1p(), d / (1.0 + d * d / 2.0)]),
        (2.0, |d| [d * d / 2.0, d]),
        (f64::NEG_INFINITY, |d| {
            let rest = (-d * d / 2.0).exp();
            [-(-d * d / 2.0).exp_m1(), d * rest]
        }),
    ];
    for site in differentiable_sites_and_gpu() {
        for (limit, of) in limits {
            let shapes = match limit.is_infinite() {
                true => vec![limit, -1e30, -1e11, -1e9],
                false => vec![
                    limit - 1e-6,
                    limit - 1e-7,
                    limit,
                    limit + 1e-7,
                    limit + 1e-6,
                ],
            };
            for alpha in shapes {
                let loss = BarronLossConfig::new().with_alpha(alpha).init();
                let each = |x: Vec<Tensor<1>>, t: Vec<Tensor<1>>| {
                    loss.forward_no_reduction(x[0].clone(), t[0].clone())
                };
                let outcome = evaluate(
                    &each,
                    [&[x.to_vec()], &[t.to_vec()]],
                    None,
                    DType::F32,
                    &site,
                );
                let [values, slopes] = [0, 1].map(|i| x.map(|d| of(d)[i]));
                let what = format!("alpha {alpha} on {site}");
                let precision = if site.is_gpu() { 2e-4 } else { 3e-5 };
                assert_close(&what, &outcome.losses, &values, precision, 1e-12);
                assert_close(&what, &outcome.dx[0], &slopes, precision, 1e-12);
            }
        }
    }
}

/// The slope by the degrees of freedom is the small end of differences of logarithms of the gamma function.
#[test]
fn slopes_of_the_degrees_of_freedom_keep_their_digits() {
    let freedom: Vec<f64> = (0..60)
        .map(|i| 1.25f64.powi(i - 20) as f32 as f64)
        .collect();
    let (zeros, ones) = (vec![0.0; 60], vec![1.0; 60]);
    let on = loss("student_t_nll", &json!({}));
    let each = |x, t| on(x, t).each();
    let x = [zeros.clone(), ones, freedom];
    for site in differentiable_sites() {
        // At the location the tail costs nothing.
        let of = |dtype| {
            evaluate(
                &each,
                [&x, std::slice::from_ref(&zeros)],
                None,
                dtype,
                &site,
            )
        };
        let (got, exact) = (of(DType::F32), of(DType::F64));
        let what = format!("on {site}");
        assert_close(&what, &got.dx[2], &exact.dx[2], 3e-6, 0.0);
        assert_close(&what, &got.losses, &exact.losses, 1e-6, 0.0);
    }
}

/// The least and the largest shape: nothing is divided by 0.
#[test]
fn learned_shapes_may_be_at_their_ends() {
    let device = Device::flex().autodiff();
    for (low, high, start) in [
        (0.0, 1.9999, 1e-6),
        (0.0, 1.9999, 1.999899),
        (1.0, 1.5, 1.25),
    ] {
        let loss = AdaptiveBarronLossConfig::new()
            .with_columns(3)
            .with_alpha_low(low)
            .with_alpha_high(high)
            .with_alpha_start(Some(start))
            .init(&device);
        let x =
            Tensor::<2>::from_floats([[0.0, 1e-4, 1e4], [1.0, -1e15, 3.0]], &device).require_grad();
        let value = loss.forward(x.clone(), x.zeros_like());
        let gradient = x.grad(&value.backward()).expect("a gradient");
        assert!(list(gradient).iter().all(|slope| slope.is_finite()));
    }
    let text = AdaptiveBarronLossConfig::new()
        .with_alpha_high(2.0)
        .try_init(&device);
    assert!(
        text.unwrap_err()
            .to_string()
            .contains("alpha_high is 2, expected a number of 1.9999 at most")
    );
    let text = message(|| {
        let loss = AdaptiveBarronLossConfig::new()
            .with_columns(3)
            .init(&device);
        loss.forward(
            Tensor::<2>::zeros([2, 4], &device),
            Tensor::zeros([2, 4], &device),
        )
    });
    assert!(
        text.contains("expected 3 columns in its last dimension"),
        "{text}"
    );
}

#[test]
fn a_tie_of_scores_has_no_slope() {
    for site in differentiable_sites_and_gpu() {
        let (a, b) = ([1.0, 0.0, 5.0], [0.0, 1.0, 5.0]);
        let outcome = outcome(
            "margin_ranking",
            json!({"margin": 1.0}),
            &[&a, &b],
            &[1.0, -1.0, 1.0],
            &site,
        );
        assert_eq!(outcome.losses, [0.0, 0.0, 1.0], "{site}");
        assert_eq!(outcome.dx[0], [0.0, 0.0, -1.0], "{site}");
    }
}

#[test]
fn a_distance_outside_of_the_bins_is_nan_alone() {
    for site in differentiable_sites_and_gpu() {
        let loss = DistributionFocalLossConfig::new().init();
        let logits = Tensor::<2>::zeros([4, 5], &site.device).require_grad();
        let targets = tensors(&[vec![-0.5, 4.0, 4.25, f64::NAN]], DType::F32, &site).remove(0);
        let each: Tensor<1> = site
            .path
            .run(|| loss.forward_no_reduction(logits.clone(), targets.clone()));
        let each = list(each);
        assert_eq!(
            each.iter().map(|loss| loss.is_nan()).collect::<Vec<_>>(),
            [true, false, true, true],
            "{site}"
        );
        let weights = tensors(&[vec![0.0, 1.0, 0.0, 0.0]], DType::F32, &site).remove(0);
        let value = site
            .path
            .run(|| loss.on(logits.clone(), targets).weights(weights).reduce());
        assert_close(
            &site.to_string(),
            &list(value.clone()),
            &[5f64.ln()],
            1e-5,
            0.0,
        );
        let gradient = list(logits.grad(&value.backward()).expect("a gradient"));
        assert!(
            gradient[..5]
                .iter()
                .chain(&gradient[10..])
                .all(|&slope| slope == 0.0),
            "{site}"
        );
    }
}

#[test]
fn hyperparameters_out_of_range_are_refused() {
    use crate::configs::assert_refused;

    let barron = || BarronLossConfig::new();
    assert_refused!(
        barron().with_alpha(f64::NAN),
        "BarronLossConfig",
        "alpha",
        "NaN"
    );
    assert_refused!(
        barron().with_alpha(1e39),
        "BarronLossConfig",
        "alpha",
        "1e39"
    );
    assert_refused!(barron().with_scale(0.0), "BarronLossConfig", "scale", "0");
    let gaussian = || GaussianNllLossConfig::new();
    assert_refused!(
        gaussian().with_eps(0.0),
        "GaussianNllLossConfig",
        "eps",
        "0"
    );
    assert_refused!(
        gaussian().with_beta(1.5),
        "GaussianNllLossConfig",
        "beta",
        "1.5"
    );
    let laplace = LaplaceNllLossConfig::new().with_eps(-1.0);
    assert_refused!(laplace, "LaplaceNllLossConfig", "eps", "-1");
    let student = StudentTNllLossConfig::new().with_eps(0.0);
    assert_refused!(student, "StudentTNllLossConfig", "eps", "0");
    let evidential = || EvidentialLossConfig::new();
    assert_refused!(
        evidential().with_eps(0.0),
        "EvidentialLossConfig",
        "eps",
        "0"
    );
    let negative = evidential().with_coefficient(-0.5);
    assert_refused!(negative, "EvidentialLossConfig", "coefficient", "-0.5");
    let ranking = MarginRankingLossConfig::new().with_margin(f64::INFINITY);
    assert_refused!(ranking, "MarginRankingLossConfig", "margin", "inf");
}

/// Errors whose squares are infinite, and logarithms of nothing.
#[test]
fn far_errors_and_infinite_parameters_are_exact() {
    for site in differentiable_sites_and_gpu() {
        let what = format!("on {site}");
        let x: &[&[f64]] = &[&[1e20], &[1e30]];
        let far = outcome("gaussian_nll", json!({}), x, &[0.0], &site);
        assert_finite(&what, &far);
        assert_close(&what, &far.losses, &[5e9 + 0.5 * 1e30f64.ln()], 1e-5, 0.0);
        assert_close(&what, &far.dx[0], &[1e-10], 1e-5, 0.0);
        if site.is_gpu() {
            continue; // Infinities there are not promised.
        }
        let of = |logarithm: f64| {
            let x: &[&[f64]] = &[&[1.0], &[logarithm]];
            outcome(
                "gaussian_nll",
                json!({"log_variance": true}),
                x,
                &[1.5],
                &site,
            )
        };
        let (nothing, least) = (of(f64::NEG_INFINITY), of(1e-6f64.ln()));
        assert_finite(&what, &nothing);
        assert_close(&what, &nothing.losses, &least.losses, 1e-5, 0.0);
    }
}

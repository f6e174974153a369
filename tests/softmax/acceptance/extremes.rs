//! Logits so large, so small or so exactly right that a formula written down carelessly overflows,
//! divides by 0 or returns NaN.

use crate::acceptance::extremes::exact_numbers;
use crate::support::{
    Dtype, Method, Site, Tolerance, differentiable_sites, differentiable_sites_and_gpu, sites,
    softmax::{
        Kind, RowCall, RowLoss, RowOracle, Targets,
        cases::{entropy, focal, generalized, poly, symmetric},
        check_rows, row_cases,
    },
};
use burn_losses::Reduction;

const NEG_INF: f64 = f64::NEG_INFINITY;
const INF: f64 = f64::INFINITY;

/// The losses of single rows are `losses`, their slopes `slopes`.
#[track_caller]
fn assert_rows(oracle: &RowOracle, rows: &[(&[f64], i64)], losses: &[f64], slopes: &[f64]) {
    let call = RowCall::of_rows(rows);
    let loss = RowLoss::like(oracle, Reduction::Mean);
    for site in sites() {
        let outcome = call.run(&loss, &site);
        let what = format!("{oracle:?} on {site}");
        Tolerance::at(&site, Dtype::F32).check(&what, &outcome.value, &exact_numbers(losses));
    }
    let call = call.tracking_logits();
    for site in differentiable_sites_and_gpu() {
        let tolerance = Tolerance::at(&site, Dtype::F32);
        let outcome = call.run(&loss, &site);
        let what = format!("{oracle:?} on {site}");
        tolerance.check(&what, &outcome.value, &exact_numbers(losses));
        let gradient = outcome.by_prediction.expect("a gradient");
        tolerance.check(
            &format!("{what}: gradient"),
            &gradient,
            &exact_numbers(slopes),
        );
    }
}

/// Holds the rows, unreduced, against the oracle.
#[track_caller]
fn assert_like_oracle(what: &str, oracle: &RowOracle, call: &RowCall, sites: &[Site]) {
    let call = call.clone().tracked();
    let expected = call.expected(oracle);
    let loss = RowLoss::like(oracle, call.method.reduction());
    for site in sites {
        check_rows(what, site, &call, &call.run(&loss, site), &expected);
    }
}

#[test]
fn cross_entropy_of_ten_thousand_is_exact_numbers() {
    assert_rows(
        &entropy(),
        &[
            (&[1e4, -1e4], 0),
            (&[1e4, -1e4], 1),
            (&[-1e4, 1e4], 0),
            (&[-1e4, -1e4], 1),
        ],
        &[0.0, 2e4, 2e4, core::f64::consts::LN_2],
        &[0.0, 0.0, 1.0, -1.0, -1.0, 1.0, 0.5, -0.5],
    );
}

#[test]
fn a_shift_of_a_million_costs_no_digit_that_f32_has() {
    // A million and these are exact in f32.
    let rows = [[0.0, 1.0, -2.0], [0.25, -0.5, 3.0], [7.0, 7.0, -8.0]];
    for shift in [0.0, 1e6, -1e6] {
        let rows: Vec<Vec<f64>> = rows.map(|row| row.map(|z| z + shift).to_vec()).into();
        let rows: Vec<(&[f64], i64)> = rows.iter().map(|row| &row[..]).zip([1, 0, 2]).collect();
        let softmax = |row: &[f64]| -> Vec<f64> {
            let sum: f64 = row.iter().map(|z| (z - shift).exp()).sum();
            row.iter().map(|z| (z - shift).exp() / sum).collect()
        };
        let mut losses = Vec::new();
        let mut slopes = Vec::new();
        for (row, class) in &rows {
            let p = softmax(row);
            losses.push(-p[*class as usize].ln());
            slopes.extend(
                p.iter()
                    .enumerate()
                    .map(|(i, p)| p - (i as i64 == *class) as u8 as f64),
            );
        }
        assert_rows(&entropy(), &rows, &losses, &slopes);
    }
}

#[test]
fn minus_infinity_at_another_class_is_a_class_that_is_not_there() {
    for case in row_cases() {
        let oracle = case.oracle(4);
        if oracle.smoothing > 0.0 {
            continue;
        }
        let rows: [(&[f64], i64); 4] = [
            (&[1.0, NEG_INF, 2.0, -0.5], 0),
            (&[NEG_INF, 0.5, NEG_INF, 3.0], 1),
            (&[NEG_INF, NEG_INF, 4.0, NEG_INF], 2),
            (&[0.0, 1.0, 2.0, NEG_INF], 1),
        ];
        let call = RowCall::of_rows(&rows).tracking_logits();
        assert_like_oracle(case.name, &oracle, &call, &differentiable_sites_and_gpu());
        let loss = case.loss(&call);
        for site in differentiable_sites_and_gpu() {
            let gradient = call.run(&loss, &site).by_prediction.expect("a gradient");
            for (place, logit) in call.logits.iter().enumerate() {
                let slope = gradient[place];
                assert!(
                    slope.is_finite(),
                    "{} on {site} [{place}]: {slope}",
                    case.name
                );
                if *logit == NEG_INF {
                    assert_eq!(slope, 0.0, "{} on {site} [{place}]", case.name);
                }
            }
        }
    }
}

#[test]
fn minus_infinity_where_the_share_is_0_costs_nothing() {
    for oracle in [entropy(), focal(None, 2.0), focal(None, 0.5), poly(1.0)] {
        let logits = vec![1.0, NEG_INF, 2.0, NEG_INF, 0.5, -1.0];
        let shares = Targets::Shares(vec![0.25, 0.0, 0.75, 0.0, 0.5, 0.5]);
        for method in [Method::NoReduction, Method::Reduced(Reduction::Mean)] {
            let call = RowCall::new(method, &[2, 3], logits.clone(), shares.clone());
            let call = call.tracking_logits();
            let expected = call.expected(&oracle);
            assert!(expected.value.values.iter().all(|value| value.is_finite()));
            let loss = RowLoss::like(&oracle, Reduction::Mean);
            for site in differentiable_sites_and_gpu() {
                let what = format!("{oracle:?}");
                check_rows(&what, &site, &call, &call.run(&loss, &site), &expected);
            }
        }
    }
}

#[test]
fn minus_infinity_at_the_target_is_an_infinite_loss_of_that_row_alone() {
    for case in row_cases() {
        let oracle = case.oracle(3);
        let infinite = match oracle.kind {
            // Its losses are bounded.
            Kind::Generalized { q } => oracle.weight(1) / q,
            _ => INF,
        };
        let mut call = RowCall::of_rows(&[
            (&[1.0, 0.0, 2.0], 1),
            (&[1.0, NEG_INF, 2.0], 1),
            (&[0.5, 0.0, -1.0], 2),
        ]);
        let loss = case.loss(&call);
        let finite = call.expected(&oracle).value;
        for site in sites() {
            let value = call.run(&loss, &site).value;
            let what = format!("{} on {site}: {value:?}", case.name);
            assert!(
                (value[1] - infinite).abs() < 1e-5 || value[1] == infinite,
                "{what}"
            );
            for row in [0, 2] {
                let expected = finite.values[row];
                let near = (value[row] - expected).abs() <= 1e-5 * finite.scales[row].max(1.0);
                assert!(near, "{what}, expected {expected} of row {row}");
            }
        }
        call.method = Method::Reduced(Reduction::Sum);
        call.upstream = vec![1.0];
        let loss = case.loss(&call);
        for site in sites() {
            let value = call.run(&loss, &site).value[0];
            assert!(!value.is_nan(), "{} on {site}: {value}", case.name);
            assert_eq!(
                value == INF,
                infinite == INF,
                "{} on {site}: {value}",
                case.name
            );
        }
    }
}

#[test]
fn minus_infinity_with_smoothing_is_an_infinite_loss() {
    for oracle in [entropy(), focal(None, 2.0), poly(1.0)] {
        let oracle = oracle.smoothed(0.1);
        let call = RowCall::of_rows(&[(&[1.0, NEG_INF, 2.0], 0), (&[1.0, 0.0, 2.0], 0)]);
        let loss = RowLoss::like(&oracle, Reduction::Mean);
        for site in sites() {
            let value = call.run(&loss, &site).value;
            assert_eq!(value[0], INF, "{oracle:?} on {site}");
            assert!(value[1].is_finite(), "{oracle:?} on {site}: {value:?}");
        }
    }
}

/// A class without weight has no part in the smoothing, so its logit may be minus infinity.
#[test]
fn minus_infinity_with_smoothing_at_a_class_without_weight_is_finite() {
    let oracle = entropy().weighted(vec![1.0, 0.0, 2.0]).smoothed(0.1);
    let call = RowCall::of_rows(&[(&[1.0, NEG_INF, 2.0], 0), (&[1.0, 0.0, 2.0], 2)]);
    assert_like_oracle(
        "a class of weight 0",
        &oracle,
        &call,
        &differentiable_sites_and_gpu(),
    );
}

/// Every loss of a row of two classes that are as far apart as given, for either.
fn far_apart(distances: &[f64]) -> RowCall {
    let rows: Vec<Vec<f64>> = distances
        .iter()
        .flat_map(|d| [vec![*d, 0.0], vec![-*d, 0.0], vec![*d, -*d]])
        .collect();
    let rows: Vec<(&[f64], i64)> = rows
        .iter()
        .flat_map(|row| [(&row[..], 0), (&row[..], 1)])
        .collect();
    RowCall::of_rows(&rows)
}

#[test]
fn losses_of_saturated_logits_are_right() {
    let call = far_apart(&[0.0, 1.0, 10.0, 17.0, 30.0, 60.0, 90.0, 100.0, 1e4]);
    for case in row_cases() {
        // Thirty times ten thousand is no logit anybody computes.
        if !matches!(case.oracle(2).kind, Kind::Ldam { .. }) {
            assert_like_oracle(case.name, &case.oracle(2), &call, &differentiable_sites());
        }
    }
}

#[test]
fn softmax_focal_loss_of_saturated_logits_is_right_for_every_gamma() {
    let call = far_apart(&[20.0, 40.0, 60.0, 90.0, 100.0, 1e4]);
    for gamma in [0.0, 0.1, 0.5, 1.0, 1.5, 2.0, 5.0, 8.0, 10.0] {
        for alpha in [None, Some(vec![0.25, 0.75])] {
            let oracle = focal(alpha, gamma);
            let what = format!("gamma {gamma}");
            assert_like_oracle(&what, &oracle, &call, &differentiable_sites());
            let loss = RowLoss::like(&oracle, Reduction::Mean);
            let call = call.clone().tracking_logits();
            for site in differentiable_sites_and_gpu() {
                let outcome = call.run(&loss, &site);
                let gradient = outcome.by_prediction.expect("a gradient");
                let all = || outcome.value.iter().chain(&gradient);
                assert!(
                    all().all(|number| number.is_finite()),
                    "{what} on {site}: {gradient:?}"
                );
            }
        }
    }
}

#[test]
fn saturated_shares_are_right() {
    let mut call = far_apart(&[1.0, 30.0, 60.0, 100.0, 1e4]);
    let shares = (0..call.rows()).flat_map(|row| match row % 3 {
        0 => [1.0, 0.0],
        1 => [0.25, 0.75],
        _ => [0.0, 1.0],
    });
    call.targets = Targets::Shares(shares.collect());
    for oracle in [
        entropy(),
        entropy().smoothed(0.1),
        focal(None, 2.0),
        focal(None, 0.5),
        poly(1.0),
    ] {
        let what = format!("{oracle:?}");
        assert_like_oracle(&what, &oracle, &call, &differentiable_sites());
    }
}

/// With these hyperparameters a loss is another one, to the last bit.
#[test]
fn losses_that_are_the_same_have_the_same_bits() {
    let counts = vec![7; 17];
    let tau_0 = RowOracle::new(Kind::LogitAdjusted {
        counts: vec![100, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 9],
        tau: 0.0,
    });
    let no_margin = RowOracle::new(Kind::Ldam {
        counts: counts.clone(),
        max_margin: 0.0,
        scale: 1.0,
    });
    let of_weights = |oracle: RowOracle| oracle.weighted(vec![0.5; 17]);
    let one_alpha = focal(Some(vec![1.0]), 0.0);
    let pairs = [
        (focal(None, 0.0), entropy()),
        (one_alpha, entropy()),
        (of_weights(focal(None, 0.0)), of_weights(entropy())),
        (focal(None, 0.0).smoothed(0.1), entropy().smoothed(0.1)),
        (poly(0.0), entropy()),
        (symmetric(1.0, 0.0, -4.0), entropy()),
        (symmetric(1.0, 1.0, 0.0), entropy()),
        (tau_0, entropy()),
        (no_margin, entropy()),
        (entropy().smoothed(0.0), entropy()),
        (entropy().weighted(vec![1.0; 17]), entropy()),
    ];
    let case = crate::support::softmax::cases::row_case("ce");
    for (same, oracle) in pairs {
        for method in [Method::NoReduction, Method::Reduced(Reduction::Mean)] {
            let call = case.full_call(method, &[5, 17, 3], false, Dtype::F32);
            let [same, loss] = [&same, &oracle].map(|it| RowLoss::like(it, method.reduction()));
            for site in differentiable_sites() {
                assert_eq!(
                    call.run(&same, &site),
                    call.run(&loss, &site),
                    "{} and {} on {site}",
                    same.name(),
                    loss.name()
                );
            }
        }
    }
}

#[test]
fn generalized_cross_entropy_with_q_1_is_what_the_probability_lacks_of_1() {
    let third = 1.0 / 3.0;
    assert_rows(
        &generalized(1.0),
        &[(&[0.0, 0.0, 0.0], 1), (&[-100.0, 100.0, 0.0], 0)],
        &[2.0 * third, 1.0],
        &[
            third * third,
            -third * 2.0 * third,
            third * third,
            0.0,
            0.0,
            0.0,
        ],
    );
}

/// Half precision is computed in `f32`, and so is the loss: it may be more than the type holds.
#[test]
fn losses_of_half_precision_may_be_more_than_it_holds() {
    let mut call = RowCall::of_rows(&[(&[6e4, -6e4], 1), (&[6e4, -6e4], 0), (&[3e4, 0.0], 1)]);
    call.dtype = Dtype::F16;
    let round = |logit| crate::support::random::round(logit, Dtype::F16);
    let mut mean = RowCall {
        method: Method::Reduced(Reduction::Mean),
        upstream: vec![1.0],
        ..call.clone()
    };
    mean.shape = vec![2, 2];
    mean.logits.truncate(4);
    mean.targets = Targets::Classes(vec![1, 0]);
    let loss = RowLoss::like(&entropy(), Reduction::Mean);
    for site in sites().into_iter().filter(|site| site.is_flex()) {
        assert_eq!(
            call.run(&loss, &site).value,
            [round(6e4) * 2.0, 0.0, round(3e4)],
            "on {site}"
        );
        assert_eq!(mean.run(&loss, &site).value, [round(6e4)], "on {site}");
    }
    let call = call.tracking_logits();
    for site in differentiable_sites()
        .into_iter()
        .filter(|site| site.is_flex())
    {
        let gradient = call.run(&loss, &site).by_prediction;
        assert_eq!(
            gradient,
            Some(vec![1.0, -1.0, 0.0, 0.0, 1.0, -1.0]),
            "on {site}"
        );
    }
}

#[test]
fn bf16_over_4096_equal_logits_is_their_logarithm() {
    for value in [0.0, 1.0, -300.0, 2e4] {
        let logits = vec![crate::support::random::round(value, Dtype::BF16); 4096];
        let mut call = RowCall::new(
            Method::NoReduction,
            &[1, 4096],
            logits,
            Targets::Classes(vec![17]),
        );
        call.dtype = Dtype::BF16;
        let loss = RowLoss::like(&entropy(), Reduction::Mean);
        for site in sites().into_iter().filter(|site| site.is_flex()) {
            let got = call.run(&loss, &site).value[0];
            let off = (got - 4096f64.ln()).abs();
            assert!(off <= 1e-6, "on {site}: {got}");
        }
    }
}

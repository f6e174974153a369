//! Rows that are right by a margin. What they cost, and every entry of their gradient, is tiny, and right in
//! proportion to itself: not in proportion to the terms that an unfortunate formula would add up to it.

use crate::acceptance::extremes::exact_numbers;
use crate::support::{
    Dtype, Expected, Method, Outcome, Site, Tolerance, differentiable_sites_and_gpu,
    softmax::{
        Kind, RowCall, RowLoss, RowOracle, Targets,
        cases::{entropy, focal, generalized, poly, symmetric},
    },
};
use burn_losses::Reduction;

/// By how much the target is ahead of all others.
const MARGINS: [f64; 4] = [10.0, 20.0, 50.0, 80.0];

/// Every loss of classes. (Counts and a scale whose effect on the logits is exact.)
fn losses(classes: usize) -> Vec<RowOracle> {
    let counts = vec![7; classes];
    let mut oracles = vec![
        entropy(),
        focal(None, 2.0),
        focal(None, 1.0),
        focal(None, 0.5),
        focal(Some(vec![0.25]), 0.1),
        poly(1.0),
        poly(-0.5),
        poly(-0.999),
        poly(-1.0),
        generalized(0.7),
        generalized(1.0),
        symmetric(0.1, 1.0, -4.0),
        symmetric(0.0, 1.0, -4.0),
        RowOracle::new(Kind::BalancedSoftmax {
            counts: counts.clone(),
        }),
        RowOracle::new(Kind::LogitAdjusted {
            counts: counts.clone(),
            tau: 1.0,
        }),
        RowOracle::new(Kind::Ldam {
            counts,
            max_margin: 0.5,
            scale: 1.0,
        }),
    ];
    let weights = (0..classes).map(|class| 1.0 + (class % 3) as f64);
    oracles.push(entropy().weighted(weights.clone().collect()));
    oracles.push(focal(None, 2.0).weighted(weights.collect()));
    oracles
}

/// A row for each margin and each place of the target.
fn easy_rows(classes: usize) -> (Vec<f64>, Vec<i64>) {
    let (mut logits, mut targets) = (Vec::new(), Vec::new());
    for margin in MARGINS {
        for own in [0, classes / 2, classes - 1] {
            // The others differ, and one of them is not there at all where there are enough.
            let other = |class: usize| match class {
                class if class == own => margin / 2.0,
                5 => f64::NEG_INFINITY,
                class => -margin / 2.0 - (class % 4) as f64 / 4.0,
            };
            logits.extend((0..classes).map(other));
            targets.push(own as i64);
        }
    }
    (logits, targets)
}

/// The shares of rows that expect nothing but one class, or as good as nothing.
fn shares(classes: usize, targets: &[i64], of_others: f64) -> Targets {
    let rows = targets.iter().flat_map(|&own| {
        (0..classes).map(move |class| match class as i64 == own {
            true => 1.0,
            // Not of the class that is not there.
            false => of_others * (class != 5) as u8 as f64,
        })
    });
    Targets::Shares(rows.collect())
}

/// In proportion to each number; only what a type cannot hold is 0.
fn relative(site: &Site, dtype: Dtype) -> Tolerance {
    let of_type = Tolerance::at(site, dtype);
    Tolerance {
        relative: match (dtype, site.is_gpu()) {
            (Dtype::F64, _) => 1e-12,
            (_, false) => 1e-5,
            (_, true) => of_type.relative,
        },
        absolute: of_type.absolute,
    }
}

#[track_caller]
fn check(what: &str, site: &Site, dtype: Dtype, outcome: &Outcome, expected: &Expected) {
    let tolerance = relative(site, dtype);
    let what = format!("{what} of {dtype:?} on {site}");
    let value = exact_numbers(&expected.value.values);
    tolerance.check(&what, &outcome.value, &value);
    let gradient = outcome.by_prediction.as_ref().expect("a gradient");
    let slopes = exact_numbers(&expected.by_prediction.values);
    tolerance.check(&format!("{what}: gradient"), gradient, &slopes);
}

#[track_caller]
fn check_call(what: &str, oracle: &RowOracle, call: &RowCall) {
    let expected = call.expected(oracle);
    let loss = RowLoss::like(oracle, call.method.reduction());
    for site in differentiable_sites_and_gpu() {
        for dtype in [Dtype::F32, Dtype::F64] {
            // A GPU may store f64, but shaders have no exp or logarithm of it.
            let has_functions = dtype == Dtype::F32 || !site.is_gpu();
            if !has_functions || !site.device.supports_dtype(dtype) {
                continue;
            }
            let mut call = call.clone();
            call.dtype = dtype;
            check(what, &site, dtype, &call.run(&loss, &site), &expected);
        }
    }
}

#[test]
fn easy_rows_are_right_in_proportion() {
    for classes in [2, 7, 40] {
        let (logits, targets) = easy_rows(classes);
        for oracle in losses(classes) {
            for method in [Method::NoReduction, Method::Reduced(Reduction::Sum)] {
                let shape = [targets.len(), classes];
                let given = Targets::Classes(targets.clone());
                let call = RowCall::new(method, &shape, logits.clone(), given);
                let what = format!("{oracle:?}, {classes} classes, {method:?}");
                check_call(&what, &oracle, &call.tracking_logits());
            }
        }
    }
}

#[test]
fn easy_rows_of_probabilities_are_right_in_proportion() {
    for classes in [2, 7, 40] {
        let (logits, targets) = easy_rows(classes);
        let mut oracles = losses(classes);
        oracles.retain(RowOracle::takes_shares);
        for oracle in oracles {
            for of_others in [0.0, 1e-30] {
                let shape = [targets.len(), classes];
                let given = shares(classes, &targets, of_others);
                let method = Method::NoReduction;
                let call = RowCall::new(method, &shape, logits.clone(), given);
                let what = format!("{oracle:?}, {classes} classes, shares of {of_others}");
                check_call(&what, &oracle, &call.tracking_logits());
            }
        }
    }
}

#[test]
fn an_easy_row_of_two_classes_costs_the_probability_of_the_other() {
    let rows: [(&[f64], i64); 2] = [(&[20.0, 0.0], 0), (&[0.0, 20.0], 1)];
    let call = RowCall::of_rows(&rows).tracking_logits();
    let loss = RowLoss::like(&entropy(), Reduction::Mean);
    let miss = 2.0611536e-9;
    for site in differentiable_sites_and_gpu() {
        let outcome = call.run(&loss, &site);
        let tolerance = relative(&site, Dtype::F32);
        let what = format!("on {site}");
        tolerance.check(&what, &outcome.value, &exact_numbers(&[miss, miss]));
        let gradient = outcome.by_prediction.expect("a gradient");
        let slopes = exact_numbers(&[-miss, miss, miss, -miss]);
        tolerance.check(&what, &gradient, &slopes);
    }
}

/// Smoothed labels whose other classes weigh 0: all of the gradient is what the largest probability lacks of 1.
#[test]
fn weightless_classes_keep_the_gradient_of_an_easy_row() {
    let oracle = entropy().smoothed(0.1).weighted(vec![1.5, 0.0]);
    let call = RowCall::of_rows(&[(&[40.0, 0.0], 0), (&[0.0, -60.0], 0)]).tracking_logits();
    for site in differentiable_sites_and_gpu() {
        let loss = RowLoss::like(&oracle, Reduction::Mean);
        let gradient = call.run(&loss, &site).by_prediction.expect("tracked");
        // (0.95 + 0) 1.5 (1 - p) of the target, and the opposite of the other.
        for (row, margin) in [40f64, 60.0].into_iter().enumerate() {
            let expected = 0.95 * 1.5 * (-margin).exp();
            for (got, expected) in gradient[2 * row..].iter().zip([-expected, expected]) {
                let off = (got - expected).abs();
                let what = format!("row {row} on {site}: {got:e} and not {expected:e}");
                assert!(off <= 1e-5 * expected.abs(), "{what}");
            }
        }
    }
}

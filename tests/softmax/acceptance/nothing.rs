//! What counts for nothing: no rows, ignored rows, rows and classes without weight; and how far a
//! NaN reaches.

use crate::support::{
    Dtype, Method, Random, Tracked, differentiable_sites_and_gpu, differentiable_sites_and_traced,
    sites,
    softmax::{RowCall, RowCase, RowLoss, Targets, cases::entropy, check_rows, row_cases},
};
use burn_losses::Reduction;

const REDUCED: [Method; 2] = [
    Method::Reduced(Reduction::Mean),
    Method::Reduced(Reduction::Sum),
];

#[track_caller]
fn assert_all_zero(list: &Option<Vec<f64>>, what: &str) {
    let list = list
        .as_ref()
        .unwrap_or_else(|| panic!("{what}: no gradient"));
    assert!(list.iter().all(|&number| number == 0.0), "{what}: {list:?}");
}

#[test]
fn an_empty_batch_is_loss_0_with_an_empty_gradient() {
    for case in row_cases() {
        for shape in [&[0, 3][..], &[0, 1], &[0, 17, 2], &[2, 3, 0], &[2, 3, 0, 5]] {
            for (method, weighted) in [
                (REDUCED[0], false),
                (REDUCED[0], true),
                (REDUCED[1], false),
                (Method::NoReduction, false),
                (Method::NoReduction, true),
                (Method::Normalized(2.0), true),
                (Method::NormalizedByTensor(2.0), false),
            ] {
                let mut calls = vec![case.full_call(method, shape, weighted, Dtype::F32)];
                if case.oracle(1).takes_shares() {
                    calls.push(case.share_call(method, shape, weighted, Dtype::F32));
                }
                for call in calls {
                    let loss = case.loss(&call);
                    for site in differentiable_sites_and_traced() {
                        let outcome = call.run(&loss, &site);
                        let what = format!("{} {method:?} {shape:?} on {site}", case.name);
                        if method.reduces() {
                            assert_eq!(outcome.value, [0.0], "{what}");
                        } else {
                            assert_eq!(outcome.value, [0.0; 0], "{what}");
                            assert_eq!(outcome.shape, call.row_shape(), "{what}");
                        }
                        if site.is_gpu() {
                            continue; // Burn's GPU kernels take no tensor without elements.
                        }
                        assert_eq!(outcome.by_prediction, Some(vec![]), "{what}");
                        let by_shares = call.tracked.target.then(Vec::new);
                        assert_eq!(outcome.by_target, by_shares, "{what}");
                    }
                }
            }
        }
    }
}

const GARBAGE: [f64; 6] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e38, -1e38, 0.5];

/// Puts NaN, infinities and huge numbers into a row.
fn spoil(call: &mut RowCall, row: usize) {
    for class in 0..call.classes() {
        let place = call.place(row, class);
        call.logits[place] = GARBAGE[(row + class) % GARBAGE.len()];
        if let Targets::Shares(shares) = &mut call.targets {
            shares[place] = GARBAGE[(row + class + 1) % GARBAGE.len()];
        }
    }
}

/// Calls whose ignored rows hold garbage: ignored by their class, or by a weight of 0.
fn calls_with_ignored_garbage(case: &RowCase, method: Method, all: bool) -> Vec<RowCall> {
    let shape = [4, 5, 2];
    let mut random = Random::of("garbage");
    let mut calls = Vec::new();
    if let Some(ignored) = case.oracle(5).ignored {
        let mut call = case.full_call(method, &shape, false, Dtype::F32);
        for row in 0..call.rows() {
            let Targets::Classes(classes) = &mut call.targets else {
                continue;
            };
            if all {
                classes[row] = ignored;
            }
            if classes[row] == ignored {
                spoil(&mut call, row);
            }
        }
        calls.push(call);
    }
    let mut weighted = vec![case.full_call(method, &shape, true, Dtype::F32)];
    if case.oracle(5).takes_shares() {
        weighted.push(case.share_call(method, &shape, true, Dtype::F32));
    }
    for mut call in weighted {
        for row in 0..call.rows() {
            let weight = &mut call.weights.as_mut().expect("a weighted call")[row];
            if all || random.chance(0.4) {
                *weight = if random.chance(0.5) { 0.0 } else { -0.0 };
            }
            if *weight == 0.0 {
                spoil(&mut call, row);
            }
        }
        calls.push(call);
    }
    calls
}

fn is_left_out(case: &RowCase, call: &RowCall, row: usize) -> bool {
    let by_class = match &call.targets {
        Targets::Classes(classes) => Some(classes[row]) == case.oracle(call.classes()).ignored,
        Targets::Shares(_) => false,
    };
    by_class || call.weight(row) == 0.0
}

#[test]
fn an_ignored_row_contributes_exactly_nothing_whatever_it_holds() {
    for case in row_cases() {
        for method in [REDUCED[0], REDUCED[1], Method::NoReduction] {
            for call in calls_with_ignored_garbage(&case, method, false) {
                let expected = call.expected(&case.oracle(call.classes()));
                let loss = case.loss(&call);
                for site in differentiable_sites_and_gpu() {
                    let what = format!("{} {method:?}", case.name);
                    let outcome = call.run(&loss, &site);
                    check_rows(&what, &site, &call, &outcome, &expected);
                    for row in (0..call.rows()).filter(|&row| is_left_out(&case, &call, row)) {
                        if !method.reduces() {
                            assert_eq!(outcome.value[row], 0.0, "{what} on {site}, row {row}");
                        }
                        let lists = [&outcome.by_prediction, &outcome.by_target];
                        for list in lists.into_iter().flatten() {
                            let of_row = call.of_row(list, row);
                            assert!(
                                of_row.iter().all(|&number| number == 0.0),
                                "{what} on {site}, row {row}: {of_row:?}"
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn an_ignored_row_is_ignored_by_tracked_weights_too() {
    for case in row_cases() {
        for method in REDUCED {
            for mut call in calls_with_ignored_garbage(&case, method, false) {
                if call.weights.is_none() {
                    continue;
                }
                call.tracked.weights = true;
                let expected = call.expected(&case.oracle(call.classes()));
                let loss = case.loss(&call);
                for site in differentiable_sites_and_gpu() {
                    let outcome = call.run(&loss, &site);
                    check_rows(case.name, &site, &call, &outcome, &expected);
                }
            }
        }
    }
}

#[test]
fn nothing_but_ignored_rows_is_loss_0_with_gradients_of_exactly_0() {
    for case in row_cases() {
        for method in REDUCED {
            for call in calls_with_ignored_garbage(&case, method, true) {
                let loss = case.loss(&call);
                for site in differentiable_sites_and_gpu() {
                    let outcome = call.run(&loss, &site);
                    let what = format!("{} {method:?} on {site}", case.name);
                    assert_eq!(outcome.value, [0.0], "{what}");
                    assert_all_zero(&outcome.by_prediction, &what);
                    if call.tracked.target {
                        assert_all_zero(&outcome.by_target, &what);
                    }
                }
            }
        }
    }
}

#[test]
fn class_weights_that_sum_to_0_over_the_targets_give_a_mean_of_0() {
    for case in row_cases() {
        for weighted in [false, true] {
            // Smoothing gives the other classes a loss, but there is nothing to divide it by.
            let oracle = case.oracle(3).weighted(vec![1.0, 0.0, 2.0]);
            let mut call = case.full_call(REDUCED[0], &[4, 3], weighted, Dtype::F32);
            call.targets = Targets::Classes(vec![1; 4]);
            let loss = RowLoss::like(&oracle, Reduction::Mean);
            for site in differentiable_sites_and_gpu() {
                let outcome = call.run(&loss, &site);
                let what = format!("{} on {site}", case.name);
                assert_eq!(outcome.value, [0.0], "{what}");
                assert_all_zero(&outcome.by_prediction, &what);
            }
        }
    }
}

#[test]
fn weights_of_rows_that_cancel_leave_the_quotient_as_it_is() {
    for case in row_cases() {
        let mut call = case.full_call(REDUCED[0], &[4, 3], false, Dtype::F32);
        call.targets = Targets::Classes(vec![1, 1, 1, 1]);
        call.weights = Some(vec![1.0, -1.0, 2.0, -2.0]);
        let loss = case.loss(&call);
        for site in differentiable_sites_and_gpu() {
            let outcome = call.run(&loss, &site);
            let what = format!("{} on {site}", case.name);
            assert!(!outcome.value[0].is_finite(), "{what}: {outcome:?}");
        }
    }
}

#[test]
fn a_nan_or_an_infinite_logit_shows_in_its_own_row_and_nowhere_else() {
    const ROW: usize = 3;
    for case in row_cases() {
        for spoiled in [f64::NAN, f64::INFINITY] {
            let mut clean = case.full_call(Method::NoReduction, &[4, 17, 2], false, Dtype::F32);
            let Targets::Classes(classes) = &mut clean.targets else {
                panic!("classes");
            };
            classes[ROW] = 5;
            for class in [0, 5, 16] {
                let mut call = clean.clone();
                let place = call.place(ROW, class);
                call.logits[place] = spoiled;
                let loss = case.loss(&call);
                for site in differentiable_sites_and_gpu() {
                    let what = format!("{} {spoiled} on {site}", case.name);
                    let (clean, outcome) = (clean.run(&loss, &site), call.run(&loss, &site));
                    for row in 0..call.rows() {
                        let (got, clean) = (outcome.value[row], clean.value[row]);
                        if row == ROW {
                            assert!(got.is_nan(), "{what}: {got} in its row");
                        } else {
                            assert_eq!(got, clean, "{what}, row {row}");
                        }
                    }
                    let gradient = outcome.by_prediction.expect("a gradient");
                    let clean = clean.by_prediction.expect("a gradient");
                    for row in (0..call.rows()).filter(|&row| row != ROW) {
                        assert_eq!(
                            call.of_row(&gradient, row),
                            call.of_row(&clean, row),
                            "{what}: gradient of row {row}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_row_of_minus_infinity_alone_is_nan_and_the_others_are_not() {
    for case in row_cases() {
        let clean = case.full_call(Method::NoReduction, &[3, 5], false, Dtype::F32);
        let mut call = clean.clone();
        call.targets = Targets::Classes(vec![1, 1, 1]);
        call.logits[5..10].fill(f64::NEG_INFINITY);
        let loss = case.loss(&call);
        for site in differentiable_sites_and_gpu() {
            let value = call.run(&loss, &site).value;
            let nan: Vec<bool> = value.iter().map(|value| value.is_nan()).collect();
            assert_eq!(
                nan,
                [false, true, false],
                "{} on {site}: {value:?}",
                case.name
            );
        }
    }
}

#[test]
fn a_nan_shows_in_the_reduced_loss() {
    for case in row_cases() {
        for method in REDUCED {
            for weighted in [false, true] {
                let mut call = case.full_call(method, &[9, 17], weighted, Dtype::F32);
                call.targets = Targets::Classes(vec![1; 9]);
                if let Some(weights) = &mut call.weights {
                    weights[8] = 0.5;
                }
                *call.logits.last_mut().expect("a logit") = f64::NAN;
                call.tracked = Tracked::NONE;
                let loss = case.loss(&call);
                for site in sites() {
                    let value = call.run(&loss, &site).value[0];
                    assert!(
                        value.is_nan(),
                        "{} {method:?} on {site}: {value}",
                        case.name
                    );
                }
            }
        }
    }
}

#[test]
fn a_nan_weight_or_share_is_not_passed_over() {
    for case in row_cases() {
        let mut calls = vec![case.full_call(REDUCED[0], &[9, 4], true, Dtype::F32)];
        calls[0].targets = Targets::Classes(vec![1; 9]);
        calls[0].weights.as_mut().expect("a weighted call")[4] = f64::NAN;
        if case.oracle(1).takes_shares() {
            let mut call = case.share_call(REDUCED[0], &[9, 4], false, Dtype::F32);
            if let Targets::Shares(shares) = &mut call.targets {
                shares[6] = f64::NAN;
            }
            calls.push(call);
        }
        for call in calls {
            let loss = case.loss(&call);
            for site in differentiable_sites_and_gpu() {
                let outcome = call.run(&loss, &site);
                assert!(outcome.value[0].is_nan(), "{} on {site}", case.name);
            }
        }
    }
}

/// In a mean over classes the divisor is what the weights of the targets sum to, not how many rows
/// there are.
#[test]
fn ignored_rows_do_not_count_in_a_mean() {
    let logits = vec![0.0; 8];
    let kept = RowCall::new(
        REDUCED[0],
        &[4, 2],
        logits,
        Targets::Classes(vec![0, -100, -100, 1]),
    );
    let loss = RowLoss::like(&entropy(), Reduction::Mean);
    for site in sites() {
        let value = kept.run(&loss, &site).value[0];
        assert!(
            (value - core::f64::consts::LN_2).abs() < 1e-7,
            "on {site}: {value}"
        );
    }
}

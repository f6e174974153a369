//! Hostile input and the right answer to it.

use super::{MEAN, SUM, assert_right, oracles};
use crate::{
    acceptance::extremes::exact_numbers,
    panics::message,
    support::{
        Dtype, Layout, Method, Scaled, Site, Tolerance, differentiable_sites,
        differentiable_sites_and_gpu,
        linear::{LinearCall, LinearOracle, LinearTracked, check_linear},
        softmax::{FORMS, RowOracle, cases::entropy},
    },
};
use burn_losses::Reduction;

const NEG_INF: f64 = f64::NEG_INFINITY;
const INF: f64 = f64::INFINITY;

fn plain(entropy: RowOracle) -> LinearOracle {
    LinearOracle {
        entropy,
        z_loss: 0.0,
        soft_cap: None,
    }
}

/// An unreduced call of a layer that hands its inputs on, but for a bias; all but it is tracked.
fn identity(rows: &[(&[f64], i64)], bias: &[f64]) -> LinearCall {
    let width = bias.len();
    LinearCall {
        method: Method::NoReduction,
        shape: vec![rows.len(), width],
        hidden: rows.iter().flat_map(|(row, _)| *row).copied().collect(),
        matrix: (0..width * width)
            .map(|i| (i % (width + 1) == 0) as u8 as f64)
            .collect(),
        vocabulary: width,
        bias: Some(bias.to_vec()),
        classes: rows.iter().map(|(_, class)| *class).collect(),
        weights: None,
        upstream: vec![1.0; rows.len()],
        tracked: LinearTracked {
            weights: false,
            ..LinearTracked::ALL
        },
        dtype: Dtype::F32,
        layouts: [Layout::Contiguous; 3],
    }
}

/// The call, reduced to a sum.
fn summed(call: &LinearCall) -> LinearCall {
    LinearCall {
        method: SUM,
        upstream: vec![1.0],
        ..call.clone()
    }
}

fn gpus() -> Vec<Site> {
    let mut sites = differentiable_sites_and_gpu();
    sites.retain(Site::is_gpu);
    sites
}

#[test]
fn logits_of_ten_thousand_are_exact() {
    let sure = [1e4, -1e4];
    let call = identity(&[(&sure, 0), (&sure, 1)], &[0.0, 0.0]);
    let loss = plain(entropy()).loss(Reduction::Sum);
    for (call, losses) in [(call.clone(), &[0.0, 2e4][..]), (summed(&call), &[2e4])] {
        for site in differentiable_sites_and_gpu() {
            let tolerance = Tolerance::at(&site, Dtype::F32);
            let outcome = call.run(&loss, &site);
            let what = format!("{:?} on {site}", call.method);
            let check = |got: &[f64], expected: &[f64]| {
                tolerance.check(&what, got, &exact_numbers(expected));
            };
            check(&outcome.value, losses);
            check(&outcome.hidden.expect("a gradient"), &[0.0, 0.0, 1.0, -1.0]);
            let by_matrix = outcome.matrix.expect("a gradient");
            check(&by_matrix, &[1e4, -1e4, -1e4, 1e4]);
            check(&outcome.bias.expect("a gradient"), &[1.0, -1.0]);
        }
    }
}

#[test]
fn a_shift_of_a_million_costs_no_digit_that_f32_has() {
    let rows: [(&[f64], i64); 3] = [
        (&[0.0, 1.0, -2.0], 1),
        (&[0.25, -0.5, 3.0], 0),
        (&[7.0, 7.0, -8.0], 2),
    ];
    let call = identity(&rows, &[0.0; 3]);
    let oracle = plain(entropy());
    let expected = oracle.expected(&call);
    for shift in [1e6, -1e6] {
        let shifted = identity(&rows, &[shift; 3]);
        for site in differentiable_sites_and_gpu() {
            let outcome = shifted.run(&oracle.loss(Reduction::Mean), &site);
            check_linear("shifted", &site, &shifted, &outcome, &expected);
        }
    }
}

#[test]
fn minus_infinity_at_another_class_is_a_class_that_is_not_there() {
    let rows: [(&[f64], i64); 2] = [(&[1.0, 0.0, 2.0], 0), (&[0.5, 3.0, -1.0], 2)];
    let call = identity(&rows, &[0.0, NEG_INF, 0.5]);
    let oracle = plain(entropy());
    for call in [summed(&call), call] {
        assert_right(&oracle, &call, &differentiable_sites_and_gpu());
        for site in differentiable_sites_and_gpu() {
            let outcome = call.run(&oracle.loss(Reduction::Sum), &site);
            let by_matrix = outcome.matrix.expect("a gradient");
            assert_eq!(by_matrix[3..6], [0.0; 3], "{:?} on {site}", call.method);
            let by_bias = outcome.bias.expect("a gradient");
            assert_eq!(by_bias[1], 0.0, "{:?} on {site}", call.method);
        }
    }
}

#[test]
fn minus_infinity_at_the_target_is_an_infinite_loss_of_that_row_alone() {
    let rows: [(&[f64], i64); 3] = [
        (&[1.0, 0.0, 2.0], 0),
        (&[0.5, 3.0, -1.0], 1),
        (&[0.5, 0.0, -1.0], 2),
    ];
    let call = identity(&rows, &[0.0, NEG_INF, 0.5]);
    let oracle = plain(entropy());
    let smoothed = plain(entropy().smoothed(0.1));
    let finite = oracle.expected(&identity(&[rows[0], rows[2]], &[0.0, NEG_INF, 0.5]));
    for site in differentiable_sites_and_gpu() {
        let value = call.run(&oracle.loss(Reduction::Mean), &site).value;
        let what = format!("on {site}: {value:?}");
        assert_eq!(value[1], INF, "{what}");
        let others = Tolerance::at(&site, Dtype::F32).summed(Dtype::F32, 9);
        others.check(&what, &[value[0], value[2]], &finite.value);
        let total = summed(&call).run(&oracle.loss(Reduction::Sum), &site);
        assert_eq!(total.value, [INF], "on {site}");
        // Smoothing expects something of every class.
        let value = call.run(&smoothed.loss(Reduction::Mean), &site).value;
        assert_eq!(value, [INF; 3], "smoothed on {site}");
    }
}

#[test]
fn a_nan_or_an_infinity_shows_in_its_own_row_and_nowhere_else() {
    const ROW: usize = 2;
    for oracle in oracles(5) {
        // Infinite logits of either sign, which a soft cap holds within its bound.
        let spoils = match oracle.soft_cap {
            Some(_) => vec![f64::NAN],
            None => vec![f64::NAN, INF],
        };
        let none = Method::NoReduction;
        let mut clean = LinearCall::random(&oracle, none, &[4, 3], 5, false, Dtype::F32);
        clean.classes = vec![0, 1, 2, 4];
        let loss = oracle.loss(Reduction::Mean);
        for spoiled in spoils {
            let mut call = clean.clone();
            call.hidden[ROW * 3 + 1] = spoiled;
            for site in differentiable_sites_and_gpu() {
                let (clean, outcome) = (clean.run(&loss, &site), call.run(&loss, &site));
                let by_hidden = outcome.hidden.expect("a gradient");
                let clean_by_hidden = clean.hidden.expect("a gradient");
                for row in 0..4 {
                    let (got, clean) = (outcome.value[row], clean.value[row]);
                    let what = format!("{oracle:?} {spoiled} on {site}, row {row}");
                    if row == ROW {
                        assert!(got.is_nan(), "{what}: {got}");
                        continue;
                    }
                    assert_eq!(got, clean, "{what}");
                    let of_row = row * 3..row * 3 + 3;
                    assert_eq!(by_hidden[of_row.clone()], clean_by_hidden[of_row], "{what}");
                }
            }
        }
    }
}

#[test]
fn a_class_out_of_range_is_named_on_a_cpu_and_nan_on_a_gpu() {
    for oracle in oracles(5) {
        for class in [5, -1, 77] {
            let none = Method::NoReduction;
            let mut call = LinearCall::random(&oracle, none, &[4, 3], 5, false, Dtype::F32);
            call.classes = vec![0, 1, class, 2];
            let loss = oracle.loss(Reduction::Sum);
            for site in gpus() {
                let value = call.run(&loss, &site).value;
                let nan: Vec<bool> = value.iter().map(|value| value.is_nan()).collect();
                let what = format!("{oracle:?}, {class} on {site}");
                assert_eq!(nan, [false, false, true, false], "{what}");
                assert!(summed(&call).run(&loss, &site).value[0].is_nan(), "{what}");
            }
            for site in differentiable_sites() {
                let expected = format!(
                    "LinearCrossEntropyLoss: the target of sample 2 is {class}, expected the index of \
                     one of 5 classes, 0 to 4"
                );
                let text = message(|| call.run(&loss, &site));
                assert!(text.starts_with(&expected), "on {site}: {text}");
            }
        }
    }
}

#[test]
fn an_empty_batch_is_loss_0_with_gradients_of_0() {
    for oracle in oracles(5) {
        for shape in [&[0, 4][..], &[0, 3, 4], &[2, 0, 4]] {
            for (method, weighted) in FORMS {
                let call = LinearCall::random(&oracle, method, shape, 5, weighted, Dtype::F32);
                let loss = oracle.loss(method.reduction());
                for site in differentiable_sites_and_gpu() {
                    let outcome = call.run(&loss, &site);
                    let what = format!("{method:?} {shape:?} on {site}");
                    let expected = if method.reduces() { vec![0.0] } else { vec![] };
                    assert_eq!(outcome.value, expected, "{what}");
                    if site.is_gpu() {
                        continue; // Burn's GPU kernels take no tensor without elements.
                    }
                    assert_eq!(outcome.hidden, Some(vec![]), "{what}");
                    assert_eq!(outcome.matrix, Some(vec![0.0; 20]), "{what}");
                    assert_eq!(outcome.bias, Some(vec![0.0; 5]), "{what}");
                }
            }
        }
    }
}

/// Also with a layer that has gone astray.
#[test]
fn nothing_to_count_is_loss_0_whatever_the_layer_holds() {
    for oracle in oracles(5) {
        for (method, weighted) in FORMS {
            for rows in [0, 3] {
                let mut call =
                    LinearCall::random(&oracle, method, &[rows, 4], 5, weighted, Dtype::F32);
                match &mut call.weights {
                    Some(weights) => weights.fill(0.0),
                    None => call.classes.fill(oracle.entropy.ignored.expect("an index")),
                }
                call.matrix[3] = f64::NAN;
                call.matrix[9] = INF;
                call.matrix[14] = NEG_INF;
                call.bias.as_mut().expect("a bias")[1] = f64::NAN;
                for tracks_weights in [false, weighted] {
                    call.tracked.weights = tracks_weights;
                    let loss = oracle.loss(method.reduction());
                    for site in differentiable_sites_and_gpu() {
                        let outcome = call.run(&loss, &site);
                        let what = format!("{oracle:?} {method:?}, {rows} rows on {site}");
                        let all_zero = |list: &[f64]| list.iter().all(|&number| number == 0.0);
                        assert!(all_zero(&outcome.value), "{what}: {:?}", outcome.value);
                        if site.is_gpu() && rows == 0 {
                            continue; // Burn's GPU kernels take no tensor without elements.
                        }
                        for list in [outcome.hidden, outcome.matrix, outcome.bias] {
                            let list = list.expect("a gradient");
                            assert!(all_zero(&list), "{what}: {list:?}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn an_infinite_gradient_leaves_the_loss_finite() {
    let row = [3e38, 3e38];
    let rows = [(&row[..], 0); 4];
    let mut call = summed(&identity(&rows, &[0.0, 0.0]));
    call.matrix.fill(0.0);
    let loss = plain(entropy()).loss(Reduction::Sum);
    for site in differentiable_sites_and_gpu() {
        let outcome = call.run(&loss, &site);
        let what = format!("on {site}");
        let value = exact_numbers(&[4.0 * core::f64::consts::LN_2]);
        Tolerance::at(&site, Dtype::F32).check(&what, &outcome.value, &value);
        let expected = Some(vec![NEG_INF, NEG_INF, INF, INF]);
        assert_eq!(outcome.matrix, expected, "{what}");
        assert_eq!(outcome.bias, Some(vec![-2.0, 2.0]), "{what}");
    }
}

#[test]
fn weights_that_cancel_leave_the_quotient_as_it_is() {
    let oracle = &oracles(5)[0];
    let mut call = LinearCall::random(oracle, MEAN, &[3, 4], 5, true, Dtype::F32);
    call.weights = Some(vec![1.0, -1.0, 0.0]);
    call.classes = vec![0, 0, 1];
    for site in differentiable_sites_and_gpu() {
        let outcome = call.run(&oracle.loss(Reduction::Mean), &site);
        assert!(!outcome.value[0].is_finite(), "on {site}: {outcome:?}");
    }
}

/// What a loss hands on to its operands is what autodiff of the whole layer would give, whatever it holds and whatever
/// comes from upstream.
#[test]
fn a_nan_hidden_state_shows_in_the_gradients_of_a_reduced_loss() {
    for oracle in oracles(5) {
        for method in [MEAN, SUM] {
            for upstream in [1.0, -3.0, 1e-20, 0.0] {
                let mut call = LinearCall::random(&oracle, method, &[4, 3], 5, false, Dtype::F32);
                call.classes = vec![0, 1, 2, 4];
                call.hidden[7] = f64::NAN;
                call.upstream = vec![upstream];
                let loss = oracle.loss(method.reduction());
                for site in differentiable_sites_and_gpu() {
                    let outcome = call.run(&loss, &site);
                    let what = format!("{oracle:?} {method:?} {upstream} on {site}");
                    assert!(outcome.value[0].is_nan(), "{what}");
                    let by_hidden = outcome.hidden.expect("a gradient");
                    for (place, number) in by_hidden.iter().enumerate() {
                        assert_eq!(number.is_nan(), place / 3 == 2, "{what}: {by_hidden:?}");
                    }
                    for list in [outcome.matrix, outcome.bias] {
                        let list = list.expect("a gradient");
                        assert!(
                            list.iter().all(|number| number.is_nan()),
                            "{what}: {list:?}"
                        );
                    }
                }
            }
        }
    }
}

/// Finite gradients stay finite, above half of the largest number and where their sum before the mean would not be.
#[test]
fn gradients_near_the_largest_number_are_right() {
    let most = f64::from(f32::MAX);
    for (hidden, rows, method) in [
        (most, 1, SUM),
        (3e38, 2, SUM),
        (3e38, 4, MEAN),
        (3e38, 8, MEAN),
        (2e38, 3, MEAN),
    ] {
        for upstream in [1.0, -1.0, 0.5] {
            let row = [hidden, -hidden];
            let rows = vec![(&row[..], 0); rows];
            let mut call = identity(&rows, &[0.0, 0.0]);
            (call.method, call.upstream) = (method, vec![upstream]);
            call.matrix.fill(0.0);
            // Both classes are as likely, so the slopes of the logits are -1/2 and 1/2.
            let count = if method == SUM {
                rows.len() as f64
            } else {
                1.0
            };
            let slope = 0.5 * upstream * count * f64::from(hidden as f32);
            let expected = [-slope, slope, slope, -slope];
            let loss = plain(entropy()).loss(method.reduction());
            for site in differentiable_sites_and_gpu() {
                let by_matrix = call.run(&loss, &site).matrix.expect("a gradient");
                let what = format!("{hidden} {method:?} {upstream} on {site}");
                Tolerance::at(&site, Dtype::F32).check(
                    &what,
                    &by_matrix,
                    &exact_numbers(&expected),
                );
            }
        }
    }
}

/// A row that is right by a margin has a tiny loss and tiny gradients, in proportion to themselves right.
#[test]
fn easy_rows_are_right_in_proportion() {
    for margin in [10.0, 20.0, 50.0, 80.0] {
        let rows: [(&[f64], i64); 2] = [(&[margin, 0.0, -1.0], 0), (&[0.5, 0.25, margin + 1.0], 2)];
        let call = identity(&rows, &[0.0; 3]);
        let oracle = plain(entropy());
        for call in [summed(&call), call] {
            let expected = oracle.expected(&call);
            for site in differentiable_sites_and_gpu() {
                let tolerance = Tolerance::at(&site, Dtype::F32).at_least(1e-5);
                let outcome = call.run(&oracle.loss(Reduction::Sum), &site);
                let what = format!("{margin} {:?} on {site}", call.method);
                let numbers = |scaled: &Scaled| exact_numbers(&scaled.values);
                tolerance.check(&what, &outcome.value, &numbers(&expected.value));
                for (got, expected) in [
                    (outcome.hidden, &expected.hidden),
                    (outcome.matrix, &expected.matrix),
                    (outcome.bias, &expected.bias),
                ] {
                    let expected = numbers(expected.as_ref().expect("a gradient"));
                    tolerance.check(&what, &got.expect("a gradient"), &expected);
                }
            }
        }
    }
}

/// The slope of a soft cap where that is near: `1 - tanh²` of a rounded tanh would be mostly rounding.
#[test]
fn the_slope_of_a_soft_cap_is_right_in_proportion() {
    let oracle = LinearOracle {
        soft_cap: Some(30.0),
        ..plain(entropy())
    };
    for logit in [60.0, 120.0, 240.0, 480.0, 900.0] {
        let call = identity(&[(&[logit, 0.0], 1), (&[-logit, 0.0], 0)], &[0.0, 0.0]);
        // What is left of 1 - tanh² is 4 e^(-2 z / c), over (1 + e^(-2 z / c))².
        let decay = (-2.0 * logit / 30.0).exp();
        let slope = 4.0 * decay / (1.0 + decay).powi(2);
        let capped = 30.0 * (logit / 30.0).tanh();
        let p = 1.0 / (1.0 + (-capped).exp());
        for call in [summed(&call), call] {
            for site in differentiable_sites_and_gpu() {
                let tolerance = Tolerance::at(&site, Dtype::F32).at_least(1e-5);
                let outcome = call.run(&oracle.loss(Reduction::Sum), &site);
                let by_hidden = outcome.hidden.expect("a gradient");
                let expected = exact_numbers(&[p * slope, -p, -p * slope, p]);
                let what = format!("{logit} {:?} on {site}", call.method);
                tolerance.check(&what, &by_hidden, &expected);
            }
        }
    }
}

/// The only class is as likely as can be, whatever its logit; one of infinity is no number, and has no gradient that is.
#[test]
fn an_infinite_logit_of_the_only_class_has_no_finite_gradient() {
    for hidden in [INF, NEG_INF] {
        let call = LinearCall {
            hidden: vec![hidden, 1.0],
            matrix: vec![1.0, 2.0],
            shape: vec![1, 2],
            ..identity(&[(&[0.0], 0)], &[0.5])
        };
        let loss = plain(entropy()).loss(Reduction::Sum);
        for call in [call.clone(), summed(&call)] {
            for site in differentiable_sites_and_gpu() {
                let outcome = call.run(&loss, &site);
                let lists = [outcome.hidden, outcome.matrix, outcome.bias];
                let lists = lists.map(|list| list.expect("a gradient"));
                for list in [outcome.value].iter().chain(&lists) {
                    let all = list.iter().all(|number| number.is_nan());
                    assert!(all, "{hidden} {:?} on {site}: {list:?}", call.method);
                }
            }
        }
    }
}

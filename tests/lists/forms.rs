//! Every way through an evaluation, data types, and nothing at all.

use super::case::{Case, LOSSES};
use crate::support::{Dtype, Scaled, Tolerance, differentiable_sites};
use serde_json::json;

/// A call of each loss with some samples.
fn call(loss: &str) -> Case {
    let scores = [0.5, -1.0, 2.0, 0.25, 1.5, -0.75, 0.125, 3.0, -2.5];
    match loss {
        "multi_margin" => Case::margin(loss, [3, 3], &scores, &[1, 2, 0]),
        "multi_label_margin" => {
            Case::margin(loss, [3, 3], &scores, &[1, 0, -1, 2, -1, 0, 0, -1, -1])
        }
        "cox" => {
            let times = [3.0, 1.0, 2.0, 5.0, 2.0, 4.0, 4.0, 6.0, 1.5];
            let events = [true, true, false, false, true, true, true, false, true];
            Case::cox("efron", &scores, &times, &events)
        }
        _ => {
            let relevances = [2.0, 0.0, 1.0, 0.0, 3.0, 1.0, 1.0, 1.0, 0.0];
            Case::ranking(loss, [3, 3], &scores, &relevances)
        }
    }
}

/// As how many each sample counts in a mean.
fn counts(loss: &str) -> Vec<f64> {
    match loss {
        "rank_net" => vec![3.0, 3.0, 2.0],
        "cox" => [1, 1, 0, 0, 1, 1, 1, 0, 1].map(f64::from).to_vec(),
        _ => vec![1.0; 3],
    }
}

#[test]
fn sums_means_and_normalizers_are_those_of_the_losses() {
    for site in differentiable_sites() {
        for loss in LOSSES {
            let mut case = call(loss);
            let samples = case.shape[0];
            let weights: Vec<f64> = (0..samples).map(|i| 0.5 + 0.25 * i as f64).collect();
            let each = case.run(&site, Dtype::F32).value;
            let sum_of = |weights: &[f64], of: &[f64]| -> f64 {
                of.iter().zip(weights).map(|(x, w)| x * w).sum()
            };
            let ones = vec![1.0; samples];
            let all = Case {
                upstream: vec![1.0],
                ..case.clone()
            };
            for (weights, given) in [(ones, None), (weights.clone(), Some(weights))] {
                let total = sum_of(&weights, &each);
                let count = sum_of(&weights, &counts(loss));
                for (method, reduction, expected) in [
                    ("forward", "mean", total / count),
                    ("forward", "sum", total),
                    ("divided_by", "mean", total / 3.0),
                ] {
                    case = Case {
                        method: method.to_string(),
                        config: json!({"reduction": reduction}),
                        weights: given.clone(),
                        ..all.clone()
                    };
                    let got = case.run(&site, Dtype::F32).value[0];
                    let what = format!("{loss}, {method}, {reduction} on {site}");
                    let is_near = (got - expected).abs() < 1e-5 * expected.abs().max(1.0);
                    assert!(is_near, "{what}: {got} against {expected}");
                }
            }
        }
    }
}

/// Half precision is computed in `f32`: the numbers are those of the same scores in `f32`.
#[test]
fn half_precision_is_computed_in_f32() {
    for site in differentiable_sites()
        .into_iter()
        .filter(|site| site.is_flex())
    {
        for loss in LOSSES {
            let wide = call(loss).reduced().run(&site, Dtype::F32);
            for dtype in [Dtype::F16, Dtype::BF16] {
                let half = call(loss).reduced().run(&site, dtype);
                let what = format!("{loss} in {dtype:?} on {site}");
                assert_eq!(
                    (half.dtype, &half.value),
                    (wide.dtype, &wide.value),
                    "{what}"
                );
                let expected = wide.gradient.clone().expect("a gradient");
                let expected = Scaled {
                    scales: vec![0.0; expected.len()],
                    values: expected,
                };
                let got = half.gradient.expect("a gradient");
                Tolerance::of(dtype).check(&what, &got, &expected);
            }
        }
    }
}

#[test]
fn an_empty_batch_costs_nothing() {
    for site in differentiable_sites() {
        for loss in LOSSES {
            let shape: &[usize] = if loss == "cox" { &[0] } else { &[0, 3] };
            let empty = Case {
                relevances: Some(Vec::new()),
                times: Some(Vec::new()),
                ..Case::each(loss, shape, Vec::new())
            };
            let reduced = empty.clone().reduced().run(&site, Dtype::F32);
            assert_eq!(reduced.value, [0.0], "{loss} on {site}");
            assert_eq!(reduced.gradient, Some(Vec::new()), "{loss} on {site}");
            let each = Case {
                upstream: Vec::new(),
                ..empty
            };
            assert_eq!(
                each.run(&site, Dtype::F32).value,
                [0.0; 0],
                "{loss} on {site}"
            );
        }
    }
}

//! Distillation: the references, random calls, what is ignored, configurations and messages.

use crate::{
    configs::assert_refused,
    panics::message,
    support::{
        Dtype, Expected, Layout, Method, Random, Site, Tolerance, Tracked, differentiable_sites,
        differentiable_sites_and_gpu,
        distillation::{DistillationCall, DistillationOracle},
        golden::{assert_agrees, golden_file, list, named_lists, scaled},
        sites,
        softmax::{FORMS, RowCall, Targets, cases::entropy, cases::row_case, check_rows},
    },
};
use burn::{
    config::Config,
    tensor::{Int, Tensor},
};
use burn_losses::{DistillationLossConfig, Reduction};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

const MEAN: Method = Method::Reduced(Reduction::Mean);
const SUM: Method = Method::Reduced(Reduction::Sum);

mod differences;
mod hostile;
mod near;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    name: String,
    source: String,
    #[serde(rename = "loss")]
    _loss: String,
    config: Value,
    method: String,
    shape: Vec<usize>,
    #[serde(deserialize_with = "named_lists")]
    inputs: BTreeMap<String, Vec<f64>>,
    classes: Option<Vec<i64>>,
    #[serde(deserialize_with = "list")]
    upstream: Vec<f64>,
    #[serde(deserialize_with = "list")]
    value: Vec<f64>,
    #[serde(deserialize_with = "named_lists")]
    gradients: BTreeMap<String, Vec<f64>>,
}

impl Golden {
    fn all() -> Vec<Self> {
        golden_file("goldens/composite/distillation.json")
    }

    fn call(&self) -> DistillationCall {
        let reduction = serde_json::from_value(self.config["reduction"].clone());
        let method = match self.method.as_str() {
            "forward_no_reduction" => Method::NoReduction,
            _ => Method::Reduced(reduction.expect("a reduction")),
        };
        let logits = self.inputs["logits"].clone();
        let count = logits.len() / self.shape[1];
        let classes = self.classes.clone().unwrap_or(vec![0; count]);
        let mut rows = RowCall::new(method, &self.shape, logits, Targets::Classes(classes));
        rows.weights = self.inputs.get("weights").cloned();
        rows.upstream = self.upstream.clone();
        rows.tracked = Tracked::PREDICTION;
        DistillationCall {
            rows,
            teacher: self.inputs["teacher"].clone(),
            has_labels: self.classes.is_some(),
        }
    }
}

#[test]
fn the_oracle_agrees_with_the_references() {
    let tolerance = Tolerance {
        relative: 1e-12,
        absolute: 1e-40,
    };
    for golden in Golden::all() {
        let expected = DistillationOracle::from_json(&golden.config).expected(&golden.call());
        let what = format!("{} ({})", golden.name, golden.source);
        assert_agrees(&what, tolerance, &expected.value, &golden.value);
        let gradient = &golden.gradients["logits"];
        assert_agrees(&what, tolerance, &expected.by_prediction, gradient);
    }
}

#[test]
fn goldens_of_losses_and_gradients_are_met() {
    for golden in Golden::all() {
        let config: DistillationLossConfig =
            serde_json::from_value(golden.config.clone()).expect(&golden.name);
        let call = golden.call();
        let mut expected = DistillationOracle::from_json(&golden.config).expected(&call);
        scaled(&golden.value, &mut expected.value);
        scaled(&golden.gradients["logits"], &mut expected.by_prediction);
        for site in differentiable_sites_and_gpu() {
            let outcome = call.run(&config.init(), &site);
            check_rows(&golden.name, &site, &call.rows, &outcome, &expected);
        }
    }
}

fn oracles() -> Vec<DistillationOracle> {
    let oracle = |temperature, alpha, labels| DistillationOracle {
        temperature,
        alpha,
        labels,
    };
    let everything = entropy()
        .weighted(vec![0.5, 2.0, 0.0, 1.25, 3.0])
        .smoothed(0.1)
        .ignoring(Some(255));
    vec![
        oracle(4.0, 0.9, entropy()),
        oracle(1.0, 0.5, everything.clone()),
        oracle(0.25, 0.25, everything),
        oracle(4.0, 0.0, entropy()),
        oracle(4.0, 1.0, entropy()),
    ]
}

/// A random call for five classes.
fn call(
    oracle: &DistillationOracle,
    method: Method,
    shape: &[usize],
    weighted: bool,
    dtype: Dtype,
) -> DistillationCall {
    let mut rows = row_case("ce").full_call(method, shape, weighted, dtype);
    if let Targets::Classes(classes) = &mut rows.targets {
        for class in classes.iter_mut().filter(|class| **class < 0) {
            *class = oracle.labels.ignored.unwrap_or(0);
        }
    }
    let mut random = Random::of("teacher");
    DistillationCall {
        teacher: random.list(rows.logits.len(), dtype, |random| random.normal(3.0)),
        rows,
        has_labels: true,
    }
}

#[track_caller]
fn assert_right(oracle: &DistillationOracle, call: &DistillationCall, sites: &[Site]) -> Expected {
    let expected = oracle.expected(call);
    let loss = oracle.loss(call.rows.method.reduction());
    for site in sites {
        let what = format!("{oracle:?} {:?} {:?}", call.rows.method, call.rows.shape);
        check_rows(&what, site, &call.rows, &call.run(&loss, site), &expected);
    }
    expected
}

#[test]
fn random_calls_are_right_on_every_path() {
    let sites = differentiable_sites();
    for oracle in oracles() {
        for shape in [&[1, 5][..], &[17, 5], &[3, 5, 4], &[2, 5, 3, 1]] {
            for (method, weighted) in FORMS {
                for dtype in [Dtype::F32, Dtype::F64] {
                    let mut call = call(&oracle, method, shape, weighted, dtype);
                    assert_right(&oracle, &call, &sites);
                    call.rows.tracked.weights = weighted;
                    call.rows.layouts = [Layout::Transposed, Layout::Sliced, Layout::Flipped];
                    assert_right(&oracle, &call, &sites);
                    call.has_labels = false;
                    assert_right(&oracle, &call, &sites);
                }
            }
        }
    }
}

/// Computed in `f32` and rounded: no further from the truth about the rounded inputs than that.
#[test]
fn half_precision_costs_one_rounding() {
    let mut sites = differentiable_sites();
    sites.retain(|site| site.is_flex());
    for oracle in oracles() {
        for dtype in [Dtype::F16, Dtype::BF16] {
            for (method, weighted) in FORMS {
                let mut call = call(&oracle, method, &[7, 5, 2], weighted, dtype);
                assert_right(&oracle, &call, &sites);
                call.has_labels = false;
                assert_right(&oracle, &call, &sites);
            }
        }
    }
}

#[test]
fn gradients_are_exactly_where_something_is_tracked() {
    for oracle in oracles() {
        for (prediction, weights) in [(false, false), (false, true), (true, false), (true, true)] {
            let mut call = call(&oracle, MEAN, &[4, 5], true, Dtype::F32);
            call.rows.tracked = Tracked {
                prediction,
                weights,
                target: false,
            };
            assert_right(&oracle, &call, &differentiable_sites());
        }
    }
}

/// A teacher that is tracked, as one is that shares its first layers with the student, does not learn.
#[test]
fn a_teacher_is_a_constant() {
    for oracle in oracles() {
        for (method, weighted) in FORMS {
            for has_labels in [true, false] {
                let mut call = call(&oracle, method, &[4, 5], weighted, Dtype::F32);
                call.has_labels = has_labels;
                let expected = oracle.expected(&call);
                let loss = oracle.loss(method.reduction());
                for site in differentiable_sites_and_gpu() {
                    let mut tracked = call.clone();
                    tracked.rows.tracked.target = true;
                    let outcome = tracked.run(&loss, &site);
                    // Where nothing is tracked there has to be no gradient.
                    check_rows("a constant", &site, &call.rows, &outcome, &expected);
                }
            }
        }
    }
}

#[test]
fn ignored_rows_are_left_out_of_both_parts_whatever_they_hold() {
    for oracle in oracles() {
        for method in [MEAN, SUM, Method::NoReduction] {
            for weighted in [false, true] {
                let mut call = call(&oracle, method, &[6, 5], weighted, Dtype::F32);
                let ignored = oracle.labels.ignored.expect("an index");
                let Targets::Classes(classes) = &mut call.rows.targets else {
                    panic!("classes");
                };
                classes.copy_from_slice(&[0, ignored, 1, 4, ignored, 3]);
                let mut spoiled = vec![1, 4];
                if let Some(weights) = &mut call.rows.weights {
                    weights.copy_from_slice(&[1.0, 2.0, 0.0, 0.5, 0.0, 1.5]);
                    spoiled.push(2);
                }
                for row in &spoiled {
                    for class in 0..5 {
                        call.rows.logits[row * 5 + class] = [f64::NAN, f64::INFINITY][class % 2];
                        call.teacher[row * 5 + class] = [f64::NEG_INFINITY, f64::NAN][class % 2];
                    }
                }
                assert_right(&oracle, &call, &differentiable_sites_and_gpu());
                let loss = oracle.loss(method.reduction());
                for site in differentiable_sites() {
                    let outcome = call.run(&loss, &site);
                    let gradient = outcome.by_prediction.expect("a gradient");
                    for row in &spoiled {
                        let of_row = &gradient[row * 5..][..5];
                        assert_eq!(of_row, [0.0; 5], "row {row} on {site}");
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_is_loss_0() {
    for oracle in oracles() {
        for method in [MEAN, SUM] {
            for weighted in [false, true] {
                let loss = oracle.loss(method.reduction());
                let empty = call(&oracle, method, &[0, 5], weighted, Dtype::F32);
                let mut all_ignored = call(&oracle, method, &[3, 5], weighted, Dtype::F32);
                let ignored = oracle.labels.ignored.expect("an index");
                all_ignored.rows.targets = Targets::Classes(vec![ignored; 3]);
                for site in differentiable_sites() {
                    assert_eq!(empty.run(&loss, &site).value, [0.0], "{oracle:?} on {site}");
                    let outcome = all_ignored.run(&loss, &site);
                    assert_eq!(outcome.value, [0.0], "{oracle:?} on {site}");
                    assert_eq!(outcome.by_prediction, Some(vec![0.0; 15]), "on {site}");
                }
            }
        }
    }
}

#[test]
fn a_student_that_agrees_with_its_teacher_pays_for_the_labels_alone() {
    let oracle = DistillationOracle {
        temperature: 4.0,
        alpha: 0.75,
        labels: entropy(),
    };
    for scale in [1.0, 1e4] {
        let mut call = call(&oracle, Method::NoReduction, &[9, 5], false, Dtype::F32);
        call.rows
            .logits
            .iter_mut()
            .for_each(|z| *z = *z * scale / 8.0);
        call.rows.logits = call.rows.logits.iter().map(|z| *z as f32 as f64).collect();
        call.teacher = call.rows.logits.clone();
        let hard = call.rows.expected(&oracle.labels).value;
        let loss = oracle.loss(Reduction::Mean);
        for site in sites() {
            let mut call = call.clone();
            call.rows.tracked = Tracked::NONE;
            for (row, value) in call.run(&loss, &site).value.iter().enumerate() {
                let expected = 0.25 * hard.values[row];
                let slack = 1e-4 + 1e-6 * hard.scales[row];
                assert!(
                    (value - expected).abs() <= slack,
                    "{value} {expected} on {site}"
                );
            }
        }
    }
}

#[test]
fn hyperparameters_out_of_range_are_refused() {
    let config = DistillationLossConfig::new;
    let temperature = |t| config().with_temperature(t);
    assert_refused!(
        temperature(0.0),
        "DistillationLossConfig",
        "temperature",
        "0"
    );
    assert_refused!(
        temperature(-4.0),
        "DistillationLossConfig",
        "temperature",
        "-4"
    );
    assert_refused!(
        temperature(f64::NAN),
        "DistillationLossConfig",
        "temperature",
        "NaN"
    );
    // Its square is more than `f32` holds.
    assert_refused!(
        temperature(1e30),
        "DistillationLossConfig",
        "temperature",
        "1e30"
    );
    temperature(1e19).init();
    temperature(1e30).with_alpha(0.0).init();
    let alpha = |alpha| config().with_alpha(alpha);
    assert_refused!(alpha(1.5), "DistillationLossConfig", "alpha", "1.5");
    assert_refused!(alpha(-0.5), "DistillationLossConfig", "alpha", "-0.5");
    let smooth = |by| config().with_label_smoothing(by);
    assert_refused!(
        smooth(-0.1),
        "DistillationLossConfig",
        "label_smoothing",
        "-0.1"
    );
    let weigh = |list: &[f64]| config().with_class_weights(Some(list.to_vec()));
    assert_refused!(
        weigh(&[-1.0]),
        "DistillationLossConfig",
        "class_weights"[0],
        "-1"
    );
}

#[test]
fn a_configuration_saved_and_loaded_is_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("distillation.json");
    let config = DistillationLossConfig::new()
        .with_temperature(2.5)
        .with_class_weights(Some(vec![1.0, 2.0]))
        .with_reduction(Reduction::Sum);
    config.save(&file).expect("saved");
    let loaded = DistillationLossConfig::load(&file).expect("loaded");
    assert_eq!(format!("{loaded:?}"), format!("{config:?}"));
    let defaults = DistillationLossConfig::new();
    assert_eq!((defaults.temperature, defaults.alpha), (4.0, 0.9));
    assert_eq!(
        (defaults.label_smoothing, defaults.ignore_index),
        (0.0, Some(-100))
    );
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let loss = DistillationLossConfig::new().init();
    for site in sites() {
        let ones = |shape: [usize; 2]| Tensor::<2>::ones(shape, &site.device);
        let labels = |n: usize| Tensor::<1, Int>::zeros([n], &site.device);
        let text = message(|| {
            site.path
                .run(|| loss.forward(ones([2, 3]), ones([2, 4]), labels(2)))
        });
        for part in ["DistillationLoss", "teacher", "[2, 4]", "[2, 3]"] {
            assert!(text.contains(part), "{part:?} is not in {text:?}");
        }
        let text = message(|| {
            site.path
                .run(|| loss.forward(ones([2, 3]), ones([2, 3]), labels(3)))
        });
        for part in ["DistillationLoss", "[3]", "expected [2]", "[2, 3]"] {
            assert!(text.contains(part), "{part:?} is not in {text:?}");
        }
        let out_of_range = labels(2) + 3;
        let text = message(|| {
            site.path
                .run(|| loss.forward(ones([2, 3]), ones([2, 3]), out_of_range))
        });
        let expected = "DistillationLoss: the target of sample 0 is 3, expected the index of one of 3 \
                        classes, 0 to 2, or the ignore_index, -100";
        assert_eq!(text, expected);
    }
}

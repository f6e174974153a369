//! The losses of rows against values and gradients from PyTorch, compositions of its operations, or
//! 50-digit arithmetic: `goldens/generate_softmax.py` writes them and names the source of each.

use crate::support::{
    Method, Scaled, Tolerance, Tracked, differentiable_sites_and_gpu,
    golden::{assert_agrees, golden_cases, list, optional_list, scaled},
    softmax::{Kind, RowCall, RowLoss, RowOracle, Targets, check_rows, row_cases},
};
use burn_losses::Reduction;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    name: String,
    source: String,
    loss: String,
    config: Value,
    method: String,
    shape: Vec<usize>,
    #[serde(deserialize_with = "list")]
    logits: Vec<f64>,
    classes: Option<Vec<i64>>,
    #[serde(default, deserialize_with = "optional_list")]
    probabilities: Option<Vec<f64>>,
    #[serde(default, deserialize_with = "optional_list")]
    weights: Option<Vec<f64>>,
    #[serde(deserialize_with = "list")]
    upstream: Vec<f64>,
    #[serde(deserialize_with = "list")]
    value: Vec<f64>,
    #[serde(deserialize_with = "list")]
    grad_logits: Vec<f64>,
    #[serde(default, deserialize_with = "optional_list")]
    grad_probabilities: Option<Vec<f64>>,
    #[serde(default, deserialize_with = "optional_list")]
    grad_weights: Option<Vec<f64>>,
}

impl Golden {
    fn all() -> Vec<Self> {
        golden_cases("goldens/softmax")
    }

    fn call(&self) -> RowCall {
        let reduction = serde_json::from_value(self.config["reduction"].clone())
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let method = match (self.method.as_str(), &self.weights) {
            ("forward", None) | ("forward_weighted", Some(_)) => Method::Reduced(reduction),
            ("forward_no_reduction", None) => Method::NoReduction,
            (other, _) => panic!("{}: {other} with these arguments", self.name),
        };
        let targets = match (&self.classes, &self.probabilities) {
            (Some(classes), None) => Targets::Classes(classes.clone()),
            (None, Some(shares)) => Targets::Shares(shares.clone()),
            _ => panic!("{}: classes or probabilities", self.name),
        };
        let mut call = RowCall::new(method, &self.shape, self.logits.clone(), targets);
        call.weights = self.weights.clone();
        call.upstream = self.upstream.clone();
        call.tracked = Tracked {
            prediction: true,
            target: self.grad_probabilities.is_some(),
            weights: false,
        };
        call
    }

    fn loss(&self) -> RowLoss {
        RowLoss::from_json(&self.loss, self.config.clone())
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    fn oracle(&self) -> RowOracle {
        RowOracle::from_json(&self.loss, &self.config)
            .unwrap_or_else(|| panic!("{}: no oracle for {}", self.name, self.loss))
    }
}

/// Whether another library, or the paper, says what the loss is against probabilities. For the others the oracle alone
/// does: the mean of the losses of all classes.
fn has_share_references(oracle: &RowOracle) -> bool {
    matches!(
        oracle.kind,
        Kind::CrossEntropy | Kind::Focal { .. } | Kind::Poly { .. }
    )
}

#[test]
fn there_are_cases_for_every_loss() {
    let goldens = Golden::all();
    assert!(goldens.len() > 140, "only {} cases", goldens.len());
    for case in row_cases() {
        let loss = RowLoss::like(&case.oracle(3), Reduction::Mean).name();
        let is_held = |shares: bool| {
            goldens.iter().any(|golden| {
                golden.loss().name() == loss && golden.probabilities.is_some() == shares
            })
        };
        assert!(is_held(false), "no golden of {loss} with classes");
        assert!(
            is_held(true) || !has_share_references(&case.oracle(3)),
            "no golden of {loss} with probabilities"
        );
    }
}

#[test]
fn the_oracle_agrees_with_the_references() {
    let tolerance = Tolerance {
        relative: 1e-12,
        absolute: 1e-40,
    };
    for golden in Golden::all() {
        let expected = golden.call().expected(&golden.oracle());
        let check = |what: &str, got: &Scaled, reference: &[f64]| {
            let what = format!("{} ({}): {what}", golden.name, golden.source);
            assert_agrees(&what, tolerance, got, reference);
        };
        check("value", &expected.value, &golden.value);
        check("logits", &expected.by_prediction, &golden.grad_logits);
        if let Some(gradient) = &golden.grad_probabilities {
            check("probabilities", &expected.by_target, gradient);
        }
        if let Some(gradient) = &golden.grad_weights {
            let known = expected.by_weights.values.iter().zip(gradient);
            let known: Vec<f64> = known
                .filter(|(expected, _)| !expected.is_nan())
                .map(|(_, gradient)| *gradient)
                .collect();
            check("weights", &expected.by_weights.known(), &known);
        }
    }
}

#[test]
fn losses_and_gradients_are_those_of_the_references() {
    for golden in Golden::all() {
        let (loss, mut call) = (golden.loss(), golden.call());
        let mut expected = call.expected(&golden.oracle());
        scaled(&golden.value, &mut expected.value);
        scaled(&golden.grad_logits, &mut expected.by_prediction);
        if let Some(gradient) = &golden.grad_probabilities {
            scaled(gradient, &mut expected.by_target);
        }
        for site in differentiable_sites_and_gpu() {
            let what = format!("{} ({})", golden.name, golden.source);
            call.tracked.weights = false;
            check_rows(&what, &site, &call, &call.run(&loss, &site), &expected);
            if golden.grad_weights.is_some() {
                call.tracked.weights = true;
                check_rows(&what, &site, &call, &call.run(&loss, &site), &expected);
            }
        }
    }
}

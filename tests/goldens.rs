//! The losses against values and gradients from PyTorch and torchvision, or 50-digit arithmetic
//! where those lose digits: `goldens/generate.py` writes them and names the source of each.

use crate::support::{
    Call, Expected, Loss, Method, Oracle, Scaled, Tolerance, Tracked, compare,
    differentiable_sites_and_gpu,
    golden::{assert_agrees, golden_cases, list, optional_list, scaled},
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
    prediction: Vec<f64>,
    target_shape: Option<Vec<usize>>,
    #[serde(deserialize_with = "list")]
    target: Vec<f64>,
    #[serde(default, deserialize_with = "optional_list")]
    weights: Option<Vec<f64>>,
    normalizer: Option<f64>,
    #[serde(deserialize_with = "list")]
    upstream: Vec<f64>,
    #[serde(deserialize_with = "list")]
    value: Vec<f64>,
    #[serde(deserialize_with = "list")]
    grad_prediction: Vec<f64>,
    #[serde(default, deserialize_with = "optional_list")]
    grad_target: Option<Vec<f64>>,
}

impl Golden {
    fn all() -> Vec<Self> {
        golden_cases("goldens")
    }

    fn call(&self) -> Call {
        let reduction = || {
            serde_json::from_value(self.config["reduction"].clone())
                .unwrap_or_else(|error| panic!("{}: {error}", self.name))
        };
        let method = match (self.method.as_str(), &self.weights, self.normalizer) {
            ("forward", None, None) | ("forward_weighted", Some(_), None) => {
                Method::Reduced(reduction())
            }
            ("forward_no_reduction", None, None) => Method::NoReduction,
            ("forward_normalized", None, Some(normalizer)) => Method::Normalized(normalizer),
            (other, ..) => panic!("{}: {other} with these arguments", self.name),
        };
        let mut target_shape = self.shape.clone();
        if let Some(shape) = &self.target_shape {
            // The reference has no last dimension there; in the library it is 1.
            target_shape = shape.iter().copied().chain([1]).collect();
        }
        Call {
            target_shape,
            weights: self.weights.clone(),
            upstream: self.upstream.clone(),
            ..Call::new(
                method,
                &self.shape,
                self.prediction.clone(),
                self.target.clone(),
            )
        }
        .tracking(Tracked {
            target: self.grad_target.is_some(),
            ..Tracked::PREDICTION
        })
    }

    fn loss(&self) -> Loss {
        Loss::from_json(&self.loss, self.config.clone())
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    fn oracle(&self) -> Oracle {
        Oracle::from_json(&self.loss, &self.config)
            .unwrap_or_else(|| panic!("{}: no oracle for {}", self.name, self.loss))
    }
}

#[test]
fn there_are_cases_for_every_loss() {
    let goldens = Golden::all();
    assert!(goldens.len() > 90, "only {} cases", goldens.len());
    for case in crate::support::cases() {
        let loss = Loss::like(&case.oracle(&[1]), Reduction::Mean).name();
        assert!(
            goldens.iter().any(|golden| golden.loss().name() == loss),
            "no golden of {loss}"
        );
    }
}

#[test]
fn the_oracle_agrees_with_the_references() {
    for golden in Golden::all() {
        let tolerance = Tolerance {
            relative: 1e-12,
            // The reference takes ln 2 from a number next to it, in f64.
            absolute: if golden.loss == "log_cosh" {
                1e-15
            } else {
                1e-40
            },
        };
        let expected = Expected::of(&golden.oracle(), &golden.call());
        let check = |what: &str, got: &Scaled, reference: &[f64]| {
            let what = format!("{} ({}): {what}", golden.name, golden.source);
            assert_agrees(&what, tolerance, got, reference);
        };
        check("value", &expected.value, &golden.value);
        check(
            "prediction",
            &expected.by_prediction,
            &golden.grad_prediction,
        );
        if let Some(gradient) = &golden.grad_target {
            check("target", &expected.by_target, gradient);
        }
    }
}

#[test]
fn losses_and_gradients_are_those_of_the_references() {
    for golden in Golden::all() {
        let (loss, call) = (golden.loss(), golden.call());
        let mut expected = Expected::of(&golden.oracle(), &call);
        scaled(&golden.value, &mut expected.value);
        scaled(&golden.grad_prediction, &mut expected.by_prediction);
        if let Some(gradient) = &golden.grad_target {
            scaled(gradient, &mut expected.by_target);
        }
        for site in differentiable_sites_and_gpu() {
            let outcome = call.run(&loss, &site);
            let what = format!("{} ({})", golden.name, golden.source);
            compare::check(&what, &site, &call, &outcome, &expected);
        }
    }
}

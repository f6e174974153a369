//! Losses and gradients against the references.

use super::call::{AnyImageLoss, Ask, ImageCall, assert_near};
use crate::support::{
    Dtype, Path, Site, differentiable_sites, differentiable_sites_and_gpu,
    golden::{golden_cases, list, named_lists},
};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    name: String,
    source: String,
    loss: String,
    config: Value,
    method: String,
    #[serde(deserialize_with = "named_lists")]
    inputs: BTreeMap<String, Vec<f64>>,
    shape: [usize; 4],
    #[serde(deserialize_with = "list")]
    upstream: Vec<f64>,
    #[serde(deserialize_with = "list")]
    value: Vec<f64>,
    #[serde(deserialize_with = "named_lists")]
    gradients: BTreeMap<String, Vec<f64>>,
}

const NAMES: [&str; 2] = ["prediction", "target"];

impl Golden {
    fn all() -> Vec<Self> {
        golden_cases("goldens/image")
    }

    fn call(&self, dtype: Dtype) -> ImageCall {
        let image = |name: &str| match self.inputs.get(name) {
            Some(values) => values.clone(),
            None => self.inputs[NAMES[0]].clone(),
        };
        let method = self.method.as_str();
        ImageCall {
            ask: match method {
                "forward_no_reduction" => Ask::Each,
                "forward" | "forward_weighted" => Ask::Reduced,
                _ => panic!("{}: no method is named {method:?}", self.name),
            },
            weights: self.inputs.get("weights").cloned(),
            upstream: self.upstream.clone(),
            dtype,
            ..ImageCall::new(self.shape, NAMES.map(image))
        }
    }

    /// Of the largest number: what rounding may do in the type, on a path.
    fn share(&self, site: &Site, dtype: Dtype, loss: &AnyImageLoss) -> f64 {
        match dtype {
            Dtype::F64 => 1e-9,
            _ if loss.is_fused() && site.path == Path::Chosen && !site.is_gpu() => 3e-6,
            _ => 5e-5,
        }
    }

    #[track_caller]
    fn check(&self, site: &Site, dtype: Dtype) {
        let loss = AnyImageLoss::from_json(&self.loss, self.config.clone());
        let outcome = self.call(dtype).run(&loss, site);
        let what = format!("{} ({}) on {site}, {dtype:?}", self.name, self.source);
        let share = self.share(site, dtype, &loss);
        assert_near(
            &format!("{what}: value"),
            &outcome.value,
            &self.value,
            share,
        );
        for (name, got) in NAMES.iter().zip(&outcome.gradients) {
            let (Some(expected), Some(got)) = (self.gradients.get(*name), got) else {
                assert!(!self.gradients.contains_key(*name), "{what}: no {name}");
                continue;
            };
            assert_near(
                &format!("{what}: gradient of the {name}"),
                got,
                expected,
                share,
            );
        }
    }
}

#[test]
fn losses_and_gradients_are_those_of_the_references() {
    for (index, golden) in Golden::all().iter().enumerate() {
        let sites = match index % 4 {
            0 => differentiable_sites_and_gpu(),
            _ => differentiable_sites(),
        };
        for site in sites {
            golden.check(&site, Dtype::F32);
        }
    }
}

/// Composed in `f64` they agree to the precision of that.
#[test]
fn losses_of_f64_images_have_the_precision_of_f64() {
    for golden in Golden::all() {
        for site in differentiable_sites() {
            golden.check(&site, Dtype::F64);
        }
    }
}

#[test]
fn there_are_cases_for_every_loss() {
    let goldens = Golden::all();
    for loss in AnyImageLoss::KEYS {
        let cases = goldens.iter().filter(|golden| golden.loss == loss);
        assert!(cases.count() >= 6, "{loss}");
    }
}

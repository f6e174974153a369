//! Losses and gradients against the references.

use super::loss::{LOSSES, MaskCall, assert_close, loss, mask_sites};
use crate::support::{
    Dtype,
    golden::{golden_cases, list, optional_list},
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
    shape: Vec<usize>,
    #[serde(deserialize_with = "list")]
    logits: Vec<f64>,
    classes: Option<Vec<i64>>,
    #[serde(deserialize_with = "optional_list")]
    masks: Option<Vec<f64>>,
    #[serde(deserialize_with = "optional_list")]
    pixel_weights: Option<Vec<f64>>,
    #[serde(deserialize_with = "list")]
    upstream: Vec<f64>,
    #[serde(deserialize_with = "list")]
    value: Vec<f64>,
    #[serde(deserialize_with = "list")]
    gradient: Vec<f64>,
}

#[test]
fn goldens_of_losses_and_gradients() {
    let cases: Vec<Golden> = golden_cases("goldens/masks");
    let mut counts = BTreeMap::new();
    for golden in cases {
        *counts.entry(golden.loss.clone()).or_insert(0) += 1;
        let loss = loss(&golden.loss, golden.config);
        let call = MaskCall {
            shape: golden.shape,
            logits: golden.logits,
            classes: golden.classes,
            masks: golden.masks,
            pixel_weights: golden.pixel_weights,
            transposed: false,
        };
        for site in mask_sites() {
            for (dtype, relative) in [(Dtype::F64, 1e-9), (Dtype::F32, 4e-6)] {
                if site.is_gpu() && dtype == Dtype::F64 {
                    continue;
                }
                // Weights of pixels are f32 here.
                if dtype == Dtype::F64 && (call.pixel_weights.is_some() || !site.is_flex()) {
                    continue;
                }
                let relative = if site.is_gpu() { 5e-5 } else { relative };
                let got = call.run(&loss, dtype, &site, Some(&golden.upstream));
                let what = format!("{} ({}) on {site}, {dtype:?}", golden.name, golden.source);
                assert_close(&what, &got.losses.values, &golden.value, relative);
                assert_close(
                    &format!("{what}: gradient"),
                    &got.gradient,
                    &golden.gradient,
                    relative,
                );
            }
        }
    }
    for name in LOSSES {
        assert!(counts.get(name).is_some_and(|&count| count >= 3), "{name}");
    }
}

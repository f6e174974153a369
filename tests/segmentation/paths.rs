//! Fused against composed, half precision, layouts, threads.

use super::loss::{LOSSES, MaskCall, MaskOutcome, assert_close, loss, mask_sites};
use crate::support::{Dtype, Path, Site, differentiable_sites, random::round};
use serde_json::{Value, json};

/// Calls of more than one tile and of channels, with ignored pixels and weights.
fn calls() -> Vec<(&'static str, MaskCall)> {
    let mut weighted = MaskCall::random("weighted", [2, 3, 40, 37], false, 0.1);
    let pixels = 2 * 40 * 37;
    weighted.pixel_weights = Some((0..pixels).map(|i| [0.0, 0.5, 1.0, 2.0][i % 4]).collect());
    let mut transposed = MaskCall::random("transposed", [2, 3, 9, 17], true, 0.1);
    transposed.transposed = true;
    vec![
        (
            "classes",
            MaskCall::random("classes", [2, 5, 40, 37], false, 0.1),
        ),
        (
            "binary",
            MaskCall::random("binary", [3, 1, 33, 41], false, 0.2),
        ),
        (
            "masks",
            MaskCall::random("masks", [2, 3, 40, 37], true, 0.1),
        ),
        (
            "many classes",
            MaskCall::random("many", [1, 1100, 3, 7], false, 0.0),
        ),
        ("weighted", weighted),
        ("transposed", transposed),
    ]
}

fn configs(name: &str) -> Vec<Value> {
    let mut configs = vec![json!({}), json!({"batch": true, "absent": "zero"})];
    match name {
        "dice" | "jaccard" => configs.push(json!({"squared": true, "log": true})),
        "combined" => configs.push(json!({"squared": true, "gamma": 2.0, "alpha": 0.3})),
        _ => {}
    }
    configs
}

/// The path that the library chooses and tensors of `f64`.
fn reference(call: &MaskCall, name: &str, config: &Value, site: &Site) -> MaskOutcome {
    call.run(&loss(name, config.clone()), Dtype::F64, site, None)
}

#[test]
fn every_path_is_that_of_f64() {
    let sites = mask_sites();
    let is_reference = |site: &&Site| !site.is_gpu() && site.path == Path::Composed;
    let Some(cpu) = sites.iter().find(is_reference) else {
        return; // A run on GPUs alone.
    };
    for (of, call) in calls() {
        for name in LOSSES {
            let is_slow = ["boundary", "cl_dice"].contains(&name) && of == "many classes";
            if is_slow {
                continue;
            }
            for config in configs(name) {
                // Weights of pixels are f32.
                let mut wide = call.clone();
                let weights = wide.pixel_weights.take();
                let expected = match weights {
                    None => Some(reference(&wide, name, &config, cpu)),
                    Some(_) => None,
                };
                let loss = loss(name, config.clone());
                let expected = expected.unwrap_or_else(|| call.run(&loss, Dtype::F32, cpu, None));
                for site in &sites {
                    let got = call.run(&loss, Dtype::F32, site, None);
                    let what = format!("{name} {config} of {of} on {site}");
                    let relative = if site.is_gpu() { 2e-4 } else { 2e-5 };
                    assert_close(&what, &got.losses.values, &expected.losses.values, relative);
                    // Rounding puts errors in another order, and their weights with it.
                    if !name.starts_with("lovasz") {
                        assert_close(&what, &got.gradient, &expected.gradient, relative);
                    }
                }
            }
        }
    }
}

#[test]
fn half_precision_is_computed_in_f32() {
    for site in differentiable_sites().iter().filter(|site| site.is_flex()) {
        for (of, mut call) in calls() {
            for logit in &mut call.logits {
                *logit = round(*logit, Dtype::BF16);
                *logit = round(*logit, Dtype::F16);
            }
            for name in ["dice", "combined", "lovasz_softmax"] {
                let loss = loss(name, json!({}));
                let wide = call.run(&loss, Dtype::F32, site, None);
                for (dtype, unit) in [(Dtype::F16, 1e-3), (Dtype::BF16, 8e-3)] {
                    let got = call.run(&loss, dtype, site, None);
                    let what = format!("{name} of {of} on {site}, {dtype:?}");
                    assert_eq!(got.losses.dtype, burn::tensor::DType::F32);
                    assert_close(&what, &got.losses.values, &wide.losses.values, 1e-5);
                    let largest = wide.gradient.iter().fold(0f64, |most, x| most.max(x.abs()));
                    for (got, wide) in got.gradient.iter().zip(&wide.gradient) {
                        let bound = unit * (wide.abs() + 1e-3 * largest) + 1e-7;
                        assert!((got - wide).abs() <= bound, "{what}: {got:e} and {wide:e}");
                    }
                }
            }
        }
    }
}

#[test]
fn bits_do_not_depend_on_threads() {
    let site = &differentiable_sites()[0];
    for (of, call) in calls() {
        for name in LOSSES {
            if of == "many classes" {
                continue;
            }
            let outcomes = [1, 3].map(|threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                pool.build().expect("threads").install(|| {
                    let loss = loss(name, json!({"batch": true}));
                    let outcome = call.run(&loss, Dtype::F32, site, None);
                    (outcome.losses.values, outcome.gradient)
                })
            });
            assert!(outcomes[0] == outcomes[1], "{name} of {of}");
        }
    }
}

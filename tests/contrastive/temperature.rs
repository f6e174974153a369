//! Temperatures and scales, fixed and learned.

use super::{
    acceptance::{gradients, proxy_call, proxy_losses},
    paths::{pair_losses, random_call, run},
};
use crate::support::{
    Dtype, Site,
    contrastive::{Ask, EmbeddingCall, EmbeddingOutcome, Embeddings, More},
    differentiable_sites, differentiable_sites_and_gpu,
};
use burn::{module::Module, tensor::Tensor};
use burn_losses::*;
use serde_json::{Value, json};

/// Losses with a temperature, each with a call.
fn calls() -> Vec<(&'static str, Value, EmbeddingCall)> {
    let common = json!({"temperature": 0.3, "normalize": true, "reduction": "mean"});
    let with = |more: Value| {
        let mut config = common.clone();
        let fields = more.as_object().expect("an object").clone();
        config.as_object_mut().expect("an object").extend(fields);
        config
    };
    let plain = |key, more: Value| (key, with(more), random_call(key, 7, 5));
    let mut calls = vec![
        plain("nt_xent", json!({})),
        plain("dcl", json!({})),
        plain("hard_negative", json!({"tau_plus": 0.1, "beta": 1.0})),
        // Everything is clamped from below.
        plain("hard_negative", json!({"tau_plus": 0.9, "beta": 0.0})),
        plain("sup_con", json!({"base_temperature": 0.1, "form": "out"})),
        plain("sup_con", json!({"base_temperature": 0.3, "form": "in"})),
        plain("info_nce", json!({"symmetric": false})),
        plain("info_nce", json!({"symmetric": true})),
        plain("clip", json!({"max_scale": 100.0})),
    ];
    let proxied = json!({"classes": 4, "dimension": 3, "temperature": 0.3, "ignore_index": -100, "reduction": "mean"});
    let mut call = proxy_call(5);
    call.labels[1] = -100;
    calls.push(("normalized_softmax", proxied, call));
    let (key, config, mut call) = plain("info_nce", json!({"symmetric": false}));
    call.more = More::Negatives;
    call.embeddings
        .push(random_call("dcl", 9, 5).embeddings[0].clone());
    call.tracked.push(true);
    calls.push((key, config, call));
    let form = json!({"base_temperature": 0.1, "form": "out"});
    let (key, config, mut call) = plain("sup_con", form);
    call.more = More::Reference;
    let others = random_call("dcl", 9, 5).embeddings[0].clone();
    call.embeddings.push(others);
    call.tracked.push(true);
    call.reference_labels = (0..9).map(|i| i % 5 - 2).collect();
    call.ask = Ask::Weighted;
    call.weights = vec![1.0, 0.5, 0.0, 2.0, 1.0, 1.0, 3.0];
    calls.push((key, config, call));
    calls
}

/// The same configuration with a learned temperature, or one that is fixed.
fn at(config: &Value, is_learned: bool, temperature: f64) -> Value {
    let mut other = config.clone();
    other["learnable_temperature"] = json!(is_learned);
    other["temperature"] = json!(temperature);
    if let Some(base) = config["base_temperature"].as_f64() {
        // What is learned leaves this factor as it is.
        let factor = config["temperature"].as_f64().expect("a number") / base;
        other["base_temperature"] = json!(temperature / factor);
    }
    other
}

#[track_caller]
fn assert_near(what: &str, got: f64, expected: f64, relative: f64) {
    let off = (got - expected).abs();
    assert!(
        off <= relative * expected.abs(),
        "{what}: {got}, expected {expected}"
    );
}

fn slope(outcome: &EmbeddingOutcome) -> f64 {
    outcome.others["log_scale"][0]
}

/// The gradient is the slope of the loss with a fixed temperature, by central differences in `f64`.
#[test]
fn a_learned_temperature_has_the_slope_of_its_loss() {
    const STEP: f64 = 1e-5;
    for (key, config, call) in calls() {
        let mut exact = call.clone();
        exact.dtype = Dtype::F64;
        for site in differentiable_sites_and_gpu() {
            let cpu = differentiable_sites().remove(0);
            let there = if site.is_gpu() { &cpu } else { &site };
            let fixed = |temperature| run(key, &at(&config, false, temperature), &exact, there);
            let (less, more) = (fixed(0.3 * (-STEP).exp()), fixed(0.3 * STEP.exp()));
            let expected = (less.value[0] - more.value[0]) / (2.0 * STEP);
            let middle = fixed(0.3);

            let learned = run(key, &at(&config, true, 0.3), &call, &site);
            let what = format!("{key} {config} {:?} on {site}", call.more);
            assert!(expected.abs() > 1e-3, "{what}: {expected}");
            let relative = if site.is_gpu() { 1e-3 } else { 2e-5 };
            assert_near(&what, learned.value[0], middle.value[0], relative);
            assert_near(&what, slope(&learned), expected, relative);
            let largest = gradients(&middle).fold(0f64, |most, g| most.max(g.abs()));
            for (got, expected) in gradients(&learned).zip(gradients(&middle)) {
                let off = (got - expected).abs();
                assert!(off <= relative * largest, "{what}: {got} {expected}");
            }
        }
    }
}

fn clip(temperature: f64, site: &Site) -> EmbeddingOutcome {
    let config = json!({"temperature": temperature, "learnable_temperature": true, "max_scale": 100.0, "normalize": true, "reduction": "mean"});
    let embeddings = |values: [f64; 4]| Embeddings {
        values: values.to_vec(),
        shape: [2, 2],
    };
    let (images, texts) = ([1.0, 0.0, 0.0, 1.0], [0.70, 0.714, 0.714, 0.70]);
    let call = EmbeddingCall::new(Ask::Reduced, vec![embeddings(images), embeddings(texts)]);
    run("clip", &config, &call, site)
}

/// At the cap and beyond it: the loss and the gradient of a scale of 100.
#[test]
fn the_gradient_passes_the_cap() {
    for site in differentiable_sites_and_gpu() {
        let relative = if site.is_gpu() { 1e-4 } else { 5e-6 };
        for temperature in [0.01, 0.005, 1e-6] {
            let outcome = clip(temperature, &site);
            let what = format!("{temperature} on {site}");
            assert_near(&what, outcome.value[0], 1.620_532_0, relative);
            assert_near(&what, slope(&outcome), 1.123_203_7, relative);
        }
        let below = clip(0.0100001, &site);
        assert_near("below", slope(&below), 1.123_203_7, 1e-3);
    }
}

/// What has left the range of temperatures is brought back by the gradient alone.
#[test]
fn a_temperature_beyond_the_cap_comes_back() {
    for site in differentiable_sites_and_gpu() {
        let mut temperature = 0.009;
        for _ in 0..20 {
            let slope = slope(&clip(temperature, &site));
            temperature *= (0.02 * slope).exp();
        }
        assert!(temperature > 0.0101, "{temperature} on {site}");
    }
}

#[test]
fn a_clamped_temperature_is_at_the_cap_and_learns_on() {
    for site in differentiable_sites_and_gpu() {
        let parameter = |loss: &ClipLoss| {
            let parameter = loss.temperature().log_scale().expect("it is learned");
            assert!(parameter.is_require_grad(), "{site}");
            f64::from(parameter.into_scalar::<f32>())
        };
        let loss = ClipLossConfig::new()
            .with_temperature(0.005)
            .init(&site.device);
        assert_near("before", parameter(&loss), 200f64.ln(), 1e-6);
        let clamped = loss.clamped();
        assert_near("after", parameter(&clamped), 100f64.ln(), 1e-6);
        assert_near("scale", clamped.temperature().scale(), 100.0, 1e-5);
        // Its gradient arrives.
        let points = || Tensor::<2>::from_floats([[1.0, 0.2], [0.3, 1.0]], &site.device);
        let gradients = clamped.forward(points(), points()).backward();
        let leaf = clamped.temperature().log_scale().expect("it is learned");
        assert!(leaf.grad(&gradients).is_some(), "{site}");

        let within = ClipLossConfig::new().init(&site.device);
        let before = parameter(&within);
        assert_eq!(parameter(&within.clamped()), before);
    }
}

#[test]
fn a_temperature_says_what_it_is() {
    let site = differentiable_sites().remove(0);
    let learned = ClipLossConfig::new()
        .with_temperature(0.005)
        .init(&site.device);
    assert_eq!(learned.temperature().scale(), 100.0);
    assert_eq!(learned.temperature().value(), 0.01);
    assert_eq!(
        learned.temperature().to_string(),
        "0.01 (learned, at least 0.01)"
    );
    let text = learned.to_string();
    assert!(
        text.contains("temperature: 0.01 (learned, at least 0.01)"),
        "{text}"
    );

    let config = SupConLossConfig::new().with_temperature(0.2);
    let fixed = config.clone().init(&site.device);
    assert_eq!(fixed.temperature().value(), 0.2);
    assert!(fixed.temperature().log_scale().is_none());
    assert!(fixed.to_string().contains("temperature: 0.2,"), "{fixed}");
    let learned = config.with_learnable_temperature(true).init(&site.device);
    assert!((learned.temperature().value() - 0.2).abs() < 1e-7);
    assert!(
        learned.to_string().contains("temperature: 0.2 (learned)"),
        "{learned}"
    );
    assert!(
        format!("{learned:?}").contains("0.2 (learned)"),
        "{learned:?}"
    );

    let dcl = DclLossConfig::new().init(&site.device);
    assert!(dcl.to_string().contains("temperature: 0.1,"), "{dcl}");
}

/// In an evaluation there is nothing to learn; a loss that was made for one learns after `train()`.
#[test]
fn a_learned_temperature_evaluates_without_autodiff_and_learns_after_train() {
    for site in differentiable_sites_and_gpu() {
        let config = SupConLossConfig::new().with_learnable_temperature(true);
        let values = [[1.0, 0.2], [0.3, 1.0], [0.8, 0.9], [1.0, -0.4]];
        let value = |loss: &SupConLoss, device: &burn::tensor::Device| {
            let embeddings = Tensor::<2>::from_floats(values, device);
            loss.forward(embeddings, Tensor::from_ints([0, 1, 1, 0], device))
        };
        site.path.run(|| {
            let plain = site.device.clone().without_autodiff();
            let loss = config.init(&site.device);
            let tracked = value(&loss, &site.device);
            let evaluated = value(&loss.valid(), &plain);
            assert!(!evaluated.is_autodiff());
            assert_eq!(evaluated.into_scalar::<f32>(), tracked.into_scalar::<f32>());

            let loss = config.init(&plain).train();
            let gradients = value(&loss, &plain.clone().autodiff()).backward();
            let leaf = loss.temperature().log_scale().expect("it is learned");
            assert!(leaf.grad(&gradients).is_some(), "{site}");
        });
    }
}

#[test]
fn a_learned_temperature_is_saved_and_loaded() {
    let device = differentiable_sites().remove(0).device;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("loss");
    let config = SupConLossConfig::new().with_learnable_temperature(true);
    let saved = config.clone().with_temperature(0.3).init(&device);
    saved.clone().save_file(&path).expect("a saved loss");
    let loaded = config.init(&device).load_file(&path);
    assert_eq!(loaded.temperature().value(), saved.temperature().value());
}

/// A loss whose similarities count for so much, if it has a hyperparameter for that.
fn sharpened(key: &str, config: &Value, scale: f64) -> Option<Value> {
    let fields: &[(&str, f64)] = match key {
        "nt_xent" | "dcl" | "hard_negative" | "sup_con" | "info_nce" | "normalized_softmax" => {
            &[("temperature", 1.0 / scale)]
        }
        "clip" => &[("temperature", 1.0 / scale), ("max_scale", scale)],
        "siglip" | "arc_face" | "cos_face" | "proxy_nca" => &[("scale", scale)],
        "multi_similarity" => &[("alpha", scale), ("beta", scale)],
        "circle" => &[("gamma", scale)],
        "proxy_anchor" => &[("alpha", scale)],
        "contrastive" | "triplet" | "lifted_structure" | "n_pairs" => return None,
        _ => panic!("whether {key} has a temperature or a scale"),
    };
    let mut config = config.clone();
    for (field, value) in fields {
        let before = std::mem::replace(&mut config[field], json!(value));
        assert_ne!(before, json!(null), "{key} has no {field}");
    }
    Some(config)
}

#[test]
fn a_small_temperature_or_a_large_scale_has_a_finite_loss_and_gradient() {
    let pairs = pair_losses().into_iter();
    let pairs = pairs.map(|(key, config)| (key, config, random_call(key, 6, 3)));
    let proxies = proxy_losses().into_iter();
    let proxies = proxies.map(|(key, config)| (key, config, proxy_call(6)));
    for (key, plain, call) in pairs.chain(proxies) {
        for scale in [100.0, 1e3] {
            let Some(config) = sharpened(key, &plain, scale) else {
                continue;
            };
            for site in differentiable_sites_and_gpu() {
                let outcome = run(key, &config, &call, &site);
                let what = format!("{key} {config} on {site}: {outcome:?}");
                assert!(outcome.value[0].is_finite(), "{what}");
                assert!(gradients(&outcome).all(f64::is_finite), "{what}");
                assert_ne!(
                    outcome.value,
                    run(key, &plain, &call, &site).value,
                    "{what}"
                );
            }
        }
    }
}

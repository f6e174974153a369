//! Embeddings next to proxies that are left out: by a weight of 0, or by their label.

use crate::{
    contrastive::{
        acceptance::{gradients, proxy_call, proxy_losses},
        paths::run,
    },
    panics::message,
    support::{
        Site,
        contrastive::{Ask, EmbeddingCall, EmbeddingOutcome, Form, Last},
        differentiable_sites_and_gpu,
    },
};
use burn::tensor::{Int, Tensor};
use burn_losses::ArcFaceLossConfig;
use serde_json::{Value, json};

/// A call whose second embedding holds nothing that could be computed with, and whose label is no class.
fn spoiled(call: &EmbeddingCall, label: i64) -> EmbeddingCall {
    let mut call = call.clone();
    call.embeddings[0].values[3..6].copy_from_slice(&[f64::NAN, f64::INFINITY, 3e38]);
    call.labels[1] = label;
    call
}

/// The same call without its second embedding.
fn without_second(call: &EmbeddingCall) -> EmbeddingCall {
    let mut call = call.clone();
    call.embeddings[0].values.drain(3..6);
    call.embeddings[0].shape[0] -= 1;
    call.labels.remove(1);
    if !call.weights.is_empty() {
        call.weights.remove(1);
    }
    call
}

/// Panics unless an outcome is that of the other embeddings, and the second one got a gradient of 0.
#[track_caller]
fn assert_left_out(what: &str, outcome: &EmbeddingOutcome, others: &EmbeddingOutcome) {
    let near = |got: &[f64], expected: &[f64]| {
        assert_eq!(got.len(), expected.len(), "{what}");
        for (got, expected) in got.iter().zip(expected) {
            let off = (got - expected).abs();
            assert!(
                off <= 1e-5 * expected.abs() + 1e-6,
                "{what}: {got} {expected}"
            );
        }
    };
    near(&outcome.value, &others.value);
    let [of_embeddings, of_proxies] = [0, 1].map(|index| outcome.gradients[index].as_ref());
    let mut rest = of_embeddings.expect(what).clone();
    let own: Vec<f64> = rest.drain(3..6).collect();
    assert_eq!(own, [0.0; 3], "{what}");
    near(&rest, others.gradients[0].as_ref().expect(what));
    near(
        of_proxies.expect(what),
        others.gradients[1].as_ref().expect(what),
    );
}

/// Every loss that has losses of samples, and so weights.
fn weighted_losses() -> impl Iterator<Item = (&'static str, Value)> {
    let losses = proxy_losses().into_iter();
    losses.filter(|(key, _)| *key != "proxy_anchor")
}

/// Every last word with weights.
fn weighted_forms() -> impl Iterator<Item = Form> {
    [Last::Reduce, Last::DividedBy(3.0)]
        .into_iter()
        .map(|last| Form {
            weighted: true,
            reduction: None,
            last,
        })
}

#[test]
fn an_embedding_of_weight_0_may_hold_anything_and_have_any_label() {
    for (key, config) in weighted_losses() {
        let mut call = proxy_call(5);
        call.weights = vec![1.0, 0.0, 2.0, 0.5, 1.0];
        for form in weighted_forms() {
            call.ask = Ask::On(form);
            for site in differentiable_sites_and_gpu() {
                let others = run(key, &config, &without_second(&call), &site);
                for label in [-1, 4, i64::from(i32::MIN)] {
                    let outcome = run(key, &config, &spoiled(&call, label), &site);
                    let what = format!("{key} {config} {form:?} {label} on {site}");
                    assert_left_out(&what, &outcome, &others);
                }
            }
        }
    }
}

#[test]
fn an_ignored_label_leaves_its_embedding_out() {
    for (key, config) in proxy_losses() {
        for ignored in [-1, 2, -100] {
            let mut config = config.clone();
            config["ignore_index"] = json!(ignored);
            let mut call = proxy_call(5);
            call.labels = vec![0, 1, 3, 1, 0];
            for site in differentiable_sites_and_gpu() {
                let others = run(key, &config, &without_second(&call), &site);
                let outcome = run(key, &config, &spoiled(&call, ignored), &site);
                let what = format!("{key} {config} on {site}");
                assert_left_out(&what, &outcome, &others);
                if key != "proxy_anchor" {
                    let mut each = spoiled(&call, ignored).asked(Ask::Each);
                    each.upstream = vec![1.0; 5];
                    let outcome = run(key, &config, &each, &site);
                    assert_eq!(outcome.value[1], 0.0, "{what}");
                    assert!(
                        outcome.value[0] > 0.0 || config["includes_positive"] == false,
                        "{what}"
                    );
                    assert!(gradients(&outcome).all(f64::is_finite), "{what}");
                }
            }
        }
    }
}

#[test]
fn a_batch_of_ignored_labels_costs_nothing() {
    for (key, mut config) in proxy_losses() {
        config["ignore_index"] = json!(-7);
        let mut call = proxy_call(3);
        call.labels = vec![-7; 3];
        call.embeddings[0].values[4] = f64::NAN;
        for site in differentiable_sites_and_gpu() {
            let outcome = run(key, &config, &call, &site);
            assert_eq!(outcome.value, [0.0], "{key} on {site}");
            assert!(
                gradients(&outcome).all(|g| g == 0.0),
                "{key} on {site}: {outcome:?}"
            );
        }
    }
}

/// One of two embeddings is left out, by its weight or by its label.
#[test]
fn arc_face_of_an_embedding_and_one_left_out() {
    for site in differentiable_sites_and_gpu() {
        let floats = |rows: [[f32; 2]; 2]| Tensor::<2>::from_floats(rows, &site.device);
        let config = ArcFaceLossConfig::new(2, 2).with_scale(1.0);
        let value = |ignore_index: Option<i64>, weights: Option<[f32; 2]>| {
            let loss = config
                .clone()
                .with_ignore_index(ignore_index)
                .init(&site.device);
            let loss = loss.with_proxies(floats([[1.0, 0.0], [0.0, 1.0]]));
            let embeddings = floats([[3.0, 4.0], [1.0, 0.0]]);
            let labels = Tensor::<1, Int>::from_ints([0, -1], &site.device);
            let mut evaluation = loss.on(embeddings, labels);
            if let Some(weights) = weights {
                evaluation = evaluation.weights(Tensor::from_floats(weights, &site.device));
            }
            let value = evaluation.reduce();
            let gradient = loss.proxies().grad(&value.backward()).expect("a gradient");
            let finite = gradient.into_data().iter::<f32>().all(f32::is_finite);
            assert!(finite, "{site}");
            value.into_scalar::<f32>()
        };
        site.path.run(|| {
            for value in [value(None, Some([1.0, 0.0])), value(Some(-1), None)] {
                assert!((value - 1.074_653_9).abs() < 2e-6, "{value} on {site}");
            }
        });
    }
}

/// On the CPU it is refused where it counts: in the last word of an evaluation.
#[test]
fn a_label_that_is_no_class_is_named_with_the_ignore_index() {
    let cpu = |site: &Site| !site.is_gpu();
    for site in differentiable_sites_and_gpu().into_iter().filter(cpu) {
        let loss = ArcFaceLossConfig::new(2, 2).init(&site.device);
        let embeddings = Tensor::<2>::ones([2, 2], &site.device);
        let labels = Tensor::<1, Int>::from_ints([-100, 2], &site.device);
        assert_eq!(
            message(|| loss.forward(embeddings, labels)),
            "ArcFaceLoss: the label of sample 1 is 2, expected the index of one of 2 classes, 0 to 1, or the \
             ignore_index, -100"
        );
        let config = ArcFaceLossConfig::new(2, 2).with_ignore_index(None);
        let loss = config.init(&site.device);
        let embeddings = Tensor::<2>::ones([1, 2], &site.device);
        let labels = Tensor::<1, Int>::from_ints([-100], &site.device);
        assert_eq!(
            message(|| loss.forward(embeddings, labels)),
            "ArcFaceLoss: the label of sample 0 is -100, expected the index of one of 2 classes, 0 to 1; if it stands for \
             no class, configure it: `with_ignore_index`"
        );
    }
}

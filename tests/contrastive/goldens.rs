//! Losses and gradients against the references.

use crate::support::{
    Dtype, Scaled, Site, Tolerance,
    contrastive::{Ask, EmbeddingCall, EmbeddingLoss, Embeddings, More},
    differentiable_sites, differentiable_sites_and_gpu,
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
    shapes: BTreeMap<String, Vec<usize>>,
    labels: Option<Vec<i64>>,
    #[serde(default)]
    reference_labels: Option<Vec<i64>>,
    #[serde(default)]
    triplets: Option<BTreeMap<String, Vec<i64>>>,
    offset: Option<usize>,
    #[serde(deserialize_with = "list")]
    upstream: Vec<f64>,
    #[serde(deserialize_with = "list")]
    value: Vec<f64>,
    #[serde(deserialize_with = "named_lists")]
    gradients: BTreeMap<String, Vec<f64>>,
}

impl Golden {
    fn all() -> Vec<Self> {
        let mut all = golden_cases("goldens/contrastive");
        all.extend(golden_cases("goldens/metric"));
        all
    }

    /// The names of the embeddings, in the order of the loss's arguments.
    fn arguments(&self) -> Vec<&str> {
        const ORDER: [&str; 14] = [
            "first",
            "second",
            "queries",
            "keys",
            "anchors",
            "positives",
            "negatives",
            "images",
            "texts",
            "embeddings",
            "reference",
            "proxies",
            "predictions",
            "targets",
        ];
        let given = |name: &&str| self.inputs.contains_key(*name);
        ORDER.into_iter().filter(given).collect()
    }

    fn call(&self) -> EmbeddingCall {
        let (ask, more) = match (self.method.as_str(), self.offset) {
            ("forward", _) => (Ask::Reduced, More::Nothing),
            ("forward_no_reduction", _) => (Ask::Each, More::Nothing),
            ("forward_weighted", _) => (Ask::Weighted, More::Nothing),
            ("forward_with_offset", Some(offset)) => (Ask::Reduced, More::Offset(offset)),
            ("forward_with_negatives", _) => (Ask::Reduced, More::Negatives),
            ("forward_with_reference", _) => (Ask::Reduced, More::Reference),
            ("forward_with_triplets", _) => (Ask::Reduced, More::Triplets),
            (method, _) => panic!("{}: no method is named {method:?}", self.name),
        };
        let embeddings = |name: &str| Embeddings {
            values: self.inputs[name].clone(),
            shape: self.shapes[name].clone().try_into().expect("a matrix"),
        };
        let arguments = self.arguments();
        EmbeddingCall {
            more,
            labels: self.labels.clone().unwrap_or_default(),
            reference_labels: self.reference_labels.clone().unwrap_or_default(),
            triplets: self
                .triplets
                .as_ref()
                .map_or_else(Default::default, |lists| {
                    ["anchors", "positives", "negatives"].map(|name| lists[name].clone())
                }),
            weights: self.inputs.get("weights").cloned().unwrap_or_default(),
            upstream: self.upstream.clone(),
            tracked: arguments
                .iter()
                .map(|name| self.gradients.contains_key(*name))
                .collect(),
            ..EmbeddingCall::new(ask, arguments.into_iter().map(embeddings).collect())
        }
    }

    /// How large similarities get: what their rounding is relative to.
    fn size(&self, call: &EmbeddingCall) -> f64 {
        let number = |name: &str| self.config[name].as_f64();
        let scale = number("temperature").map_or(number("scale").unwrap_or(1.0), |t| 1.0 / t);
        let sharpness = ["beta", "alpha", "gamma"].map(|name| number(name).unwrap_or(0.0));
        let beta = 1.0 + sharpness.iter().sum::<f64>();
        let normalized = self.config["normalize"].as_bool() != Some(false);
        let largest_square = call.embeddings.iter().flat_map(|embeddings| {
            let rows = embeddings.values.chunks(embeddings.shape[1]);
            rows.map(|row| row.iter().map(|x| x * x).sum::<f64>())
        });
        let square = match normalized && self.loss != "vic_reg" {
            true => 1.0,
            false => largest_square.fold(0.0, f64::max),
        };
        1.0 + beta * scale * square + number("bias").unwrap_or(0.0).abs()
    }

    #[track_caller]
    fn check(&self, site: &Site, dtype: Dtype) {
        let mut call = self.call();
        call.dtype = dtype;
        let loss = EmbeddingLoss::from_json(&self.loss, self.config.clone(), &site.device);
        let outcome = call.run(&loss.expect(&self.name), site);
        let what = format!("{} ({}) on {site}, {dtype:?}", self.name, self.source);
        // A similarity is a sum of as many products as there are dimensions, and a number of a batch
        // is a sum over it.
        let terms = call.embeddings[0].values.len();
        let tolerance = Tolerance::at(site, dtype).summed(dtype, terms);
        let size = self.size(&call);
        let largest_of = |list: &[f64]| list.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        // The references are rounded, too: they have `p - 1` of a probability near 1.
        let rounded = match dtype {
            Dtype::F64 => largest_of(&self.upstream),
            _ => f64::MIN_POSITIVE,
        };
        let check = |what: &str, got: &[f64], expected: &[f64]| {
            let largest = largest_of(expected);
            let expected = Scaled {
                values: expected.to_vec(),
                scales: vec![size * largest.max(rounded); expected.len()],
            };
            tolerance.check(what, got, &expected);
        };
        let scale_of_values = |values: &[f64]| {
            let expected = Scaled {
                values: values.to_vec(),
                scales: vec![size * self.multiplicity(&call); values.len()],
            };
            tolerance.check(&format!("{what}: value"), &outcome.value, &expected);
        };
        scale_of_values(&self.value);
        for (name, got) in self.arguments().into_iter().zip(&outcome.gradients) {
            if let Some(expected) = self.gradients.get(name) {
                let got = got
                    .as_ref()
                    .unwrap_or_else(|| panic!("{what}: no gradient of {name}"));
                check(&format!("{what}: gradient of {name}"), got, expected);
            }
        }
        for (name, expected) in &self.gradients {
            if let Some(got) = outcome.others.get(name.as_str()) {
                // A row of weight 0 is not looked at, so its loss is not what its weight's gradient is.
                let known = |index: &usize| name != "weights" || call.weights[*index] != 0.0;
                let known = |list: &[f64]| -> Vec<f64> {
                    let places = (0..list.len()).filter(known);
                    places.map(|index| list[index]).collect()
                };
                let (got, expected) = (known(got), known(expected));
                let largest = largest_of(&self.upstream).max(1.0);
                let scaled = Scaled {
                    scales: vec![size * largest * self.multiplicity(&call); expected.len()],
                    values: expected,
                };
                tolerance.check(&format!("{what}: gradient of {name}"), &got, &scaled);
            } else {
                let known = self.arguments().contains(&name.as_str());
                assert!(known, "{what}: no gradient of {name}");
            }
        }
    }

    /// How many losses may be added up in a number.
    fn multiplicity(&self, call: &EmbeddingCall) -> f64 {
        let rows = call.embeddings[0].shape[0] as f64;
        match self.loss.as_str() {
            "siglip" | "barlow_twins" | "vic_reg" => 25.0 * rows,
            "triplet" | "contrastive" if self.config["reduction"] == "sum" => rows * rows,
            "triplet" | "contrastive" if self.method == "forward_no_reduction" => rows,
            _ if self.config["reduction"] == "sum" => 2.0 * rows,
            _ => 1.0,
        }
    }
}

#[test]
fn losses_and_gradients_are_those_of_the_references() {
    for (index, golden) in Golden::all().iter().enumerate() {
        let sites = match index % 6 {
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
fn losses_of_f64_tensors_have_the_precision_of_f64() {
    for golden in Golden::all() {
        let learns = golden.gradients.contains_key("log_scale");
        for site in differentiable_sites() {
            // What is learned is held in f32.
            if site.is_flex() && !learns && !golden.config["max_scale"].is_number() {
                golden.check(&site, Dtype::F64);
            }
        }
    }
}

#[test]
fn there_are_cases_for_every_loss() {
    let goldens = Golden::all();
    for loss in [
        "nt_xent",
        "info_nce",
        "clip",
        "siglip",
        "sup_con",
        "dcl",
        "hard_negative",
        "barlow_twins",
        "vic_reg",
        "negative_cosine",
        "triplet_margin",
        "triplet",
        "contrastive",
        "multi_similarity",
        "circle",
        "lifted_structure",
        "n_pairs",
        "arc_face",
        "cos_face",
        "normalized_softmax",
        "proxy_anchor",
        "proxy_nca",
    ] {
        let cases = goldens.iter().filter(|golden| golden.loss == loss);
        assert!(cases.count() >= 7, "{loss}");
    }
}

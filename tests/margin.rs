//! Losses with a number for each sample that are made of other losses or of cosines: references, what is hostile, weights.

mod hostile;
mod log_likelihood;

use crate::support::{
    Dtype, Site, Tolerance, differentiable_sites_and_gpu,
    golden::{golden_file, list, named_lists, optional_list},
    tensors::Read,
};
use burn::tensor::{DType, Int, Tensor, TensorData};
use burn_losses::*;
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
    /// Whether nothing is reduced.
    each: bool,
    #[serde(deserialize_with = "named_lists")]
    inputs: BTreeMap<String, Vec<f64>>,
    shapes: BTreeMap<String, Vec<usize>>,
    targets: Vec<i64>,
    #[serde(deserialize_with = "optional_list")]
    weights: Option<Vec<f64>>,
    #[serde(deserialize_with = "list")]
    upstream: Vec<f64>,
    #[serde(deserialize_with = "list")]
    value: Vec<f64>,
    #[serde(deserialize_with = "named_lists")]
    gradients: BTreeMap<String, Vec<f64>>,
}

fn floats<const D: usize>(
    values: &[f64],
    shape: [usize; D],
    site: &Site,
    dtype: DType,
) -> Tensor<D> {
    Tensor::from_data(
        TensorData::new(values.to_vec(), shape),
        (&site.device, dtype),
    )
}

fn config<C: serde::de::DeserializeOwned>(config: &Value) -> C {
    serde_json::from_value(config.clone()).expect("a sound configuration")
}

impl Golden {
    /// The argument of a name.
    fn input<const D: usize>(&self, name: &str, site: &Site, dtype: DType) -> Tensor<D> {
        let shape = self.shapes[name].clone().try_into().expect("the rank");
        floats(&self.inputs[name], shape, site, dtype).require_grad()
    }

    fn of_samples(&self, evaluation: SampleEvaluation, site: &Site, dtype: DType) -> Tensor<1> {
        let evaluation = match &self.weights {
            Some(weights) => evaluation.weights(floats(weights, [weights.len()], site, dtype)),
            None => evaluation,
        };
        if self.each {
            evaluation.each()
        } else {
            evaluation.reduce()
        }
    }

    /// The loss, and the gradient by each argument.
    fn run(&self, site: &Site, dtype: DType) -> (Read, BTreeMap<&'static str, Read>) {
        let targets = |shape: Vec<usize>| TensorData::new(self.targets.clone(), shape);
        let (loss, leaves) = match self.loss.as_str() {
            "cosine_embedding" => {
                let loss = config::<CosineEmbeddingLossConfig>(&self.config).init();
                let names = ["first", "second"];
                let [first, second] = names.map(|name| self.input::<2>(name, site, dtype));
                let targets = targets(vec![self.targets.len()]);
                let targets = Tensor::<1, Int>::from_data(targets, &site.device);
                let evaluation = loss.on(first.clone(), second.clone(), targets);
                let loss = self.of_samples(evaluation, site, dtype);
                (loss, vec![("first", first), ("second", second)])
            }
            "multi_label_soft_margin" => {
                let loss = config::<MultiLabelSoftMarginLossConfig>(&self.config).init();
                let logits = self.input::<2>("logits", site, dtype);
                let list: Vec<f64> = self.targets.iter().map(|&t| t as f64).collect();
                let targets = floats(&list, logits.dims(), site, dtype);
                let evaluation = loss.on(logits.clone(), targets);
                (
                    self.of_samples(evaluation, site, dtype),
                    vec![("logits", logits)],
                )
            }
            "nll" => {
                let loss = config::<NllLossConfig>(&self.config).init();
                let ln = self.input::<3>("ln", site, dtype);
                let [samples, _, inner] = ln.dims();
                let targets = targets(vec![samples, inner]);
                let targets = Tensor::<2, Int>::from_data(targets, &site.device);
                let evaluation = loss.on(ln.clone(), targets);
                let evaluation = match &self.weights {
                    Some(weights) => {
                        evaluation.weights(floats::<2>(weights, [samples, inner], site, dtype))
                    }
                    None => evaluation,
                };
                let loss = match self.each {
                    true => evaluation.each::<2>().reshape([samples * inner]),
                    false => evaluation.reduce(),
                };
                let gradients = gradients(&self.upstream, &loss, [ln]);
                return (Read::of(loss), ["ln"].into_iter().zip(gradients).collect());
            }
            name => panic!("{}: no loss is named {name}", self.name),
        };
        let (names, leaves): (Vec<_>, Vec<_>) = leaves.into_iter().unzip();
        let gradients = gradients(&self.upstream, &loss, leaves);
        (Read::of(loss), names.into_iter().zip(gradients).collect())
    }
}

/// The gradients by each of the leaves.
fn gradients<const D: usize>(
    upstream: &[f64],
    loss: &Tensor<1>,
    leaves: impl IntoIterator<Item = Tensor<D>>,
) -> Vec<Read> {
    let upstream = TensorData::new(upstream.to_vec(), [upstream.len()]);
    let upstream = Tensor::<1>::from_data(upstream, (&loss.device(), loss.dtype()));
    let gradients = (loss.clone() * upstream).backward();
    let leaves = leaves.into_iter();
    let gradients = leaves.map(|leaf| Read::of(leaf.grad(&gradients).expect("a gradient")));
    gradients.collect()
}

#[test]
fn losses_and_gradients_are_those_of_pytorch() {
    for file in ["cosine_embedding", "multi_label_soft_margin", "nll"] {
        let goldens = golden_file::<Golden>(&format!("goldens/samples/{file}.json"));
        assert!(goldens.len() >= 10);
        for golden in goldens {
            for site in differentiable_sites_and_gpu() {
                let mut types = vec![Dtype::F32];
                if !site.is_gpu() {
                    types.push(Dtype::F64);
                }
                for dtype in types {
                    let (value, gradients) = site.path.run(|| golden.run(&site, dtype.into()));
                    let what = format!("{} ({}) on {site}", golden.name, golden.source);
                    assert_near(&what, &site, dtype, &value.values, &golden.value);
                    assert_eq!(gradients.len(), golden.gradients.len());
                    for (name, expected) in &golden.gradients {
                        let what = format!("{what}: gradient of {name}");
                        assert_near(&what, &site, dtype, &gradients[&name[..]].values, expected);
                    }
                }
            }
        }
    }
}

/// Within a few roundings of the largest number.
#[track_caller]
fn assert_near(what: &str, site: &Site, dtype: Dtype, got: &[f64], expected: &[f64]) {
    let tolerance = Tolerance::at(site, dtype).summed(dtype, 100);
    let scale = expected.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        // PyTorch adds 1e-12 to squared norms.
        let bound = (tolerance.relative + 1e-11) * scale + tolerance.absolute;
        assert!(
            (got - expected).abs() <= bound,
            "{what}: {got:e}, expected {expected:e}"
        );
    }
}

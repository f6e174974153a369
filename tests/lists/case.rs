//! A call of a loss of lists, as in the golden files, and what comes of it.

use crate::support::{
    Dtype, Site,
    golden::{list, optional_list},
    tensors::{Read, leaf},
};
use burn::{
    module::Module,
    tensor::{Bool, DType, Int, Tensor, TensorData},
};
use burn_losses::*;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// A call of a loss.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    #[serde(default)]
    pub source: String,
    pub loss: String,
    pub config: Value,
    pub method: String,
    pub shape: Vec<usize>,
    #[serde(deserialize_with = "list")]
    pub scores: Vec<f64>,
    #[serde(default, deserialize_with = "optional_list")]
    pub relevances: Option<Vec<f64>>,
    #[serde(default)]
    pub padded: Option<Vec<bool>>,
    #[serde(default)]
    pub targets: Vec<i64>,
    #[serde(default, deserialize_with = "optional_list")]
    pub times: Option<Vec<f64>>,
    #[serde(default)]
    pub events: Vec<bool>,
    #[serde(default, deserialize_with = "optional_list")]
    pub weights: Option<Vec<f64>>,
    #[serde(deserialize_with = "list")]
    pub upstream: Vec<f64>,
    #[serde(default, deserialize_with = "list")]
    pub value: Vec<f64>,
    #[serde(default, deserialize_with = "list")]
    pub gradient: Vec<f64>,
}

/// What comes of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub value: Vec<f64>,
    pub dtype: DType,
    pub gradient: Option<Vec<f64>>,
    pub of_weights: Option<Vec<f64>>,
}

/// The names of the losses.
pub const LOSSES: [&str; 7] = [
    "rank_net",
    "list_net",
    "list_mle",
    "approx_ndcg",
    "multi_margin",
    "multi_label_margin",
    "cox",
];

/// The losses of rankings.
pub const RANKINGS: [&str; 4] = ["rank_net", "list_net", "list_mle", "approx_ndcg"];

impl Case {
    /// A call for the losses of each sample.
    pub fn each(loss: &str, shape: &[usize], scores: Vec<f64>) -> Self {
        Self {
            name: loss.to_string(),
            source: String::new(),
            loss: loss.to_string(),
            config: json!({}),
            method: "forward_no_reduction".to_string(),
            shape: shape.to_vec(),
            scores,
            relevances: None,
            padded: None,
            targets: Vec::new(),
            times: None,
            events: Vec::new(),
            weights: None,
            upstream: vec![1.0; shape[0]],
            value: Vec::new(),
            gradient: Vec::new(),
        }
    }

    /// A ranking of lists.
    pub fn ranking(loss: &str, shape: [usize; 2], scores: &[f64], relevances: &[f64]) -> Self {
        let relevances = Some(relevances.to_vec());
        Self {
            relevances,
            ..Self::each(loss, &shape, scores.to_vec())
        }
    }

    /// Samples with classes.
    pub fn margin(loss: &str, shape: [usize; 2], scores: &[f64], targets: &[i64]) -> Self {
        let targets = targets.to_vec();
        Self {
            targets,
            ..Self::each(loss, &shape, scores.to_vec())
        }
    }

    /// Samples with times.
    pub fn cox(ties: &str, scores: &[f64], times: &[f64], events: &[bool]) -> Self {
        Self {
            config: json!({"ties": ties}),
            times: Some(times.to_vec()),
            events: events.to_vec(),
            ..Self::each("cox", &[scores.len()], scores.to_vec())
        }
    }

    /// The same for one number.
    pub fn reduced(mut self) -> Self {
        self.method = "forward".to_string();
        self.upstream = vec![1.0];
        self
    }

    /// The same with weights.
    pub fn weighted(mut self, weights: &[f64]) -> Self {
        self.weights = Some(weights.to_vec());
        self
    }

    pub fn run(&self, site: &Site, dtype: Dtype) -> Outcome {
        site.path.run(|| self.run_there(site, dtype))
    }

    fn config<C: DeserializeOwned>(&self) -> C {
        serde_json::from_value(self.config.clone()).expect("a configuration")
    }

    fn run_there(&self, site: &Site, dtype: Dtype) -> Outcome {
        let device = &site.device;
        let floats = |values: &[f64], dtype: Dtype| {
            let data = TensorData::new(values.to_vec(), [values.len()]);
            Tensor::<1>::from_data(data, (device, DType::from(dtype)))
        };
        let shape = self.shape.clone();
        let matrix = |tensor: Tensor<1>| tensor.reshape([shape[0], shape[1]]);
        let integers = |values: &[i64]| {
            let data = TensorData::new(values.to_vec(), [values.len()]);
            Tensor::<1, Int>::from_data(data, device)
        };
        let mask = |values: &[bool]| {
            let data = TensorData::new(values.to_vec(), [values.len()]);
            Tensor::<1, Bool>::from_data(data, device)
        };
        let scores = leaf(floats(&self.scores, dtype), true);
        let weights = self.weights.as_ref();
        let weights = weights.map(|weights| leaf(floats(weights, dtype), true));
        macro_rules! last_word {
            ($evaluation:expr) => {{
                let mut evaluation = $evaluation;
                if let Some(weights) = &weights {
                    evaluation = evaluation.weights(weights.clone());
                }
                match self.method.as_str() {
                    "forward_no_reduction" => evaluation.each(),
                    "divided_by" => evaluation.divided_by(3),
                    _ => evaluation.reduce(),
                }
            }};
        }
        macro_rules! ranked {
            ($config:ty) => {{
                let relevances = self.relevances.as_ref().expect("relevances");
                let relevances = matrix(floats(relevances, Dtype::F32));
                let loss = self.config::<$config>().init().fork(device);
                let lists = loss.on(matrix(scores.clone()), relevances);
                match &self.padded {
                    Some(padded) => {
                        let padded = mask(padded).reshape([shape[0], shape[1]]);
                        last_word!(lists.padded(padded))
                    }
                    None => last_word!(lists),
                }
            }};
        }
        let value = match self.loss.as_str() {
            "rank_net" => ranked!(RankNetLossConfig),
            "list_net" => ranked!(ListNetLossConfig),
            "list_mle" => ranked!(ListMleLossConfig),
            "approx_ndcg" => ranked!(ApproxNdcgLossConfig),
            "multi_margin" => {
                let loss = self.config::<MultiMarginLossConfig>().init();
                last_word!(loss.on(matrix(scores.clone()), integers(&self.targets)))
            }
            "multi_label_margin" => {
                let loss = self.config::<MultiLabelMarginLossConfig>().init();
                let targets = integers(&self.targets).reshape([shape[0], shape[1]]);
                last_word!(loss.on(matrix(scores.clone()), targets))
            }
            "cox" => {
                let loss = self.config::<CoxLossConfig>().init();
                let times = floats(self.times.as_ref().expect("times"), Dtype::F32);
                last_word!(loss.on(scores.clone(), times, mask(&self.events)))
            }
            other => panic!("no loss is named {other:?}"),
        };
        let gradients = value.is_tracked().then(|| {
            let upstream = floats(&self.upstream, dtype.of_loss());
            (value.clone() * upstream).sum().backward()
        });
        let gradient = |leaf: &Tensor<1>| {
            let gradient = leaf.grad(gradients.as_ref()?)?;
            assert_eq!(gradient.dtype(), leaf.dtype(), "{}", self.name);
            Some(Read::of(gradient).values)
        };
        let read = Read::of(value);
        Outcome {
            value: read.values,
            dtype: read.dtype,
            gradient: gradient(&scores),
            of_weights: weights.as_ref().and_then(gradient),
        }
    }
}

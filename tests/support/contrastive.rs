//! Losses of embeddings as one type, and how they are run on a device.

use super::{
    Dtype, Layout, Site,
    tensors::{Read, leaf},
};
use burn::tensor::{DType, Device, Gradients, Int, Tensor, TensorData};
use burn_losses::*;
use serde_json::Value;
use std::collections::BTreeMap;

macro_rules! embedding_losses {
    ($argument:ident: $($kind:ident($loss:ident, $config:ident $(, $device:ident)?) = $key:literal;)+) => {
        /// Any loss of embeddings of the library.
        #[derive(Clone, Debug)]
        pub enum EmbeddingLoss {
            $($kind($loss)),+
        }

        impl EmbeddingLoss {
            /// The names of all losses, as in the golden files.
            pub const KEYS: &[&str] = &[$($key),+];

            /// The loss named as in the golden files, built from its configuration in JSON.
            pub fn from_json(
                key: &str,
                config: Value,
                $argument: &Device,
            ) -> Result<Self, String> {
                let config = completed(key, config);
                match key {
                    $($key => serde_json::from_value::<$config>(config)
                        .map_err(|error| error.to_string())
                        .and_then(|config| {
                            config.try_init($($device)?).map_err(|error| error.to_string())
                        })
                        .map(EmbeddingLoss::$kind),)+
                    _ => Err(format!("no loss is named {key:?}")),
                }
            }
        }
    };
}

embedding_losses! { device:
    NtXent(NtXentLoss, NtXentLossConfig, device) = "nt_xent";
    InfoNce(InfoNceLoss, InfoNceLossConfig, device) = "info_nce";
    Clip(ClipLoss, ClipLossConfig, device) = "clip";
    SigLip(SigLipLoss, SigLipLossConfig, device) = "siglip";
    SupCon(SupConLoss, SupConLossConfig, device) = "sup_con";
    Dcl(DclLoss, DclLossConfig, device) = "dcl";
    HardNegative(HardNegativeInfoNceLoss, HardNegativeInfoNceLossConfig, device) = "hard_negative";
    BarlowTwins(BarlowTwinsLoss, BarlowTwinsLossConfig) = "barlow_twins";
    VicReg(VicRegLoss, VicRegLossConfig) = "vic_reg";
    NegativeCosine(NegativeCosineLoss, NegativeCosineLossConfig) = "negative_cosine";
    TripletMargin(TripletMarginLoss, TripletMarginLossConfig) = "triplet_margin";
    Triplet(TripletLoss, TripletLossConfig) = "triplet";
    Contrastive(ContrastiveLoss, ContrastiveLossConfig) = "contrastive";
    MultiSimilarity(MultiSimilarityLoss, MultiSimilarityLossConfig) = "multi_similarity";
    Circle(CircleLoss, CircleLossConfig) = "circle";
    LiftedStructure(LiftedStructureLoss, LiftedStructureLossConfig) = "lifted_structure";
    NPairs(NPairsLoss, NPairsLossConfig) = "n_pairs";
    ArcFace(ArcFaceLoss, ArcFaceLossConfig, device) = "arc_face";
    CosFace(CosFaceLoss, CosFaceLossConfig, device) = "cos_face";
    NormalizedSoftmax(NormalizedSoftmaxLoss, NormalizedSoftmaxLossConfig, device) = "normalized_softmax";
    ProxyAnchor(ProxyAnchorLoss, ProxyAnchorLossConfig, device) = "proxy_anchor";
    ProxyNca(ProxyNcaLoss, ProxyNcaLossConfig, device) = "proxy_nca";
}

/// A configuration with the temperature fixed where it does not say whether it is.
fn completed(key: &str, mut config: Value) -> Value {
    if matches!(
        key,
        "dcl" | "hard_negative" | "sup_con" | "normalized_softmax"
    ) && let Some(fields) = config.as_object_mut()
    {
        let is_learned = fields.entry("learnable_temperature");
        is_learned.or_insert(false.into());
    }
    config
}

/// What is added to the arguments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum More {
    Nothing,
    Offset(usize),
    Negatives,
    Reference,
    /// With a reference set if there are embeddings for it.
    Triplets,
}

/// What a loss is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ask {
    /// `forward`
    Reduced,
    /// `forward_no_reduction`
    Each,
    /// With weights, reduced as configured.
    Weighted,
    /// Something else of its evaluation.
    On(Form),
}

/// A way through the evaluation of a loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Form {
    pub weighted: bool,
    pub reduction: Option<&'static str>,
    pub last: Last,
}

/// The last word of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Last {
    Reduce,
    Each,
    DividedBy(f64),
    DividedByTensor(f64),
}

impl Ask {
    fn form(self) -> Form {
        let plain = Form {
            weighted: false,
            reduction: None,
            last: Last::Reduce,
        };
        match self {
            Ask::Reduced => plain,
            Ask::Each => Form {
                last: Last::Each,
                ..plain
            },
            Ask::Weighted => Form {
                weighted: true,
                ..plain
            },
            Ask::On(form) => form,
        }
    }
}

/// Embeddings, in row-major order.
#[derive(Clone, Debug)]
pub struct Embeddings {
    pub values: Vec<f64>,
    pub shape: [usize; 2],
}

/// The arguments of a loss.
#[derive(Clone, Debug)]
pub struct EmbeddingCall {
    pub ask: Ask,
    pub more: More,
    /// In the order of the loss's arguments.
    pub embeddings: Vec<Embeddings>,
    pub labels: Vec<i64>,
    pub reference_labels: Vec<i64>,
    /// Anchors, positives and negatives.
    pub triplets: [Vec<i64>; 3],
    pub weights: Vec<f64>,
    pub upstream: Vec<f64>,
    /// Which of the embeddings want a gradient.
    pub tracked: Vec<bool>,
    pub dtype: Dtype,
    pub layout: Layout,
}

/// What a call gave.
#[derive(Clone, Debug, PartialEq)]
pub struct EmbeddingOutcome {
    pub value: Vec<f64>,
    pub dtype: DType,
    /// Those of the embeddings.
    pub gradients: Vec<Option<Vec<f64>>>,
    /// Those of the weights and of what the loss learns, by name.
    pub others: BTreeMap<&'static str, Vec<f64>>,
}

impl EmbeddingCall {
    pub fn new(ask: Ask, embeddings: Vec<Embeddings>) -> Self {
        Self {
            ask,
            more: More::Nothing,
            tracked: vec![true; embeddings.len()],
            embeddings,
            labels: Vec::new(),
            reference_labels: Vec::new(),
            triplets: Default::default(),
            weights: Vec::new(),
            upstream: vec![1.0],
            dtype: Dtype::F32,
            layout: Layout::Contiguous,
        }
    }

    /// The same call, asked for something else.
    pub fn asked(&self, ask: Ask) -> Self {
        Self {
            ask,
            ..self.clone()
        }
    }

    /// Runs a loss that was built for the device of the site.
    pub fn run(&self, loss: &EmbeddingLoss, site: &Site) -> EmbeddingOutcome {
        site.path.run(|| self.run_there(loss, site))
    }

    fn run_there(&self, loss: &EmbeddingLoss, site: &Site) -> EmbeddingOutcome {
        let list = |values: &[f64], dtype: Dtype| {
            let data = TensorData::new(values.to_vec(), [values.len()]);
            Tensor::<1>::from_data(data, (&site.device, DType::from(dtype)))
        };
        let of_loss = self.dtype.of_loss();
        let mut leaves: Vec<Tensor<2>> = self
            .embeddings
            .iter()
            .zip(&self.tracked)
            .map(|(embeddings, &tracked)| {
                let tensor = self.layout.floats::<2>(
                    &embeddings.values,
                    &embeddings.shape,
                    self.dtype,
                    site,
                );
                leaf(tensor, tracked)
            })
            .collect();
        let form = self.ask.form();
        let weights = leaf(list(&self.weights, self.dtype), form.weighted);
        let integers = |list: &[i64]| {
            let data = TensorData::new(list.to_vec(), [list.len()]);
            Tensor::<1, Int>::from_data(data, &site.device)
        };
        let labels = || match (self.more, self.labels.is_empty()) {
            // They are not looked at.
            (More::Triplets, true) => integers(&vec![0; self.embeddings[0].shape[0]]),
            _ => integers(&self.labels),
        };
        let given = leaves.clone();
        let of = |index: usize| given[index].clone();

        macro_rules! last_word {
            ($evaluation:expr) => {{
                let mut evaluation = $evaluation;
                if form.weighted {
                    evaluation = evaluation.weights(weights.clone());
                }
                if let Some(reduction) = form.reduction {
                    evaluation = evaluation.reduction(named(reduction));
                }
                match form.last {
                    Last::Reduce => evaluation.reduce(),
                    Last::Each => evaluation.each(),
                    Last::DividedBy(number) => evaluation.divided_by(number),
                    Last::DividedByTensor(number) => {
                        let number = list(&[number], of_loss);
                        evaluation.divided_by(number)
                    }
                }
            }};
        }
        macro_rules! asked {
            ($loss:expr, $($argument:expr),+) => {
                match self.ask {
                    Ask::Reduced => $loss.forward($($argument),+),
                    Ask::Each => $loss.forward_no_reduction($($argument),+),
                    _ => last_word!($loss.on($($argument),+)),
                }
            };
        }
        macro_rules! labelled {
            ($loss:expr) => {
                match self.more {
                    More::Reference => {
                        let others = integers(&self.reference_labels);
                        last_word!($loss.on(of(0), labels()).reference(of(1), others))
                    }
                    _ => asked!($loss, of(0), labels()),
                }
            };
        }
        macro_rules! proxied {
            ($loss:expr) => {{
                let loss = $loss.clone().with_proxies(of(1));
                leaves[1] = loss.proxies();
                asked!(loss, of(0), labels())
            }};
        }
        let value = match loss {
            EmbeddingLoss::NtXent(loss) => asked!(loss, of(0), of(1)),
            EmbeddingLoss::InfoNce(loss) => match self.more {
                More::Offset(offset) => last_word!(loss.on(of(0), of(1)).offset(offset)),
                More::Negatives => last_word!(loss.on(of(0), of(1)).negatives(of(2))),
                _ => asked!(loss, of(0), of(1)),
            },
            EmbeddingLoss::Clip(loss) => asked!(loss, of(0), of(1)),
            EmbeddingLoss::SigLip(loss) => asked!(loss, of(0), of(1)),
            EmbeddingLoss::Dcl(loss) => asked!(loss, of(0), of(1)),
            EmbeddingLoss::HardNegative(loss) => asked!(loss, of(0), of(1)),
            EmbeddingLoss::NegativeCosine(loss) => asked!(loss, of(0), of(1)),
            EmbeddingLoss::BarlowTwins(loss) => loss.forward(of(0), of(1)),
            EmbeddingLoss::VicReg(loss) => loss.forward(of(0), of(1)),
            EmbeddingLoss::SupCon(loss) => labelled!(loss),
            EmbeddingLoss::Triplet(loss) => match self.more {
                More::Triplets => {
                    let [anchors, positives, negatives] =
                        [0, 1, 2].map(|list| integers(&self.triplets[list]));
                    let triplets = Triplets {
                        anchors,
                        positives,
                        negatives,
                    };
                    let mut evaluation = loss.on(of(0), labels());
                    if given.len() > 1 {
                        let others = integers(&self.reference_labels);
                        evaluation = evaluation.reference(of(1), others);
                    }
                    last_word!(evaluation.triplets(triplets))
                }
                _ => labelled!(loss),
            },
            EmbeddingLoss::Contrastive(loss) => labelled!(loss),
            EmbeddingLoss::MultiSimilarity(loss) => labelled!(loss),
            EmbeddingLoss::Circle(loss) => labelled!(loss),
            EmbeddingLoss::LiftedStructure(loss) => asked!(loss, of(0), labels()),
            EmbeddingLoss::TripletMargin(loss) => asked!(loss, of(0), of(1), of(2)),
            EmbeddingLoss::NPairs(loss) => asked!(loss, of(0), of(1), labels()),
            EmbeddingLoss::ArcFace(loss) => proxied!(loss),
            EmbeddingLoss::CosFace(loss) => proxied!(loss),
            EmbeddingLoss::NormalizedSoftmax(loss) => proxied!(loss),
            EmbeddingLoss::ProxyNca(loss) => proxied!(loss),
            EmbeddingLoss::ProxyAnchor(loss) => {
                let loss = loss.clone().with_proxies(of(1));
                leaves[1] = loss.proxies();
                loss.forward(of(0), labels())
            }
        };
        let gradients = value.is_tracked().then(|| {
            (value.clone() * list(&self.upstream, of_loss))
                .sum()
                .backward()
        });
        let read = Read::of(value);
        EmbeddingOutcome {
            value: read.values,
            dtype: read.dtype,
            gradients: leaves
                .iter()
                .map(|leaf| gradient_of(leaf, gradients.as_ref()))
                .collect(),
            others: self.others(loss, &weights, gradients.as_ref()),
        }
    }

    fn others(
        &self,
        loss: &EmbeddingLoss,
        weights: &Tensor<1>,
        gradients: Option<&Gradients>,
    ) -> BTreeMap<&'static str, Vec<f64>> {
        let mut parameters = vec![("weights", Some(weights.clone()))];
        match loss {
            EmbeddingLoss::NtXent(loss) => {
                parameters.push(("log_scale", loss.temperature().log_scale()));
            }
            EmbeddingLoss::InfoNce(loss) => {
                parameters.push(("log_scale", loss.temperature().log_scale()));
            }
            EmbeddingLoss::Clip(loss) => {
                parameters.push(("log_scale", loss.temperature().log_scale()));
            }
            EmbeddingLoss::Dcl(loss) => {
                parameters.push(("log_scale", loss.temperature().log_scale()));
            }
            EmbeddingLoss::HardNegative(loss) => {
                parameters.push(("log_scale", loss.temperature().log_scale()));
            }
            EmbeddingLoss::SupCon(loss) => {
                parameters.push(("log_scale", loss.temperature().log_scale()));
            }
            EmbeddingLoss::NormalizedSoftmax(loss) => {
                parameters.push(("log_scale", loss.temperature().log_scale()));
            }
            EmbeddingLoss::SigLip(loss) => {
                parameters.push(("log_scale", Some(loss.log_scale())));
                parameters.push(("bias", Some(loss.bias())));
            }
            _ => {}
        }
        let gradient = |(name, tensor): (&'static str, Option<Tensor<1>>)| {
            Some((name, gradient_of(&tensor?, gradients)?))
        };
        parameters.into_iter().filter_map(gradient).collect()
    }
}

fn gradient_of<const D: usize>(
    leaf: &Tensor<D>,
    gradients: Option<&Gradients>,
) -> Option<Vec<f64>> {
    if !leaf.is_tracked() {
        return None;
    }
    leaf.grad(gradients?)
        .map(|gradient| Read::of(gradient).values)
}

/// A reduction by its name.
fn named<R: serde::de::DeserializeOwned>(name: &str) -> R {
    serde_json::from_value(name.into()).expect("a reduction")
}

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
            /// The loss named as in the golden files, built from its configuration in JSON.
            pub fn from_json(
                key: &str,
                config: Value,
                $argument: &Device,
            ) -> Result<Self, String> {
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
    SupCon(SupConLoss, SupConLossConfig) = "sup_con";
    Dcl(DclLoss, DclLossConfig) = "dcl";
    HardNegative(HardNegativeInfoNceLoss, HardNegativeInfoNceLossConfig) = "hard_negative";
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

/// What a loss is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ask {
    Reduced,
    Each,
    Weighted,
    WithOffset(usize),
    WithNegatives,
    WithReference,
    WithTriplets,
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

    /// Runs a loss that was built for the device of the site.
    pub fn run(&self, loss: &EmbeddingLoss, site: &Site) -> EmbeddingOutcome {
        site.path.run(|| self.run_there(loss, site))
    }

    fn run_there(&self, loss: &EmbeddingLoss, site: &Site) -> EmbeddingOutcome {
        let options = (&site.device, DType::from(self.dtype));
        let list = |values: &[f64]| {
            Tensor::<1>::from_data(TensorData::new(values.to_vec(), [values.len()]), options)
        };
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
        let weights = leaf(list(&self.weights), self.ask == Ask::Weighted);
        let integers = |list: &[i64]| {
            let data = TensorData::new(list.to_vec(), [list.len()]);
            Tensor::<1, Int>::from_data(data, &site.device)
        };
        let labels = || integers(&self.labels);
        let given = leaves.clone();
        let of = |index: usize| given[index].clone();

        macro_rules! two {
            ($loss:expr) => {
                match self.ask {
                    Ask::Reduced => $loss.forward(of(0), of(1)),
                    Ask::Each => $loss.forward_no_reduction(of(0), of(1)),
                    Ask::Weighted => $loss.forward_weighted(of(0), of(1), weights.clone()),
                    other => panic!("{other:?} of {:?}", $loss),
                }
            };
        }
        macro_rules! labelled {
            ($loss:expr) => {
                match self.ask {
                    Ask::Reduced => $loss.forward(of(0), labels()),
                    Ask::Each => $loss.forward_no_reduction(of(0), labels()),
                    Ask::Weighted => $loss.forward_weighted(of(0), labels(), weights.clone()),
                    Ask::WithReference => {
                        let others = integers(&self.reference_labels);
                        $loss.forward_with_reference(of(0), labels(), of(1), others)
                    }
                    other => panic!("{other:?} of {:?}", $loss),
                }
            };
        }
        macro_rules! proxied {
            ($loss:expr) => {{
                let loss = $loss.clone().with_proxies(of(1));
                leaves[1] = loss.proxies();
                match self.ask {
                    Ask::Reduced => loss.forward(of(0), labels()),
                    Ask::Each => loss.forward_no_reduction(of(0), labels()),
                    Ask::Weighted => loss.forward_weighted(of(0), labels(), weights.clone()),
                    other => panic!("{other:?} of {loss:?}"),
                }
            }};
        }
        let value = match (loss, self.ask) {
            (EmbeddingLoss::InfoNce(loss), Ask::WithOffset(offset)) => {
                loss.forward_with_offset(of(0), of(1), offset)
            }
            (EmbeddingLoss::InfoNce(loss), Ask::WithNegatives) => {
                loss.forward_with_negatives(of(0), of(1), of(2))
            }
            (EmbeddingLoss::NtXent(loss), _) => two!(loss),
            (EmbeddingLoss::InfoNce(loss), _) => two!(loss),
            (EmbeddingLoss::Clip(loss), _) => two!(loss),
            (EmbeddingLoss::SigLip(loss), _) => two!(loss),
            (EmbeddingLoss::Dcl(loss), _) => two!(loss),
            (EmbeddingLoss::HardNegative(loss), _) => two!(loss),
            (EmbeddingLoss::NegativeCosine(loss), _) => two!(loss),
            (EmbeddingLoss::BarlowTwins(loss), _) => loss.forward(of(0), of(1)),
            (EmbeddingLoss::VicReg(loss), _) => loss.forward(of(0), of(1)),
            (EmbeddingLoss::SupCon(loss), _) => labelled!(loss),
            (EmbeddingLoss::Triplet(loss), Ask::WithTriplets) => {
                let [anchors, positives, negatives] =
                    [0, 1, 2].map(|list| integers(&self.triplets[list]));
                let triplets = Triplets {
                    anchors,
                    positives,
                    negatives,
                };
                loss.forward_with_triplets(of(0), triplets)
            }
            (EmbeddingLoss::Triplet(loss), _) => labelled!(loss),
            (EmbeddingLoss::Contrastive(loss), _) => labelled!(loss),
            (EmbeddingLoss::MultiSimilarity(loss), _) => labelled!(loss),
            (EmbeddingLoss::Circle(loss), _) => labelled!(loss),
            (EmbeddingLoss::LiftedStructure(loss), _) => loss.forward(of(0), labels()),
            (EmbeddingLoss::TripletMargin(loss), Ask::Reduced) => loss.forward(of(0), of(1), of(2)),
            (EmbeddingLoss::TripletMargin(loss), Ask::Each) => {
                loss.forward_no_reduction(of(0), of(1), of(2))
            }
            (EmbeddingLoss::TripletMargin(loss), _) => {
                loss.forward_weighted(of(0), of(1), of(2), weights.clone())
            }
            (EmbeddingLoss::NPairs(loss), Ask::Reduced) => loss.forward(of(0), of(1), labels()),
            (EmbeddingLoss::NPairs(loss), Ask::Each) => {
                loss.forward_no_reduction(of(0), of(1), labels())
            }
            (EmbeddingLoss::NPairs(loss), _) => {
                loss.forward_weighted(of(0), of(1), labels(), weights.clone())
            }
            (EmbeddingLoss::ArcFace(loss), _) => proxied!(loss),
            (EmbeddingLoss::CosFace(loss), _) => proxied!(loss),
            (EmbeddingLoss::NormalizedSoftmax(loss), _) => proxied!(loss),
            (EmbeddingLoss::ProxyNca(loss), _) => proxied!(loss),
            (EmbeddingLoss::ProxyAnchor(loss), _) => {
                let loss = loss.clone().with_proxies(of(1));
                leaves[1] = loss.proxies();
                loss.forward(of(0), labels())
            }
        };
        let gradients = value
            .is_tracked()
            .then(|| (value.clone() * list(&self.upstream)).sum().backward());
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

//! Loss functions for [Burn](https://burn.dev): regression, classification, detection, segmentation, images, language models,
//! self-supervision, metric learning, rankings. Each is compared with PyTorch, or with the library or paper it comes from, stays right on
//! extreme input, and runs on the CPU and on GPUs, most of them as one fused kernel for value and gradient.
//!
//! A configuration builds a loss. `forward` gives one number, `forward_no_reduction` the loss of each element or sample, and `on`
//! begins an evaluation to which weights, another reduction or a normalizer can be added:
//!
//! ```
//! use burn::tensor::{Device, Int, Tensor};
//! use burn_losses::CrossEntropyLossConfig;
//!
//! let device = Device::flex().autodiff();
//! let loss = CrossEntropyLossConfig::new().with_label_smoothing(0.1).init();
//! let logits = Tensor::<2>::zeros([4, 3], &device).require_grad();
//! let targets = Tensor::<1, Int>::from_ints([0, 1, 2, -100], &device); // -100 is ignored.
//!
//! let value = loss.forward(logits.clone(), targets.clone());
//! assert!((value.clone().into_scalar::<f32>() - 3f32.ln()).abs() < 1e-6);
//! let gradient = logits.grad(&value.backward()).unwrap();
//! assert_eq!(gradient.dims(), [4, 3]);
//!
//! let weights = Tensor::<1>::from_floats([1.0, 2.0, 0.0, 1.0], &device);
//! let weighted = loss.on(logits, targets).weights(weights).divided_by(2);
//! assert!((weighted.into_scalar::<f32>() - 1.5 * 3f32.ln()).abs() < 1e-6);
//! ```
//!
//! Two lines in the `Cargo.toml` of your program keep debug builds fast ([more](guide::performance#debug-builds)):
//!
//! ```toml
//! [profile.dev.package.burn-losses]
//! opt-level = 3
//! ```
//!
//! # Guide
//!
//! - [Choosing a loss](guide::choosing), [From PyTorch](guide::from_pytorch), [All losses](guide::all_losses)
//! - [Evaluation, files, metrics](guide::evaluation), [Training loops](guide::training_loops),
//!   [Hostile input](guide::hostile_input), [Your own loss](guide::own_loss)
//! - [Performance and features](guide::performance), [Examples](guide::examples)
//!
//! # Index
//!
//! - Element-wise losses: [`ElementLoss`] and [`ElementEvaluation`]; [`MseLoss`], [`MaeLoss`], [`SmoothL1Loss`], [`HuberLoss`],
//!   [`LogCoshLoss`], [`QuantileLoss`], [`CharbonnierLoss`], [`CauchyLoss`], [`BarronLoss`], [`WelschLoss`], [`GemanMcClureLoss`],
//!   [`WingLoss`], [`AdaptiveWingLoss`], [`BalancedL1Loss`], [`PoissonNllLoss`], [`MsleLoss`], [`HingeLoss`], [`SoftMarginLoss`],
//!   [`HingeEmbeddingLoss`], [`BprLoss`], [`QualityFocalLoss`], [`VarifocalLoss`], [`GaussianFocalLoss`], [`BinaryCrossEntropyLoss`], [`SigmoidFocalLoss`],
//!   [`AsymmetricLoss`], [`KlDivLoss`], [`JensenShannonLoss`]; any of them: [`ElementwiseLoss`], [`ElementwiseLossConfig`].
//! - Classification losses: [`ClassLoss`] and [`ClassEvaluation`]; [`CrossEntropyLoss`], [`SoftmaxFocalLoss`], [`PolyLoss`],
//!   [`BalancedSoftmaxLoss`], [`LogitAdjustedLoss`], [`LdamLoss`], [`GeneralizedCrossEntropyLoss`], [`SymmetricCrossEntropyLoss`],
//!   [`NllLoss`], [`DistillationLoss`], [`LinearCrossEntropyLoss`]; any of the first eight: [`ClassificationLoss`], [`ClassificationLossConfig`].
//! - Boxes and likelihoods: [`TupleLoss`], [`JointLoss`] and [`TupleEvaluation`]; boxes: [`IouLoss`] ([`IouKind`],
//!   [`BoxFormat`]), [`DistributionFocalLoss`]; likelihoods: [`GaussianNllLoss`], [`LaplaceNllLoss`], [`StudentTNllLoss`],
//!   [`EvidentialLoss`], [`AdaptiveBarronLoss`]; scores: [`MarginRankingLoss`].
//! - Losses of masks: [`MaskLoss`]; [`DiceLoss`], [`GeneralizedDiceLoss`], [`JaccardLoss`], [`TverskyLoss`], [`FocalTverskyLoss`],
//!   [`MccLoss`], [`CombinedLoss`], [`LovaszSoftmaxLoss`], [`LovaszHingeLoss`], [`BoundaryLoss`], [`ClDiceLoss`]; any of them:
//!   [`SegmentationLoss`], [`SegmentationLossConfig`].
//! - Losses of images: [`ImageLoss`]; [`SsimLoss`], [`MsSsimLoss`], [`TotalVariationLoss`], [`PsnrLoss`], [`GradientDifferenceLoss`],
//!   [`FocalFrequencyLoss`]; any but the third: [`ImageLossConfig`].
//! - Losses of rankings: [`ListLoss`]; [`RankNetLoss`], [`ListNetLoss`], [`ListMleLoss`], [`ApproxNdcgLoss`]; margins between classes:
//!   [`MultiMarginLoss`], [`MultiLabelMarginLoss`], [`MultiLabelSoftMarginLoss`], [`CosineEmbeddingLoss`]; times until an event: [`CoxLoss`].
//! - Losses of embeddings: [`PairLoss`] and [`SampleEvaluation`]; of two views or of queries and keys: [`NtXentLoss`],
//!   [`InfoNceLoss`], [`ClipLoss`], [`SigLipLoss`], [`DclLoss`], [`HardNegativeInfoNceLoss`], [`BarlowTwinsLoss`], [`VicRegLoss`],
//!   [`NegativeCosineLoss`]; with labels: [`SupConLoss`], [`TripletMarginLoss`], [`TripletLoss`], [`ContrastiveLoss`],
//!   [`MultiSimilarityLoss`], [`CircleLoss`], [`LiftedStructureLoss`], [`NPairsLoss`]; with proxies: [`ProxySoftmaxLoss`],
//!   [`ArcFaceLoss`], [`CosFaceLoss`], [`NormalizedSoftmaxLoss`], [`ProxyAnchorLoss`], [`ProxyNcaLoss`]; any of two batches: [`ViewLoss`],
//!   [`ViewLossConfig`]; any with labels: [`EmbeddingLoss`], [`EmbeddingLossConfig`].
//! - What goes with them: [`Reduction`], [`MiningReduction`], [`Normalizer`], [`LossError`], [`class_balanced_weights`], [`composed()`],
//!   [`AbsentClasses`], [`Temperature`], [`EmbeddingQueue`], [`CrossBatchMemory`], [`TripletMiner`], [`Distance`], the [`formula`] of each;
//!   how well embeddings are found: [`Retrieval`], [`recall_at_k`], [`mean_average_precision_at_r`], [`knn_accuracy`].
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]
#![deny(rustdoc::broken_intra_doc_links)]

mod any;
pub mod arguments;
mod backend;
mod class;
mod classification;
mod config;
mod contrastive;
mod detection;
mod distribution;
mod element;
mod embeddings;
mod error;
pub mod formula;
pub mod guide;
mod image;
mod kernel;
mod margin;
mod metric;
mod module;
mod ranking;
mod reduction;
mod regression;
mod retrieval;
mod samples;
mod segmentation;
mod summed;
#[cfg(feature = "train")]
pub mod train;
mod tuple;

/// The README, whose code is tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

pub use any::{
    ClassificationLoss, ClassificationLossConfig, ElementwiseLoss, ElementwiseLossConfig,
    EmbeddingLoss, EmbeddingLossConfig, ImageLossConfig, SegmentationLoss, SegmentationLossConfig,
    ViewLoss, ViewLossConfig,
};
pub use backend::composed;
pub use class::{AnyClassFormula, ClassEvaluation, ClassLoss};
pub use classification::*;
pub use contrastive::*;
pub use detection::*;
pub use distribution::*;
pub use element::{AnyElementFormula, ElementEvaluation, ElementLoss};
pub use embeddings::{PairLoss, Temperature};
pub use error::LossError;
pub use image::*;
pub use margin::*;
pub use metric::*;
pub use ranking::*;
pub use reduction::{Normalizer, Reduction};
pub use regression::*;
pub use retrieval::{Retrieval, knn_accuracy, mean_average_precision_at_r, recall_at_k};
pub use samples::SampleEvaluation;
pub use segmentation::*;
pub use tuple::{JointLoss, TupleEvaluation, TupleLoss};

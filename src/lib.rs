#![doc = include_str!("../README.md")]
//!
//! # Index
//!
//! - Losses of elements: [`ElementLoss`] and [`ElementEvaluation`]; [`MseLoss`], [`MaeLoss`], [`SmoothL1Loss`], [`HuberLoss`],
//!   [`LogCoshLoss`], [`QuantileLoss`], [`CharbonnierLoss`], [`CauchyLoss`], [`BarronLoss`], [`WelschLoss`], [`GemanMcClureLoss`],
//!   [`WingLoss`], [`AdaptiveWingLoss`], [`BalancedL1Loss`], [`PoissonNllLoss`], [`MsleLoss`], [`HingeLoss`], [`SoftMarginLoss`],
//!   [`HingeEmbeddingLoss`], [`BprLoss`], [`QualityFocalLoss`], [`VarifocalLoss`], [`GaussianFocalLoss`], [`BinaryCrossEntropyLoss`], [`SigmoidFocalLoss`],
//!   [`AsymmetricLoss`], [`KlDivLoss`], [`JensenShannonLoss`]; any of them: [`ElementwiseLoss`], [`ElementwiseLossConfig`].
//! - Losses of classes: [`ClassLoss`] and [`ClassEvaluation`]; [`CrossEntropyLoss`], [`SoftmaxFocalLoss`], [`PolyLoss`],
//!   [`BalancedSoftmaxLoss`], [`LogitAdjustedLoss`], [`LdamLoss`], [`GeneralizedCrossEntropyLoss`], [`SymmetricCrossEntropyLoss`],
//!   [`NllLoss`], [`DistillationLoss`], [`LinearCrossEntropyLoss`]; any of the first eight: [`ClassificationLoss`], [`ClassificationLossConfig`].
//! - Losses of a few numbers together: [`TupleLoss`], [`JointLoss`] and [`TupleEvaluation`]; boxes: [`IouLoss`] ([`IouKind`],
//!   [`BoxFormat`]), [`DistributionFocalLoss`]; likelihoods: [`GaussianNllLoss`], [`LaplaceNllLoss`], [`StudentTNllLoss`],
//!   [`EvidentialLoss`], [`AdaptiveBarronLoss`]; scores: [`MarginRankingLoss`].
//! - Losses of masks: [`MaskLoss`]; [`DiceLoss`], [`GeneralizedDiceLoss`], [`JaccardLoss`], [`TverskyLoss`], [`FocalTverskyLoss`],
//!   [`MccLoss`], [`CombinedLoss`], [`LovaszSoftmaxLoss`], [`LovaszHingeLoss`], [`BoundaryLoss`], [`ClDiceLoss`]; any of them:
//!   [`SegmentationLoss`], [`SegmentationLossConfig`].
//! - Losses of images: [`ImageLoss`]; [`SsimLoss`], [`MsSsimLoss`], [`TotalVariationLoss`], [`PsnrLoss`], [`GradientDifferenceLoss`],
//!   [`FocalFrequencyLoss`]; any but the third: [`ImageLossConfig`].
//! - Losses of rankings: [`ListLoss`]; [`RankNetLoss`], [`ListNetLoss`], [`ListMleLoss`], [`ApproxNdcgLoss`]. Of margins between classes:
//!   [`MultiMarginLoss`], [`MultiLabelMarginLoss`], [`MultiLabelSoftMarginLoss`], [`CosineEmbeddingLoss`]. Of times until an event: [`CoxLoss`].
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

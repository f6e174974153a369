#![doc = include_str!("../README.md")]
//!
//! # Index
//!
//! - Losses of elements: [`ElementLoss`] and [`ElementEvaluation`]; [`MseLoss`], [`MaeLoss`], [`SmoothL1Loss`], [`HuberLoss`],
//!   [`LogCoshLoss`], [`QuantileLoss`], [`CharbonnierLoss`], [`CauchyLoss`], [`BinaryCrossEntropyLoss`], [`SigmoidFocalLoss`],
//!   [`AsymmetricLoss`], [`KlDivLoss`], [`JensenShannonLoss`]; any of them: [`ElementwiseLoss`], [`ElementwiseLossConfig`].
//! - Losses of classes: [`ClassLoss`] and [`ClassEvaluation`]; [`CrossEntropyLoss`], [`SoftmaxFocalLoss`], [`PolyLoss`],
//!   [`BalancedSoftmaxLoss`], [`LogitAdjustedLoss`], [`LdamLoss`], [`GeneralizedCrossEntropyLoss`], [`SymmetricCrossEntropyLoss`],
//!   [`DistillationLoss`], [`LinearCrossEntropyLoss`]; any of the first eight: [`ClassificationLoss`], [`ClassificationLossConfig`].
//! - Losses of embeddings: [`PairLoss`] and [`SampleEvaluation`]; of two views or of queries and keys: [`NtXentLoss`],
//!   [`InfoNceLoss`], [`ClipLoss`], [`SigLipLoss`], [`DclLoss`], [`HardNegativeInfoNceLoss`], [`BarlowTwinsLoss`], [`VicRegLoss`],
//!   [`NegativeCosineLoss`]; with labels: [`SupConLoss`], [`TripletMarginLoss`], [`TripletLoss`], [`ContrastiveLoss`],
//!   [`MultiSimilarityLoss`], [`CircleLoss`], [`LiftedStructureLoss`], [`NPairsLoss`]; with proxies: [`ProxySoftmaxLoss`],
//!   [`ArcFaceLoss`], [`CosFaceLoss`], [`NormalizedSoftmaxLoss`], [`ProxyAnchorLoss`], [`ProxyNcaLoss`]; any of two batches: [`ViewLoss`],
//!   [`ViewLossConfig`]; any with labels: [`EmbeddingLoss`], [`EmbeddingLossConfig`].
//! - What goes with them: [`Reduction`], [`MiningReduction`], [`Normalizer`], [`LossError`], [`class_balanced_weights`], [`composed()`],
//!   [`Temperature`], [`EmbeddingQueue`], [`CrossBatchMemory`], [`TripletMiner`], [`Distance`], the [`formula`] of each;
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
mod distribution;
mod element;
mod embeddings;
mod error;
pub mod formula;
mod kernel;
mod metric;
mod module;
mod reduction;
mod regression;
mod retrieval;
mod samples;
mod summed;
#[cfg(feature = "train")]
pub mod train;

pub use any::{
    ClassificationLoss, ClassificationLossConfig, ElementwiseLoss, ElementwiseLossConfig,
    EmbeddingLoss, EmbeddingLossConfig, ViewLoss, ViewLossConfig,
};
pub use backend::composed;
pub use class::{AnyClassFormula, ClassEvaluation, ClassLoss};
pub use classification::*;
pub use contrastive::*;
pub use distribution::*;
pub use element::{AnyElementFormula, ElementEvaluation, ElementLoss};
pub use embeddings::{PairLoss, Temperature};
pub use error::LossError;
pub use metric::*;
pub use reduction::{Normalizer, Reduction};
pub use regression::*;
pub use retrieval::{Retrieval, knn_accuracy, mean_average_precision_at_r, recall_at_k};
pub use samples::SampleEvaluation;

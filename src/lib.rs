#![doc = include_str!("../README.md")]
//!
//! # Index
//!
//! - Losses of elements: [`ElementLoss`] and [`ElementEvaluation`]; [`MseLoss`], [`MaeLoss`], [`SmoothL1Loss`], [`HuberLoss`],
//!   [`LogCoshLoss`], [`QuantileLoss`], [`CharbonnierLoss`], [`CauchyLoss`], [`BinaryCrossEntropyLoss`], [`SigmoidFocalLoss`],
//!   [`AsymmetricLoss`], [`KlDivLoss`], [`JensenShannonLoss`].
//! - Losses of classes: [`ClassLoss`] and [`ClassEvaluation`]; [`CrossEntropyLoss`], [`SoftmaxFocalLoss`], [`PolyLoss`],
//!   [`BalancedSoftmaxLoss`], [`LogitAdjustedLoss`], [`LdamLoss`], [`GeneralizedCrossEntropyLoss`], [`SymmetricCrossEntropyLoss`],
//!   [`DistillationLoss`], [`LinearCrossEntropyLoss`]; any of them by a file: [`ClassificationLossConfig`].
//! - Losses of embeddings: [`PairLoss`] and [`EmbeddingEvaluation`]; of two views or of queries and keys: [`NtXentLoss`],
//!   [`InfoNceLoss`], [`ClipLoss`], [`SigLipLoss`], [`DclLoss`], [`HardNegativeInfoNceLoss`], [`BarlowTwinsLoss`], [`VicRegLoss`],
//!   [`NegativeCosineLoss`]; with labels: [`SupConLoss`], [`TripletMarginLoss`], [`TripletLoss`], [`ContrastiveLoss`],
//!   [`MultiSimilarityLoss`], [`CircleLoss`], [`LiftedStructureLoss`], [`NPairsLoss`]; with proxies: [`ProxySoftmaxLoss`],
//!   [`ArcFaceLoss`], [`CosFaceLoss`], [`NormalizedSoftmaxLoss`], [`ProxyAnchorLoss`], [`ProxyNcaLoss`].
//! - What goes with them: [`Reduction`], [`MiningReduction`], [`Normalizer`], [`LossError`], [`class_balanced_weights`], [`composed()`],
//!   [`Temperature`], [`EmbeddingQueue`], [`CrossBatchMemory`], [`TripletMiner`], [`Distance`], the [`formula`] of each.
#![deny(missing_docs)]
#![deny(rustdoc::broken_intra_doc_links)]

pub mod arguments;
mod backend;
mod class;
mod classification;
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
#[cfg(feature = "train")]
pub mod train;

pub use backend::composed;
pub use class::{AnyClassFormula, ClassEvaluation, ClassLoss};
pub use classification::*;
pub use contrastive::*;
pub use distribution::*;
pub use element::{ElementEvaluation, ElementLoss};
pub use embeddings::{EmbeddingEvaluation, PairLoss};
pub use error::LossError;
pub use metric::*;
pub use reduction::{Normalizer, Reduction};
pub use regression::*;

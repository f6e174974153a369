#![doc = include_str!("../README.md")]
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

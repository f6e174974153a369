#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![deny(rustdoc::broken_intra_doc_links)]

mod backend;
mod classification;
mod contrastive;
mod distribution;
mod embeddings;
mod error;
pub mod formula;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod kernel;
mod metric;
mod module;
mod pointwise;
mod reduction;
mod regression;
mod softmax;
#[cfg(feature = "train")]
pub mod train;

pub use backend::composed;
pub use classification::*;
pub use contrastive::*;
pub use distribution::*;
pub use error::LossError;
pub use metric::*;
pub use reduction::{DivergenceReduction, Normalizer, Reduction};
pub use regression::*;

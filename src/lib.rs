#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![deny(rustdoc::broken_intra_doc_links)]

mod backend;
mod classification;
mod error;
pub mod formula;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod kernel;
mod pointwise;
mod reduction;
mod regression;

pub use backend::composed;
pub use classification::*;
pub use error::LossError;
pub use reduction::{Normalizer, Reduction};
pub use regression::*;

//! Loss functions for [Burn](https://burn.dev).
#![deny(missing_docs)]

mod backend;
mod classification;
mod error;
pub mod formula;
mod kernel;
mod pointwise;
mod reduction;
mod regression;

pub use backend::composed;
pub use classification::*;
pub use error::LossError;
pub use reduction::{Normalizer, Reduction};
pub use regression::*;

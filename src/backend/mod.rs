//! Where a loss runs: the fused kernels on CPU backends, ordinary tensor operations elsewhere.
//!
//! [`losses`] and [`reduced`] are all the rest of the crate calls. They look at the tensors once:
//! Flex or NdArray, with a data type the kernels know, take the fused operation of
//! [`extension::LossBackend`]; everything else evaluates the same formula on tensors
//! ([`composed`]). This layer knows data types, memory layout, ownership and graph nodes; it does
//! not know what a formula computes.

#[cfg(any(feature = "flex", feature = "ndarray"))]
mod autodiff;
mod composed;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod extension;
#[cfg(feature = "flex")]
mod flex;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod fused;
#[cfg(feature = "ndarray")]
mod ndarray;
mod path;
mod pointwise;

pub use path::composed;
pub(crate) use pointwise::{Inputs, losses, reduced};

/// How the losses of all elements become one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fold {
    /// Their (weighted) sum times a factor.
    Sum {
        /// What the sum is multiplied with.
        factor: f64,
    },
    /// Their weighted sum divided by the sum of the weights; 0 where that is 0.
    WeightedMean,
}

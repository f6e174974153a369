//! Kernels: what is computed over raw memory. The only folder with `unsafe` code.
//!
//! [`cpu`] has the fused kernels of Flex and NdArray, [`gpu`] those of CubeCL devices. [`exact`] measures
//! single pairs, for choices that hang on the last digits, wherever the points are.

#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(crate) mod cpu;
pub(crate) mod exact;
#[cfg(feature = "cube")]
pub(crate) mod gpu;
#[cfg(feature = "kernels")]
pub(crate) mod place;

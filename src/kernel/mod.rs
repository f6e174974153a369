//! Kernels: what is computed over raw memory. The only folder with `unsafe` code.
//!
//! [`cpu`] has the fused kernels of Flex and NdArray. Kernels of other devices get a folder beside it.

#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(crate) mod cpu;

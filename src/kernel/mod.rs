//! The fused CPU kernels: slices in, slices out.
//!
//! A kernel is written once over [`lane::Lane`], a group of sixteen numbers, and compiled once per
//! instruction set ([`isa`]); the best one the CPU has is chosen at run time. This folder knows
//! slices and threads and is the only one with `unsafe` code; it knows nothing of Burn, of
//! configurations, or of what a formula computes.

mod fresh;
mod isa;
mod lane;
mod pointwise;
mod scale;
mod simd;
mod storage;
mod threads;

pub(crate) use pointwise::{Operands, Prediction, Wanted, pointwise};
pub(crate) use scale::{multiply, narrowed, scale, sum};
pub(crate) use storage::Storage;

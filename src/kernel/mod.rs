//! The fused CPU kernels: slices in, slices out.
//!
//! A kernel is written once over [`lane::Lane`], a group of sixteen numbers, and compiled once per
//! instruction set ([`isa`]); the best one the CPU has is chosen at run time. This folder knows
//! slices and threads and is the only one with `unsafe` code; it knows nothing of Burn, of
//! configurations, or of what a formula computes.

mod fresh;
mod gemm;
mod isa;
mod lane;
mod linear;
mod pairs;
mod pointwise;
mod scale;
mod simd;
mod softmax;
mod storage;
mod threads;

pub(crate) use gemm::Matrix;
pub(crate) use linear::{Linear, LinearWanted, linear_softmax};
pub(crate) use pairs::{
    Pairs, Points, pair_gradients, pair_rows, pair_terms, triplet_gradients, triplet_terms,
};
pub(crate) use pointwise::{Operands, Prediction, Wanted, pointwise};
pub(crate) use scale::{multiply, multiply_rows, narrowed, scale, sum, widened};
pub(crate) use softmax::{RowOperands, RowTargets, RowsWanted, Shape, softmax_rows};
pub(crate) use storage::Storage;

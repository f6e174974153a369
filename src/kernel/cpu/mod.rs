//! The fused CPU kernels: slices in, slices out.
//!
//! A kernel body is written once over [`lane::Lane`], a group of sixteen numbers, and compiled once
//! for each instruction set ([`isa`]); the best one the CPU has is chosen at run time. A formula comes in
//! as an object that holds such bodies; everything around it (threads, data types, memory) is compiled
//! once. This folder knows slices and threads; it knows nothing of Burn, of configurations, or of what
//! a formula computes.

mod element;
mod fresh;
mod gemm;
mod indices;
mod isa;
mod lane;
mod linear;
mod ordered_sum;
mod pairs;
mod scale;
mod simd;
mod softmax;
mod storage;
mod threads;
mod unit_rows;

pub(crate) use element::{ElementKernel, Operands, PerClass, Prediction, Wanted, elements};
pub(crate) use gemm::Matrix;
pub(crate) use indices::Indices;
pub(crate) use linear::{Linear, LinearWanted, linear_softmax};
pub(crate) use ordered_sum::ordered_sum;
pub(crate) use pairs::{
    Listed, PairKernel, Pairs, Points, pair_gradients, pair_rows, pair_terms, triplet_gradients,
    triplet_terms,
};
pub(crate) use scale::{is_zero, multiply, multiply_rows, narrowed, scale, sum};
pub(crate) use softmax::{
    ClassKernel, MarginKernel, RowMargin, RowOperands, RowTargets, RowsWanted, Shape, SoftmaxRow,
    softmax_rows,
};
pub(crate) use storage::Storage;
pub(crate) use threads::sum_over_chunks;
pub(crate) use unit_rows::{UnitRows, unit_rows, unit_rows_gradient};

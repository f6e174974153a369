//! The fused CPU kernels: slices in, slices out.
//!
//! A kernel body is written once over [`lane::Lane`], a group of sixteen numbers, and compiled once
//! for each instruction set ([`isa`]); the best one the CPU has is chosen at run time. A formula comes in
//! as an object that holds such bodies; everything around it (threads, data types, memory) is compiled
//! once. This folder knows slices and threads; it knows nothing of Burn, of configurations, or of what
//! a formula computes.

mod cumulative;
mod element;
mod fresh;
mod gemm;
mod indices;
mod isa;
mod lane;
mod linear;
mod lists;
mod lovasz;
mod order;
mod ordered_sum;
mod overlap;
mod pairs;
mod scale;
mod simd;
mod softmax;
mod ssim;
mod storage;
mod threads;
mod tuple;
mod unit_rows;

pub(crate) use cumulative::{Order, cumulative, cumulative_gradient};
pub(crate) use element::{ElementKernel, Operands, PerClass, Prediction, Wanted, elements};
pub(crate) use gemm::Matrix;
pub(crate) use indices::Indices;
pub(crate) use isa::Choice;
pub(crate) use linear::{Linear, LinearWanted, linear_softmax};
pub(crate) use lists::{ListKernel, Lists, Members, list_gradient, list_sums};
pub(crate) use lovasz::lovasz_weights;
pub(crate) use ordered_sum::ordered_sum;
pub(crate) use overlap::{
    Logits, Lovasz, LovaszOutcome, MaskTargets, Masks, Overlap, Term, lovasz, lovasz_gradient,
    overlap_gradient, overlap_sums,
};
pub(crate) use pairs::{
    Listed, PairKernel, Pairs, Points, pair_gradients, pair_rows, pair_terms, triplet_gradients,
    triplet_terms,
};
pub(crate) use scale::{is_zero, multiply, multiply_rows, narrowed, scale, sum};
pub(crate) use softmax::{
    ClassKernel, MarginKernel, RowMargin, RowOperands, RowTargets, RowsWanted, Shape, SoftmaxRow,
    softmax_rows,
};
pub(crate) use ssim::{SsimOperands, SsimOutcome, ssim};
pub(crate) use storage::Storage;
pub(crate) use threads::sum_over_chunks;
pub(crate) use tuple::{
    Block, Layout, TupleKernel, TupleOperands, evaluate as evaluate_tuples, tuples,
};
pub(crate) use unit_rows::{UnitRows, unit_rows, unit_rows_gradient};

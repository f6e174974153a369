//! Where a loss runs: fused kernels on CPU backends and CubeCL devices, ordinary tensor operations elsewhere.
//!
//! The rest of the crate calls a pair of functions for each shape of loss: [`losses`] and [`reduced`]
//! for elements, [`row_losses`] and [`reduced_rows`] for softmax rows, [`linear_losses`] and
//! [`reduced_linear`] for the outputs of a linear layer. They look at the tensors once: Flex,
//! NdArray and CubeCL devices, with a data type the kernels know, take a fused operation of
//! `extension`; everything else evaluates the same formula on tensors (the `composed`
//! module of each). This layer knows data types, memory layout, ownership and graph nodes; it does
//! not know what a formula computes.

#[cfg(feature = "any-backend")]
mod attached;
#[cfg(feature = "any-backend")]
mod autodiff;
mod class_check;
#[cfg(feature = "cube")]
mod cube;
mod element;
#[cfg(feature = "kernels")]
mod extension;
#[cfg(feature = "flex")]
mod flex;
mod fold;
#[cfg(feature = "kernels")]
mod fused;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod host;
mod linear;
mod lists;
mod log_sum_exp;
mod lovasz;
#[cfg(feature = "ndarray")]
mod ndarray;
mod nothing;
mod ordered_sum;
mod overlap;
mod pairs;
mod path;
mod precision;
mod real;
mod row;
mod served;
mod softmax;
mod ssim;
mod tuple;
mod unit_rows;

pub(crate) use class_check::{ClassesWanted, check_classes};
pub(crate) use element::{ElementFormula, Inputs, PerClass, losses, reduced};
pub(crate) use fold::{Count, Fold};
pub(crate) use linear::{LinearInputs, linear_losses, reduced_linear};
pub(crate) use lists::{ListMembers, NOTHING, Order, cumulative, list_pairs};
pub(crate) use log_sum_exp::log_softmax;
pub(crate) use lovasz::{ClassLosses, LovaszErrors, fused_lovasz, lovasz_weights};
pub(crate) use nothing::{everywhere, is_nothing, joined, none_of, nothing_of};
pub(crate) use ordered_sum::{
    centred, column_sums, ordered_mean, ordered_sum, row_means, row_sums,
};
pub(crate) use overlap::{
    MaskPixels, MaskTarget, OverlapInputs, OverlapSpec, OverlapSums, PixelTerm, mask_pixels,
    over_pixels, overlap_sums,
};
pub(crate) use pairs::{
    AllPairs, Block, Extremes, ListedPairs, NO_LABEL, PairInputs, Row, Triplets, between,
    chooses_pairs, extremes, listed_pairs, pair_rows, pair_terms, semi_hard_terms, triplet_terms,
};
pub use path::composed;
pub(crate) use path::runs_on_cpu;
pub(crate) use precision::{type_of_loss, widened};
pub(crate) use row::{ClassObject, RowInputs, SoftmaxRow, Target, TargetMargin};
pub(crate) use softmax::{comparable, ignored, reduced_rows, row_losses};
pub(crate) use ssim::ssim;
pub(crate) use tuple::{TupleInputs, TupleObject, object, reduced_tuples, tuple_losses};
pub(crate) use unit_rows::unit_rows;

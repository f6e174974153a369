//! Kernels of CubeCL devices, traced from the formulas.
//!
//! CubeCL builds a kernel by running Rust code that says what the kernel is to do. So a formula is evaluated once more, with
//! numbers that write down what is done to them ([`traced::Traced`]); with a [`Dual`](crate::formula::Dual) of these the
//! kernel has the value and its derivative. Everything else of a kernel is written here as CubeCL code, once for all
//! formulas. This folder knows Burn's tensors on these devices; it knows nothing of graphs, or of what a formula computes.

mod compare;
mod element;
mod formula;
mod grid;
mod lists;
mod memory;
mod overlap;
mod pairs;
mod softmax;
mod ssim;
mod sum;
mod traced;
mod tuple;
mod unit_rows;
mod weights;

pub(crate) use element::{Elements, elements};
pub(crate) use formula::{Named, TracedClass, TracedElement, TracedMargin, name_of};
pub(crate) use lists::{Lists, TracedList, list_gradient, list_sums};
pub(crate) use memory::empty;
pub(crate) use overlap::{OverlapKind, Overlaps, TracedTerm, overlap_gradient, overlap_sums};
pub(crate) use pairs::{
    Extremes, Labels, Pairs, TracedPairs, listed_gradients, listed_terms, pair_extremes,
    pair_gradients, pair_terms, semi_hard_gradients, semi_hard_terms, triplet_gradients,
    triplet_terms,
};
pub(crate) use softmax::{
    Losses, RowKind, RowLists, RowTargets, RowWeights, SoftmaxRows, cubes, empty_parts,
    numbers_left, row_losses, scale_of_rows, softmax_rows, softmax_rows_gradient,
};
pub(crate) use ssim::{LARGEST_WINDOW, SsimFound, SsimPlanes, ssim};
pub(crate) use sum::{FoldOnDevice, folded_with_counts};
pub(crate) use traced::Traced;
pub(crate) use tuple::{TracedTuple, Tuples, of_lists, tuples};
pub(crate) use unit_rows::{unit_rows, unit_rows_backward};
pub(crate) use weights::Shifts;

//! Pairs of points on tensors, by whichever path they can take.
//!
//! One differentiable operation carries every loss of pairs: from embeddings to a few numbers of each
//! row, without ever holding all pairs. [`pair_terms`] sums formulas over all pairs, [`triplet_terms`]
//! costs over all triplets, [`listed_pairs`] measures the pairs of a list. What a loss makes of these
//! numbers are ordinary tensor operations on as many elements as there are rows.
//!
//! Files, each of which knows those before it: `inputs`, `object`, `operation`; `composed`, the operations
//! on tensors; `call`, the same inputs below the dispatch; `paths`, the choice there; `fused`, the kernels;
//! `extension`, what the dispatch calls; `elsewhere`, devices without it.

#![cfg_attr(
    not(feature = "any-backend"),
    allow(dead_code) // There are no gradients then.
)]

#[cfg(feature = "any-backend")]
pub(super) mod call;
mod composed;
mod elsewhere;
#[cfg(feature = "any-backend")]
pub(super) mod extension;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod fused;
mod inputs;
mod object;
pub(super) mod operation;
#[cfg(feature = "any-backend")]
pub(super) mod paths;
mod rows;

use super::served::expect_served;
#[cfg(feature = "any-backend")]
use super::{path, served::is_served};
use burn::tensor::Tensor;

pub(crate) use composed::{Block, between};
pub(crate) use inputs::{NO_LABEL, PairInputs};
use operation::PairOperation;
pub(crate) use operation::{AllPairs, ListedPairs, Triplets};
pub(crate) use rows::{Row, pair_rows};

/// The terms of every row: `[T, N]`, or `[T, N + K]` with those of columns behind.
///
/// Half precision is the caller's to widen.
pub(crate) fn pair_terms(pairs: AllPairs, inputs: PairInputs) -> Tensor<2> {
    run(PairOperation::All(pairs), inputs)
}

/// Of every row `[3, N]`: what its triplets cost together, how many of them cost something, and how many
/// there are.
///
/// Half precision is the caller's to widen.
pub(crate) fn triplet_terms(triplets: Triplets, inputs: PairInputs) -> Tensor<2> {
    run(PairOperation::Triplets(triplets), inputs)
}

/// The measures of listed pairs, `[P]`, at least one.
///
/// Half precision is the caller's to widen.
pub(crate) fn listed_pairs(pairs: ListedPairs, inputs: PairInputs) -> Tensor<1> {
    let count = inputs.row_labels.dims();
    run(PairOperation::Listed(pairs), inputs).reshape(count)
}

/// What an operation makes of its inputs: one differentiable operation of the device's backend, or where that has
/// none of another.
fn run(operation: PairOperation, inputs: PairInputs) -> Tensor<2> {
    expect_served(&inputs.rows.device());
    #[cfg(feature = "any-backend")]
    if is_served(&inputs.rows.device()) {
        use burn::backend::Dispatch;
        use call::Columns;
        use extension::PairBackend;

        let is_fused = path::takes_points(&inputs.rows);
        let columns = match inputs.columns {
            Some(columns) => Columns::Others(columns.into_dispatch()),
            None => Columns::Rows,
        };
        return Tensor::from_dispatch(<Dispatch as PairBackend>::pair_operation(
            operation,
            is_fused,
            inputs.rows.into_dispatch(),
            columns,
            inputs.row_labels.into_dispatch(),
            inputs.column_labels.into_dispatch(),
        ));
    }
    elsewhere::run(operation, inputs)
}

//! Pairs of points on tensors, by whichever path they can take.
//!
//! One differentiable operation carries every loss of pairs: from embeddings to a few numbers of each
//! row, without ever holding all pairs. [`pair_terms`] sums formulas over all pairs, [`triplet_terms`]
//! costs over all triplets, [`listed_pairs`] measures the pairs of a list. What a loss makes of these
//! numbers are ordinary tensor operations on as many elements as there are rows.
//!
//! On CubeCL devices [`extremes`] and [`semi_hard_terms`] choose triplets where the points are.
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
#[cfg(feature = "cube")]
use super::served::is_cube;
#[cfg(feature = "any-backend")]
use super::{path, served::is_served};
use burn::tensor::{Int, Tensor};

pub(crate) use composed::{Block, between};
pub(crate) use inputs::{NO_LABEL, PairInputs};
use operation::PairOperation;
pub(crate) use operation::{AllPairs, Extremes, ListedPairs, Triplets};
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

/// The same of one triplet for each positive: that with the nearest negative farther away than the positive, or with the
/// farthest negative where there is none.
///
/// Half precision is the caller's to widen.
pub(crate) fn semi_hard_terms(triplets: Triplets, inputs: PairInputs) -> Tensor<2> {
    run(PairOperation::SemiHard(triplets), inputs)
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

        let points = [Some(&inputs.rows), inputs.columns.as_ref()];
        let is_fused = points.into_iter().flatten().all(path::has_pair_kernels);
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

/// Whether kernels of the device choose pairs there.
pub(crate) fn chooses_pairs(points: &Tensor<2>) -> bool {
    #[cfg(feature = "cube")]
    return is_cube(&points.device()) && path::has_pair_kernels(points);
    #[cfg(not(feature = "cube"))]
    {
        let _ = points;
        false
    }
}

/// For each row the column of its positive, that of its negative, and whether it lacks one of them, which is 1 or 0. `None`
/// where the device [chooses](chooses_pairs) no pairs.
pub(crate) fn extremes(extremes: Extremes, inputs: &PairInputs) -> Option<[Tensor<1, Int>; 3]> {
    #[cfg(feature = "any-backend")]
    if chooses_pairs(&inputs.rows) {
        use burn::backend::Dispatch;
        use call::Columns;
        use extension::PairBackend;

        let columns = match inputs.columns.clone() {
            Some(columns) => Columns::Others(columns.into_dispatch()),
            None => Columns::Rows,
        };
        let (positives, negatives, missing) = <Dispatch as PairBackend>::pair_extremes(
            extremes,
            inputs.rows.clone().into_dispatch(),
            columns,
            inputs.row_labels.clone().into_dispatch(),
            inputs.column_labels.clone().into_dispatch(),
        );
        return Some([positives, negatives, missing].map(Tensor::from_dispatch));
    }
    let _ = (extremes, inputs);
    None
}

//! Pairs of points on tensors, by whichever path they can take.
//!
//! One differentiable operation carries every loss of pairs: from embeddings to a few numbers of each
//! row, without ever holding all pairs. [`pair_terms`] sums formulas over all pairs, [`triplet_terms`]
//! costs over all triplets, [`listed_pairs`] measures the pairs of a list. What a loss makes of these
//! numbers are ordinary tensor operations on as many elements as there are rows.

#[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
pub(super) mod composed;
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) mod fused;
mod plain;
mod rows;

#[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
use super::{extension::PairOperation, path::has_walk};
use crate::formula::{AllTriplets, Measure, PairFormula};
use burn::tensor::{Int, Tensor};

pub(crate) use plain::{between, measures};
pub(crate) use rows::{pair_rows, row_blocks};

/// The label of a column, other than the rows themselves, that is paired with no row.
pub(crate) const NO_LABEL: i64 = i32::MIN as i64;

/// Implements the operation for a backend that has its parts.
#[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
macro_rules! pair_backend {
    ($backend:ty) => {
        impl $crate::backend::extension::PairBackend for $backend {
            fn pair_operation<O: $crate::backend::extension::PairOperation>(
                operation: O,
                is_fused: bool,
                rows: ::burn::backend::tensor::FloatTensor<Self>,
                columns: $crate::backend::extension::Columns<Self>,
                row_labels: ::burn::backend::tensor::IntTensor<Self>,
                column_labels: ::burn::backend::tensor::IntTensor<Self>,
            ) -> ::burn::backend::tensor::FloatTensor<Self> {
                use $crate::backend::extension::{Columns, PairCall};
                operation.terms::<Self>(&PairCall {
                    rows,
                    columns: match columns {
                        Columns::Rows => None,
                        Columns::Others(columns) => Some(columns),
                    },
                    row_labels,
                    column_labels,
                    is_fused,
                })
            }
        }
    };
}
#[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
pub(super) use pair_backend;

/// What an operation is computed from; shapes and data types have been checked.
#[derive(Clone, Debug)]
pub(crate) struct PairInputs {
    /// `[N, D]`, D at least 1
    pub rows: Tensor<2>,
    /// `[K, D]`; `None`: the rows themselves.
    pub columns: Option<Tensor<2>>,
    /// `[N]`; equal labels make a positive pair. Of listed pairs the row of each.
    pub row_labels: Tensor<1, Int>,
    /// `[K]`; one with [`NO_LABEL`] is paired with no row. Of listed pairs the column of each.
    pub column_labels: Tensor<1, Int>,
}

/// The terms of every row, summed over all pairs; of the same points none is paired with itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AllPairs<F> {
    pub formula: F,
    pub measure: Measure,
    /// Whether columns have terms, too.
    pub both: bool,
}

/// All triplets of every row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Triplets {
    pub all: AllTriplets,
    pub measure: Measure,
}

/// A measure of listed pairs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListedPairs {
    pub measure: Measure,
}

/// The terms of every row: `[T, N]`, or `[T, N + K]` with those of columns behind.
///
/// Half precision is the caller's to widen.
pub(crate) fn pair_terms<F: PairFormula>(pairs: AllPairs<F>, inputs: PairInputs) -> Tensor<2> {
    #[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
    if has_walk(&inputs.rows.device()) {
        return operation(pairs, inputs);
    }
    plain::terms(pairs, inputs)
}

/// Of every row `[3, N]`: what its triplets cost together, how many of them cost something, and how many
/// there are.
///
/// Half precision is the caller's to widen.
pub(crate) fn triplet_terms(triplets: Triplets, inputs: PairInputs) -> Tensor<2> {
    #[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
    if has_walk(&inputs.rows.device()) {
        return operation(triplets, inputs);
    }
    plain::triplet_terms(&triplets, inputs)
}

/// The measures of listed pairs, `[P]`, at least one.
///
/// Half precision is the caller's to widen.
pub(crate) fn listed_pairs(pairs: ListedPairs, inputs: PairInputs) -> Tensor<1> {
    #[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
    if has_walk(&inputs.rows.device()) {
        return operation(pairs, inputs);
    }
    plain::listed(pairs, inputs)
}

#[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
fn operation<const D: usize>(operation: impl PairOperation, inputs: PairInputs) -> Tensor<D> {
    use super::extension::{Columns, PairBackend};
    use burn::backend::Dispatch;

    let is_fused = takes_kernels(&inputs.rows);
    let columns = match inputs.columns {
        Some(columns) => Columns::Others(columns.into_dispatch()),
        None => Columns::Rows,
    };
    Tensor::from_dispatch(<Dispatch as PairBackend>::pair_operation(
        operation,
        is_fused,
        inputs.rows.into_dispatch(),
        columns,
        inputs.row_labels.into_dispatch(),
        inputs.column_labels.into_dispatch(),
    ))
}

/// Whether kernels can take points like these.
#[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
fn takes_kernels(rows: &Tensor<2>) -> bool {
    super::path::is_fused(rows) && rows.dtype() == burn::tensor::DType::F32
}

#[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
mod operations {
    use super::{AllPairs, ListedPairs, Triplets, composed};
    use crate::{
        backend::extension::{PairCall, PairOperation, PairOps},
        formula::PairFormula,
    };
    use burn::backend::tensor::FloatTensor;

    impl<F: PairFormula> PairOperation for AllPairs<F> {
        fn terms<B: PairOps>(&self, call: &PairCall<B>) -> FloatTensor<B> {
            B::terms_of(*self, call)
        }

        fn gradients<B: PairOps>(
            &self,
            call: &PairCall<B>,
            terms: FloatTensor<B>,
            upstream: FloatTensor<B>,
            wanted: [bool; 2],
        ) -> [Option<FloatTensor<B>>; 2] {
            B::gradients_of(*self, call, terms, upstream, wanted)
        }
    }

    impl PairOperation for Triplets {
        fn terms<B: PairOps>(&self, call: &PairCall<B>) -> FloatTensor<B> {
            B::triplets_of(self, call)
        }

        fn gradients<B: PairOps>(
            &self,
            call: &PairCall<B>,
            _terms: FloatTensor<B>,
            upstream: FloatTensor<B>,
            wanted: [bool; 2],
        ) -> [Option<FloatTensor<B>>; 2] {
            B::triplet_gradients_of(self, call, upstream, wanted)
        }
    }

    impl PairOperation for ListedPairs {
        fn terms<B: PairOps>(&self, call: &PairCall<B>) -> FloatTensor<B> {
            composed::listed(self.measure, call)
        }

        fn gradients<B: PairOps>(
            &self,
            call: &PairCall<B>,
            _terms: FloatTensor<B>,
            upstream: FloatTensor<B>,
            wanted: [bool; 2],
        ) -> [Option<FloatTensor<B>>; 2] {
            composed::listed_gradients(self.measure, call, upstream, wanted)
        }
    }
}

//! Terms of all pairs on tensors, by whichever path they can take.
//!
//! One differentiable operation carries every loss of all pairs: from embeddings to a few numbers of
//! each row ([`PairFormula`]), without ever holding all similarities. What a loss makes of these numbers
//! are ordinary tensor operations on as many elements as there are rows.

#[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
pub(super) mod composed;
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) mod fused;
mod plain;

#[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
use super::path::has_walk;
use crate::formula::PairFormula;
use burn::tensor::{Int, Tensor};

/// Implements the operation for a backend that has its parts.
#[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
macro_rules! pair_backend {
    ($backend:ty) => {
        impl $crate::backend::extension::PairBackend for $backend {
            fn pair_terms<F: $crate::formula::PairFormula>(
                formula: F,
                both: bool,
                is_fused: bool,
                rows: ::burn::backend::tensor::FloatTensor<Self>,
                columns: $crate::backend::extension::Columns<Self>,
                row_labels: ::burn::backend::tensor::IntTensor<Self>,
                column_labels: ::burn::backend::tensor::IntTensor<Self>,
            ) -> ::burn::backend::tensor::FloatTensor<Self> {
                use $crate::backend::extension::{Columns, PairCall, PairOps};
                let call = PairCall {
                    rows,
                    columns: match columns {
                        Columns::Rows => None,
                        Columns::Others(columns) => Some(columns),
                    },
                    row_labels,
                    column_labels,
                    both,
                    is_fused,
                };
                Self::terms_of(formula, &call)
            }
        }
    };
}
#[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
pub(super) use pair_backend;

/// What the terms are computed from; shapes and data types have been checked.
#[derive(Clone, Debug)]
pub(crate) struct PairInputs {
    /// `[N, D]`, D at least 1
    pub rows: Tensor<2>,
    /// `[K, D]`; `None`: the rows themselves, of which none is paired with itself.
    pub columns: Option<Tensor<2>>,
    /// `[N]`; equal labels make a positive pair.
    pub row_labels: Tensor<1, Int>,
    /// `[K]`
    pub column_labels: Tensor<1, Int>,
    /// Whether columns have terms, too.
    pub both: bool,
}

/// The terms of every row of dot products: `[T, N]`, or `[T, N + K]` with those of columns behind.
///
/// Half precision is the caller's to widen.
pub(crate) fn pair_terms<F: PairFormula>(formula: F, inputs: PairInputs) -> Tensor<2> {
    #[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
    if has_walk(&inputs.rows.device()) {
        return walk(formula, inputs);
    }
    plain::terms(formula, inputs)
}

#[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
fn walk<F: PairFormula>(formula: F, inputs: PairInputs) -> Tensor<2> {
    use super::{
        extension::{Columns, PairBackend},
        path::is_fused,
    };
    use burn::{backend::Dispatch, tensor::DType};

    let is_fused = is_fused(&inputs.rows) && inputs.rows.dtype() == DType::F32;
    let columns = match inputs.columns {
        Some(columns) => Columns::Others(columns.into_dispatch()),
        None => Columns::Rows,
    };
    Tensor::from_dispatch(<Dispatch as PairBackend>::pair_terms(
        formula,
        inputs.both,
        is_fused,
        inputs.rows.into_dispatch(),
        columns,
        inputs.row_labels.into_dispatch(),
        inputs.column_labels.into_dispatch(),
    ))
}

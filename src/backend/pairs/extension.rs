//! The operation on pairs a backend has on top of Burn's own.
#![cfg_attr(any(feature = "ndarray", feature = "tch"), allow(deprecated))] // The list of backends names them.

use super::{
    call::{Columns, PairCall},
    operation::PairOperation,
    paths::{self, FusedPairs},
};
use burn::backend::{
    Backend, backend_extension,
    tensor::{FloatTensor, IntTensor},
};

/// A backend that computes with pairs of points.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "cube"),
    LibTorch: cfg(feature = "tch"),
    Remote: cfg(feature = "remote"),
    Autodiff,
)]
pub(crate) trait PairBackend: Backend {
    /// What an operation makes of points `[N, D]` and those they are paired with.
    fn pair_operation(
        operation: PairOperation,
        is_fused: bool,
        rows: FloatTensor<Self>,
        #[extension_type] columns: Columns<Self>,
        row_labels: IntTensor<Self>,
        column_labels: IntTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl<B: FusedPairs> PairBackend for B {
    fn pair_operation(
        operation: PairOperation,
        is_fused: bool,
        rows: FloatTensor<Self>,
        columns: Columns<Self>,
        row_labels: IntTensor<Self>,
        column_labels: IntTensor<Self>,
    ) -> FloatTensor<Self> {
        let call = PairCall::<B> {
            rows,
            columns: match columns {
                Columns::Rows => None,
                Columns::Others(columns) => Some(columns),
            },
            row_labels,
            column_labels,
            is_fused,
        };
        paths::terms(&operation, &call)
    }
}

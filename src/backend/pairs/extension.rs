//! The operation on pairs a backend has on top of Burn's own.
#![cfg_attr(any(feature = "ndarray", feature = "tch"), allow(deprecated))] // The list of backends names them.

use super::{
    call::{Columns, PairCall},
    operation::{Extremes, PairOperation},
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

    /// For each row the column of its positive, that of its negative, and whether it lacks one of them: 1, or 0. Asked of
    /// devices with kernels for that alone.
    fn pair_extremes(
        extremes: Extremes,
        rows: FloatTensor<Self>,
        #[extension_type] columns: Columns<Self>,
        row_labels: IntTensor<Self>,
        column_labels: IntTensor<Self>,
    ) -> (IntTensor<Self>, IntTensor<Self>, IntTensor<Self>);
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
            columns: columns.others(),
            row_labels,
            column_labels,
            is_fused,
        };
        paths::terms(&operation, &call)
    }

    fn pair_extremes(
        extremes: Extremes,
        rows: FloatTensor<Self>,
        columns: Columns<Self>,
        row_labels: IntTensor<Self>,
        column_labels: IntTensor<Self>,
    ) -> (IntTensor<Self>, IntTensor<Self>, IntTensor<Self>) {
        let call = PairCall::<B> {
            rows,
            columns: columns.others(),
            row_labels,
            column_labels,
            is_fused: true,
        };
        let found = B::fused_extremes(&extremes, &call);
        found.expect("a device with kernels").into()
    }
}

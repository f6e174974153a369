//! The operation on lists a backend has on top of Burn's own.
#![cfg_attr(any(feature = "ndarray", feature = "tch"), allow(deprecated))] // The list of backends names them.

use super::call::{self, FusedLists, ListCall, ListOperation, Members};
use burn::backend::{Backend, backend_extension, tensor::FloatTensor};

/// A backend that computes with lists of items.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "cube"),
    LibTorch: cfg(feature = "tch"),
    Remote: cfg(feature = "remote"),
    Autodiff,
)]
pub(crate) trait ListBackend: Backend {
    /// What an operation makes of scores `[B, L]`.
    fn list_operation(
        operation: ListOperation,
        is_fused: bool,
        scores: FloatTensor<Self>,
        #[extension_type] members: Members<Self>,
    ) -> FloatTensor<Self>;
}

impl<B: FusedLists> ListBackend for B {
    fn list_operation(
        operation: ListOperation,
        is_fused: bool,
        scores: FloatTensor<Self>,
        members: Members<Self>,
    ) -> FloatTensor<Self> {
        let call = ListCall {
            scores,
            members,
            is_fused,
        };
        call::lists::<B>(&operation, &call)
    }
}

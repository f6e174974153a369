//! Lovasz losses as one operation of a backend on the CPU.
#![cfg_attr(feature = "ndarray", allow(deprecated))] // The list of backends names NdArray.

use super::{LovaszErrors, call::FusedLovasz};
use crate::backend::{
    extension::{RowTarget, Weights},
    overlap::{OverlapCall, OverlapSpec},
};
use burn::backend::{Backend, backend_extension, tensor::FloatTensor};
use std::sync::Arc;

/// A backend that puts errors in order by itself.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Autodiff,
)]
pub(crate) trait LovaszBackend: Backend {
    /// The Lovasz losses of logits `[N, C, K]` with classes or masks, and how many pixels are in each mask: `[2, R, C]`.
    #[allow(unused_variables)] // The generated dispatch leaves some unused without a backend.
    fn lovasz(
        spec: Arc<OverlapSpec>,
        errors: LovaszErrors,
        logits: FloatTensor<Self>,
        #[extension_type] target: RowTarget<Self>,
        #[extension_type] weights: Weights<Self>,
    ) -> FloatTensor<Self>;
}

impl<B: FusedLovasz> LovaszBackend for B {
    fn lovasz(
        spec: Arc<OverlapSpec>,
        errors: LovaszErrors,
        logits: FloatTensor<Self>,
        target: RowTarget<Self>,
        weights: Weights<Self>,
    ) -> FloatTensor<Self> {
        let call = OverlapCall {
            spec,
            logits,
            target,
            weights,
        };
        Self::lovasz_of(call, errors).losses
    }
}

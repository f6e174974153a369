//! The operation on images a backend has on top of Burn's own.
#![cfg_attr(feature = "ndarray", allow(deprecated))] // The list of backends names NdArray.

use super::call::{FusedSsim, SsimCall};
use crate::formula::Ssim;
use burn::backend::{Backend, backend_extension, tensor::FloatTensor};
use std::sync::Arc;

/// A backend that compares images in one pass.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "cube"),
    Autodiff,
)]
pub(crate) trait SsimBackend: Backend {
    /// What each plane lacks of similarity, `[P]`, for images `[P, H * W, 1]` of these sides, less references `[P]`.
    #[allow(unused_variables)] // The generated dispatch leaves some unused without a backend.
    fn ssim(
        ssim: Arc<Ssim>,
        sides: [usize; 2],
        prediction: FloatTensor<Self>,
        target: FloatTensor<Self>,
        references: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl<B: FusedSsim> SsimBackend for B {
    fn ssim(
        ssim: Arc<Ssim>,
        sides: [usize; 2],
        prediction: FloatTensor<Self>,
        target: FloatTensor<Self>,
        references: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let call = SsimCall {
            ssim,
            sides,
            images: [prediction, target],
            references,
            wanted: [false; 2],
        };
        Self::differentiate_ssim(call).losses
    }
}

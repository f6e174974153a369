//! The structural similarity as one operation.

use crate::{backend::fused::FusedElements, formula::Ssim};
use burn::backend::{Backend, tensor::FloatTensor};
use std::sync::Arc;

/// Images to be compared.
pub(in crate::backend) struct SsimCall<B: Backend> {
    pub ssim: Arc<Ssim>,
    pub sides: [usize; 2],
    /// Prediction and target, `[P, H * W, 1]`.
    pub images: [FloatTensor<B>; 2],
    /// `[P]`, in `f32`.
    pub references: FloatTensor<B>,
    /// Of which a gradient is wanted.
    pub wanted: [bool; 2],
}

/// What the planes lack of similarity, and the gradients that are wanted, in `f32`.
pub(in crate::backend) struct SsimDifferentiated<B: Backend> {
    pub losses: FloatTensor<B>,
    pub gradients: [Option<FloatTensor<B>>; 2],
}

/// The structural similarity of a backend, whatever the data type.
pub(in crate::backend) trait FusedSsim: FusedElements {
    /// What the planes lack of similarity, with the gradients that are wanted.
    fn differentiate_ssim(call: SsimCall<Self>) -> SsimDifferentiated<Self>;
}

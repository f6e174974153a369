//! The structural similarity as one operation on slices.

use crate::{
    backend::{fused::FusedElements, host::Host},
    formula::Ssim,
    kernel::cpu::{self, SsimOperands, SsimOutcome, Storage},
};
use burn::{
    backend::{Backend, TensorMetadata, tensor::FloatTensor},
    tensor::Shape,
};
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

/// [`FusedSsim::differentiate_ssim`] for one element type of the images.
pub(in crate::backend) fn differentiate<B: Host<E> + Host<f32>, E: Storage>(
    call: SsimCall<B>,
) -> SsimDifferentiated<B> {
    let shape = call.images[0].shape();
    let images = call.images.map(<B as Host<E>>::contiguous);
    let [prediction, target] = images.each_ref().map(<B as Host<E>>::slice);
    let references = <B as Host<f32>>::contiguous(call.references);
    let operands = SsimOperands {
        prediction,
        target,
        references: <B as Host<f32>>::slice(&references),
        sides: call.sides,
    };
    let SsimOutcome { losses, gradients } = cpu::ssim(&call.ssim, &operands, call.wanted);
    let of_gradient = |gradient: Option<Vec<f32>>| Some(B::from_vec(gradient?, shape.clone()));
    let planes = Shape::new([losses.len()]);
    SsimDifferentiated {
        losses: B::from_vec(losses, planes),
        gradients: gradients.map(of_gradient),
    }
}

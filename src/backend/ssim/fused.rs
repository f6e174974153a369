//! The structural similarity as one operation on slices.

use super::{SsimCall, SsimDifferentiated};
use crate::{
    backend::host::Host,
    kernel::cpu::{self, SsimOperands, SsimOutcome, Storage},
};
use burn::{backend::TensorMetadata, tensor::Shape};

/// What the planes lack of similarity, with the gradients that are wanted, for one element type of the images.
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

//! The backward pass of the structural similarity.

use super::elements::ComputedBackward;
use crate::{
    backend::ssim::{FusedSsim, SsimBackend, SsimCall, SsimDifferentiated},
    formula::Ssim,
};
use burn::backend::{
    Autodiff, TensorMetadata,
    autodiff::{
        checkpoint::strategy::CheckpointStrategy,
        ops::{Backward, OpsKind},
    },
    tensor::FloatTensor,
};
use std::sync::Arc;

impl<B: FusedSsim, C: CheckpointStrategy> SsimBackend for Autodiff<B, C> {
    fn ssim(
        ssim: Arc<Ssim>,
        sides: [usize; 2],
        prediction: FloatTensor<Self>,
        target: FloatTensor<Self>,
        references: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let wanted = [prediction.is_tracked(), target.is_tracked()];
        let dtype = prediction.dtype();
        let (prediction, prediction_node) = prediction.into_parts();
        let (target, target_node) = target.into_parts();
        let SsimDifferentiated { losses, gradients } = B::differentiate_ssim(SsimCall {
            ssim,
            sides,
            images: [prediction, target],
            references: references.into_primitive(),
            wanted,
        });
        match ComputedBackward
            .prepare::<C>([prediction_node, target_node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish((gradients, dtype), losses),
            OpsKind::UnTracked(prep) => prep.finish(losses),
        }
    }
}

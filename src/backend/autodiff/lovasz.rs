//! The backward pass of Lovasz losses.

use super::later::{Later, tracked};
use crate::backend::{
    extension::{RowTarget, Weights},
    lovasz::{FusedLovasz, LovaszBackend, LovaszErrors, Ordered},
    overlap::{OverlapCall, OverlapSpec},
};
use burn::backend::{
    Autodiff, autodiff::checkpoint::strategy::CheckpointStrategy, tensor::FloatTensor,
};
use std::sync::Arc;

impl<B: FusedLovasz, C: CheckpointStrategy> LovaszBackend for Autodiff<B, C> {
    fn lovasz(
        spec: Arc<OverlapSpec>,
        errors: LovaszErrors,
        logits: FloatTensor<Self>,
        target: RowTarget<Self>,
        weights: Weights<Self>,
    ) -> FloatTensor<Self> {
        let (call, node) = OverlapCall::<B>::of_tracked(spec, logits, target, weights);
        let Ordered { losses, slopes } = B::lovasz_of(call.clone(), errors);
        tracked::<B, C, _>(LovaszGradient(errors), node, (call, slopes), losses)
    }
}

/// Computes probabilities once more, now that it is known what each loss is multiplied with.
#[derive(Debug)]
struct LovaszGradient(LovaszErrors);

impl<B: FusedLovasz> Later<B> for LovaszGradient {
    /// The inputs, and the slopes.
    type State = (OverlapCall<B>, FloatTensor<B>);

    fn gradient(self, (call, slopes): Self::State, upstream: FloatTensor<B>) -> FloatTensor<B> {
        B::gradient_of_lovasz(call, self.0, slopes, upstream)
    }
}

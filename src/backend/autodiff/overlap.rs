//! The backward pass of overlap sums.

use super::later::{Later, tracked};
use crate::backend::{
    extension::{OverlapBackend, RowTarget, Weights},
    fused::FusedOverlap,
    overlap::{OverlapCall, OverlapSpec},
};
use burn::backend::{
    Autodiff, Backend,
    autodiff::{checkpoint::strategy::CheckpointStrategy, ops::NodeGuard},
    tensor::FloatTensor,
};
use std::sync::Arc;

impl<B: FusedOverlap, C: CheckpointStrategy> OverlapBackend for Autodiff<B, C> {
    fn overlap_sums(
        spec: Arc<OverlapSpec>,
        logits: FloatTensor<Self>,
        target: RowTarget<Self>,
        weights: Weights<Self>,
    ) -> FloatTensor<Self> {
        let (call, node) = OverlapCall::<B>::of_tracked(spec, logits, target, weights);
        let sums = B::sums_of(call.clone());
        tracked::<B, C, _>(OverlapGradient, node, call, sums)
    }
}

impl<B: Backend> OverlapCall<B> {
    /// What tracked logits are compared with, and their node.
    pub(super) fn of_tracked<C: CheckpointStrategy>(
        spec: Arc<OverlapSpec>,
        logits: FloatTensor<Autodiff<B, C>>,
        target: RowTarget<Autodiff<B, C>>,
        weights: Weights<Autodiff<B, C>>,
    ) -> (Self, NodeGuard) {
        let (logits, node) = logits.into_parts();
        let call = Self {
            spec,
            logits,
            target: match target {
                RowTarget::Classes(classes) => RowTarget::Classes(classes),
                RowTarget::Shares(masks) => RowTarget::Shares(masks.into_primitive()),
            },
            weights: weights.into_inner(),
        };
        (call, node)
    }
}

/// Computes probabilities once more, now that it is known what each sum is multiplied with.
#[derive(Debug)]
struct OverlapGradient;

impl<B: FusedOverlap> Later<B> for OverlapGradient {
    type State = OverlapCall<B>;

    fn gradient(self, call: Self::State, upstream: FloatTensor<B>) -> FloatTensor<B> {
        B::gradient_of_sums(call, upstream)
    }
}

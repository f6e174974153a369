//! The backward pass of overlap sums.

use crate::backend::{
    extension::{OverlapBackend, RowTarget, Weights},
    fused::FusedOverlap,
    overlap::{OverlapCall, OverlapSpec},
};
use burn::backend::{
    Autodiff, Backend,
    autodiff::{
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, NodeGuard, Ops, OpsKind},
    },
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
        match OverlapBackward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(call, sums),
            OpsKind::UnTracked(prep) => prep.finish(sums),
        }
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
struct OverlapBackward;

impl<B: FusedOverlap> Backward<B, 1> for OverlapBackward {
    type State = OverlapCall<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let upstream = grads.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(parent) = parent {
            let gradient = B::gradient_of_sums(ops.state, upstream);
            grads.register::<B>(parent.id, gradient);
        }
    }
}

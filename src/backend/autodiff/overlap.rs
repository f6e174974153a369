//! The backward pass of overlap sums.

use crate::backend::{
    extension::{OverlapBackend, RowTarget, Weights},
    fused::FusedOverlap,
    overlap::{OverlapCall, OverlapSpec},
};
use burn::backend::{
    Autodiff,
    autodiff::{
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, Ops, OpsKind},
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
        let (logits, node) = logits.into_parts();
        let call = OverlapCall::<B> {
            spec,
            logits,
            target: match target {
                RowTarget::Classes(classes) => RowTarget::Classes(classes),
                RowTarget::Shares(masks) => RowTarget::Shares(masks.into_primitive()),
            },
            weights: weights.into_inner(),
        };
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

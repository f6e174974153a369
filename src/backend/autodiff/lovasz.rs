//! The backward pass of Lovasz losses.

use crate::backend::{
    extension::{RowTarget, Weights},
    lovasz::{FusedLovasz, LovaszBackend, LovaszErrors, Ordered},
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
        match LovaszBackward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish((call, errors, slopes), losses),
            OpsKind::UnTracked(prep) => prep.finish(losses),
        }
    }
}

/// Computes probabilities once more, now that it is known what each loss is multiplied with.
#[derive(Debug)]
struct LovaszBackward;

impl<B: FusedLovasz> Backward<B, 1> for LovaszBackward {
    type State = (OverlapCall<B>, LovaszErrors, FloatTensor<B>);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let upstream = grads.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(parent) = parent {
            let (call, errors, slopes) = ops.state;
            let gradient = B::gradient_of_lovasz(call, errors, slopes, upstream);
            grads.register::<B>(parent.id, gradient);
        }
    }
}

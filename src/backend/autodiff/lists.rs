//! The backward pass of operations on lists.

use crate::backend::lists::{
    call::{self, FusedLists, ListCall, ListOperation, Members},
    extension::ListBackend,
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

/// Visits all pairs once more, now that it is known what each item is multiplied with.
#[derive(Debug)]
struct ListBackward(ListOperation);

impl<B: FusedLists> Backward<B, 1> for ListBackward {
    type State = ListCall<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let upstream = grads.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(parent) = parent {
            let gradient = call::list_gradient::<B>(&self.0, &ops.state, upstream);
            grads.register::<B>(parent.id, gradient);
        }
    }
}

impl<B: FusedLists, C: CheckpointStrategy> ListBackend for Autodiff<B, C> {
    fn list_operation(
        operation: ListOperation,
        is_fused: bool,
        scores: FloatTensor<Self>,
        members: Members<Self>,
    ) -> FloatTensor<Self> {
        let (scores, node) = scores.into_parts();
        let call = ListCall::<B> {
            scores,
            members: match members {
                Members::Relevances(relevances) => Members::Relevances(relevances.into_primitive()),
                Members::Indices(indices) => Members::Indices(indices),
            },
            is_fused,
        };
        let sums = call::lists::<B>(&operation, &call);
        let backward = ListBackward(operation).prepare::<C>([node]);
        match backward.compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(call, sums),
            OpsKind::UnTracked(prep) => prep.finish(sums),
        }
    }
}

//! The backward pass of operations of one tensor, whose gradient is computed when it is known what it is multiplied with.

use burn::backend::{
    Autodiff, Backend,
    autodiff::{
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, NodeGuard, Ops, OpsKind},
    },
    tensor::FloatTensor,
};
use core::fmt::Debug;

/// The gradient of an operation.
pub(super) trait Later<B: Backend>: Debug + Send + Sized + 'static {
    /// What it is computed from.
    type State: Clone + Debug + Send + 'static;

    /// What an upstream gradient is to the operand.
    fn gradient(self, state: Self::State, upstream: FloatTensor<B>) -> FloatTensor<B>;
}

/// What an operation has made of the tensor of a node, tracked.
pub(super) fn tracked<B: Backend, C: CheckpointStrategy, G: Later<B>>(
    later: G,
    node: NodeGuard,
    state: G::State,
    outcome: FloatTensor<B>,
) -> FloatTensor<Autodiff<B, C>> {
    let prep = LaterBackward(later).prepare::<C>([node]).compute_bound();
    match prep.stateful() {
        OpsKind::Tracked(prep) => prep.finish(state, outcome),
        OpsKind::UnTracked(prep) => prep.finish(outcome),
    }
}

#[derive(Debug)]
struct LaterBackward<G>(G);

impl<B: Backend, G: Later<B>> Backward<B, 1> for LaterBackward<G> {
    type State = G::State;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let upstream = grads.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(parent) = parent {
            grads.register::<B>(parent.id, self.0.gradient(ops.state, upstream));
        }
    }
}

//! The backward pass of a value that hands on gradients computed before.

use super::chain::chained;
use crate::backend::attached::GradientBackend;
use burn::{
    backend::{
        Autodiff, Backend, TensorMetadata,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        tensor::FloatTensor,
    },
    tensor::Shape,
};

/// Multiplies a gradient with what comes from upstream.
#[derive(Debug)]
struct AttachedBackward;

impl<B: Backend> Backward<B, 2> for AttachedBackward {
    /// The gradient of the operand.
    type State = FloatTensor<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let upstream = grads.consume::<B>(&ops.node);
        let [value, operand] = ops.parents;
        if let Some(operand) = operand {
            let shape = ops.state.shape();
            let ones = Shape::from(vec![1; shape.num_dims()]);
            let factor = B::float_reshape(upstream.clone(), ones);
            let factor = B::float_expand(factor, shape);
            grads.register::<B>(operand.id, chained::<B>(ops.state, factor));
        }
        if let Some(value) = value {
            grads.register::<B>(value.id, upstream);
        }
    }
}

impl<B: GradientBackend, C: CheckpointStrategy> GradientBackend for Autodiff<B, C> {
    fn with_gradient(
        value: FloatTensor<Self>,
        operand: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let (value, value_node) = value.into_parts();
        let (_, operand_node) = operand.into_parts();
        let gradient = gradient.into_primitive();
        match AttachedBackward
            .prepare::<C>([value_node, operand_node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(gradient, value),
            OpsKind::UnTracked(prep) => prep.finish(value),
        }
    }
}

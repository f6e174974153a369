//! The backward pass of operations that have computed their gradients already.

use crate::backend::{
    element::{Differentiated, ElementCall, ElementFormula, PerClass},
    extension::{ElementBackend, Weights},
    fold::Fold,
    fused::FusedElements,
};
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
    tensor::DType,
};
use std::sync::Arc;

/// Hands on the gradients the forward pass has computed.
#[derive(Debug)]
pub(super) struct ComputedBackward;

impl<B: FusedElements, const N: usize> Backward<B, N> for ComputedBackward {
    /// The gradients the forward pass left, to each operand, and the data type of these.
    type State = ([Option<FloatTensor<B>>; N], DType);

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let upstream = grads.consume::<B>(&ops.node);
        let (gradients, dtype) = ops.state;
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                let gradient = B::chain(gradient, upstream.clone(), dtype);
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: FusedElements, C: CheckpointStrategy> ElementBackend for Autodiff<B, C> {
    fn elements(
        formula: Arc<dyn ElementFormula>,
        prediction: FloatTensor<Self>,
        target: FloatTensor<Self>,
        weights: Weights<Self>,
        parameters: Option<PerClass>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self> {
        let (prediction_gradient, target_gradient) = (prediction.is_tracked(), target.is_tracked());
        let dtype = prediction.dtype();
        let (prediction, prediction_node) = prediction.into_parts();
        let (target, target_node) = target.into_parts();
        let Differentiated {
            loss,
            prediction_gradient,
            target_gradient,
        } = B::differentiate(ElementCall {
            formula,
            prediction,
            target,
            weights: weights.into_inner(),
            parameters,
            fold,
            prediction_gradient,
            target_gradient,
        });
        let gradients = [prediction_gradient, target_gradient];
        match ComputedBackward
            .prepare::<C>([prediction_node, target_node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish((gradients, dtype), loss),
            OpsKind::UnTracked(prep) => prep.finish(loss),
        }
    }
}

impl<B: Backend, C: CheckpointStrategy> Weights<Autodiff<B, C>> {
    /// The weights as constants: where they are tracked, the composed path is taken.
    pub(super) fn into_inner(self) -> Weights<B> {
        match self {
            Weights::Equal => Weights::Equal,
            Weights::Each(weights) => Weights::Each(weights.into_primitive()),
        }
    }
}

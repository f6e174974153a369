//! The backward pass of losses of a linear layer's outputs.

use super::{chain::chained, elements::ComputedBackward};
use crate::backend::{
    extension::{LinearBackend, Weights},
    fold::Fold,
    fused::FusedLinear,
    linear::LinearCall,
    row::SoftmaxRow,
};
use burn::backend::{
    Autodiff, Backend, TensorMetadata,
    autodiff::{
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, Ops, OpsKind},
    },
    tensor::{FloatTensor, IntTensor},
};
use std::sync::Arc;

impl<B: FusedLinear, C: CheckpointStrategy> LinearBackend for Autodiff<B, C> {
    fn linear_softmax(
        row: Arc<SoftmaxRow>,
        hidden: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        classes: IntTensor<Self>,
        weights: Weights<Self>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self> {
        let dtype = hidden.dtype();
        let tracked = [&hidden, &weight, &bias].map(|operand| operand.is_tracked());
        let (hidden, hidden_node) = hidden.into_parts();
        let (weight, weight_node) = weight.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let nodes = [hidden_node, weight_node, bias_node];
        let operands = [hidden, weight, bias];
        let weights = weights.into_inner();
        if fold.is_some() {
            // The upstream gradient will be one number, so the gradients can be had now, while the
            // logits are there.
            let outcome = B::differentiate_linear(LinearCall {
                row,
                operands,
                classes,
                weights,
                fold,
                gradients: tracked,
            });
            let prep = ComputedBackward.prepare::<C>(nodes).compute_bound();
            return match prep.stateful() {
                OpsKind::Tracked(prep) => prep.finish((outcome.gradients, dtype), outcome.loss),
                OpsKind::UnTracked(prep) => prep.finish(outcome.loss),
            };
        }
        let kept = match &weights {
            Weights::Equal => None,
            Weights::Each(weights) => Some(weights.clone()),
        };
        let loss = B::linear_softmax(
            row.clone(),
            operands[0].clone(),
            operands[1].clone(),
            operands[2].clone(),
            classes.clone(),
            weights,
            None,
        );
        let state = LinearState {
            row,
            operands,
            classes,
            weights: kept,
            tracked,
        };
        match LinearBackward
            .prepare::<C>(nodes)
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(state, loss),
            OpsKind::UnTracked(prep) => prep.finish(loss),
        }
    }
}

/// Computes the logits of a linear layer once more, now that it is known what each row's loss is
/// multiplied with.
#[derive(Debug)]
struct LinearBackward;

/// What the backward pass of an unreduced loss of a linear layer starts from.
#[derive(Clone, Debug)]
struct LinearState<B: Backend> {
    row: Arc<SoftmaxRow>,
    operands: [FloatTensor<B>; 3],
    classes: IntTensor<B>,
    weights: Option<FloatTensor<B>>,
    tracked: [bool; 3],
}

impl<B: FusedLinear> Backward<B, 3> for LinearBackward {
    type State = LinearState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let state = ops.state;
        let upstream = grads.consume::<B>(&ops.node);
        let factors = match state.weights {
            Some(weights) => chained::<B>(weights, upstream),
            None => upstream,
        };
        let outcome = B::differentiate_linear(LinearCall {
            row: state.row,
            operands: state.operands,
            classes: state.classes,
            weights: Weights::Each(factors),
            fold: Some(Fold::Sum { factor: 1.0 }),
            gradients: state.tracked,
        });
        for (parent, gradient) in ops.parents.into_iter().zip(outcome.gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

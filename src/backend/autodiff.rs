//! The backward pass of the fused operations.

use super::{
    Fold,
    extension::{LossBackend, Weights},
    fused::{Differentiated, FusedBackend, Pointwise},
};
use crate::formula::ColumnFormula;
use burn::backend::{
    Autodiff,
    autodiff::{
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, Ops, OpsKind},
    },
    tensor::FloatTensor,
};

/// Hands on the gradients the forward pass has computed.
#[derive(Debug)]
struct PointwiseBackward;

/// The gradients the forward pass left, to prediction and target.
#[derive(Clone, Debug)]
struct Saved<T> {
    gradients: [Option<T>; 2],
    pending: f32,
}

impl<B: FusedBackend> Backward<B, 2> for PointwiseBackward {
    type State = Saved<FloatTensor<B>>;

    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let upstream = grads.consume::<B>(&ops.node);
        let Saved { gradients, pending } = ops.state;
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                let gradient = B::chain(gradient, upstream.clone(), pending);
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: FusedBackend + LossBackend, C: CheckpointStrategy> LossBackend for Autodiff<B, C> {
    fn pointwise<F: ColumnFormula>(
        formula: F,
        prediction: FloatTensor<Self>,
        target: FloatTensor<Self>,
        weights: Weights<Self>,
        columns: Option<Vec<f32>>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self> {
        let (prediction_gradient, target_gradient) = (prediction.is_tracked(), target.is_tracked());
        let (prediction, prediction_node) = prediction.into_parts();
        let (target, target_node) = target.into_parts();
        let Differentiated {
            loss,
            prediction_gradient,
            target_gradient,
            pending,
        } = B::differentiate(Pointwise {
            formula,
            prediction,
            target,
            weights: match weights {
                Weights::Equal => Weights::Equal,
                Weights::Each(weights) => Weights::Each(weights.into_primitive()),
            },
            columns,
            fold,
            prediction_gradient,
            target_gradient,
        });
        let saved = Saved {
            gradients: [prediction_gradient, target_gradient],
            pending,
        };
        match PointwiseBackward
            .prepare::<C>([prediction_node, target_node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(saved, loss),
            OpsKind::UnTracked(prep) => prep.finish(loss),
        }
    }
}

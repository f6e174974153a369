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

impl<B: FusedBackend> Backward<B, 2> for PointwiseBackward {
    /// The gradients the forward pass left, to prediction and target.
    type State = [Option<FloatTensor<B>>; 2];

    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let upstream = grads.consume::<B>(&ops.node);
        for (parent, gradient) in ops.parents.into_iter().zip(ops.state) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                let gradient = B::chain(gradient, upstream.clone());
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
        columns: Option<Vec<f64>>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self> {
        let (prediction_gradient, target_gradient) = (prediction.is_tracked(), target.is_tracked());
        let (prediction, prediction_node) = prediction.into_parts();
        let (target, target_node) = target.into_parts();
        let Differentiated {
            loss,
            prediction_gradient,
            target_gradient,
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
        let gradients = [prediction_gradient, target_gradient];
        match PointwiseBackward
            .prepare::<C>([prediction_node, target_node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(gradients, loss),
            OpsKind::UnTracked(prep) => prep.finish(loss),
        }
    }
}

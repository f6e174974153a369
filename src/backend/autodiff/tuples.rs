//! The backward pass of losses of tuples.

use super::elements::ComputedBackward;
use crate::backend::{
    extension::{TupleBackend, Weights},
    fold::Fold,
    fused::FusedTuples,
    tuple::{TupleCall, TupleObject},
};
use burn::backend::{
    Autodiff, TensorMetadata,
    autodiff::{
        checkpoint::strategy::CheckpointStrategy,
        ops::{Backward, OpsKind},
    },
    tensor::FloatTensor,
};
use std::sync::Arc;

impl<B: FusedTuples, C: CheckpointStrategy> TupleBackend for Autodiff<B, C> {
    fn tuples(
        formula: Arc<dyn TupleObject>,
        prediction: FloatTensor<Self>,
        target: FloatTensor<Self>,
        weights: Weights<Self>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self> {
        let (prediction_gradient, target_gradient) = (prediction.is_tracked(), target.is_tracked());
        let dtype = prediction.dtype();
        let (prediction, prediction_node) = prediction.into_parts();
        let (target, target_node) = target.into_parts();
        let outcome = B::differentiate_tuples(TupleCall {
            formula,
            prediction,
            target,
            weights: weights.into_inner(),
            fold,
            prediction_gradient,
            target_gradient,
        });
        let gradients = [outcome.prediction_gradient, outcome.target_gradient];
        match ComputedBackward
            .prepare::<C>([prediction_node, target_node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish((gradients, dtype), outcome.loss),
            OpsKind::UnTracked(prep) => prep.finish(outcome.loss),
        }
    }
}

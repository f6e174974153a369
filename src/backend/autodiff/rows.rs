//! The backward pass of losses of softmax rows.

use super::elements::ComputedBackward;
use crate::backend::{
    extension::{RowBackend, RowTarget, Weights},
    fold::Fold,
    fused::FusedRows,
    row::SoftmaxRow,
    softmax::{RowGradient, Rows},
};
use burn::backend::{
    Autodiff, TensorMetadata,
    autodiff::{
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, Ops, OpsKind},
    },
    tensor::FloatTensor,
};
use std::sync::Arc;

impl<B: FusedRows, C: CheckpointStrategy> RowBackend for Autodiff<B, C> {
    fn softmax_rows(
        row: Arc<SoftmaxRow>,
        logits: FloatTensor<Self>,
        target: RowTarget<Self>,
        weights: Weights<Self>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self> {
        let (gradient, dtype) = (logits.is_tracked(), logits.dtype());
        let (logits, node) = logits.into_parts();
        let outcome = B::differentiate_rows(Rows {
            row,
            logits,
            target: match target {
                RowTarget::Classes(classes) => RowTarget::Classes(classes),
                RowTarget::Shares(shares) => RowTarget::Shares(shares.into_primitive()),
            },
            weights: weights.into_inner(),
            fold,
            gradient,
        });
        match outcome.gradient {
            Some(RowGradient::Later(later)) => {
                let prep = RowsBackward.prepare::<C>([node]).compute_bound();
                match prep.stateful() {
                    OpsKind::Tracked(prep) => prep.finish(later, outcome.loss),
                    OpsKind::UnTracked(prep) => prep.finish(outcome.loss),
                }
            }
            now => {
                let gradient = match now {
                    Some(RowGradient::Now(gradient)) => Some(gradient),
                    _ => None,
                };
                let prep = ComputedBackward.prepare::<C>([node]).compute_bound();
                match prep.stateful() {
                    OpsKind::Tracked(prep) => prep.finish(([gradient], dtype), outcome.loss),
                    OpsKind::UnTracked(prep) => prep.finish(outcome.loss),
                }
            }
        }
    }
}

/// Computes the gradient, now that it is known what it is multiplied with.
#[derive(Debug)]
struct RowsBackward;

impl<B: FusedRows> Backward<B, 1> for RowsBackward {
    type State = B::Later;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let upstream = grads.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(parent) = parent {
            let gradient = B::gradient_of_rows(ops.state, upstream);
            grads.register::<B>(parent.id, gradient);
        }
    }
}

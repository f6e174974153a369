//! The backward pass of losses of softmax rows.

use super::{
    elements::ComputedBackward,
    later::{Later, tracked},
};
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
        checkpoint::strategy::CheckpointStrategy,
        ops::{Backward, OpsKind},
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
                tracked::<B, C, _>(RowsGradient, node, later, outcome.loss)
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
struct RowsGradient;

impl<B: FusedRows> Later<B> for RowsGradient {
    type State = B::Later;

    fn gradient(self, later: Self::State, upstream: FloatTensor<B>) -> FloatTensor<B> {
        B::gradient_of_rows(later, upstream)
    }
}

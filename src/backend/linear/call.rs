//! A loss of a linear layer's outputs as one operation.

use crate::backend::{extension::Weights, fold::Fold, row::SoftmaxRow};
use burn::backend::{
    Backend,
    tensor::{FloatTensor, IntTensor},
};
use std::sync::Arc;

/// Everything the loss is computed from.
pub(in crate::backend) struct LinearCall<B: Backend> {
    pub row: Arc<SoftmaxRow>,
    /// Hidden states `[N, H]`, weight `[V, H]`, bias `[V]`.
    pub operands: [FloatTensor<B>; 3],
    pub classes: IntTensor<B>,
    pub weights: Weights<B>,
    pub fold: Option<Fold>,
    /// Which of the operands' gradients are wanted.
    pub gradients: [bool; 3],
}

/// The loss, and the gradients that are wanted.
pub(in crate::backend) struct Differentiated<B: Backend> {
    pub loss: FloatTensor<B>,
    pub gradients: [Option<FloatTensor<B>>; 3],
}

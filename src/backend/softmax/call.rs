//! A loss of softmax rows as one operation.

use crate::backend::{
    extension::{RowTarget, Weights},
    fold::Fold,
    fused::FusedRows,
    row::SoftmaxRow,
};
use burn::backend::{Backend, tensor::FloatTensor};
use std::sync::Arc;

/// Everything a loss of softmax rows is computed from.
pub(in crate::backend) struct Rows<B: Backend> {
    pub row: Arc<SoftmaxRow>,
    /// `[N, C, K]`
    pub logits: FloatTensor<B>,
    pub target: RowTarget<B>,
    pub weights: Weights<B>,
    pub fold: Option<Fold>,
    /// Whether the gradient of the logits is wanted.
    pub gradient: bool,
}

/// A loss in `f32`, and where its gradient comes from, if it is wanted.
pub(in crate::backend) struct Differentiated<B: FusedRows> {
    pub loss: FloatTensor<B>,
    pub gradient: Option<RowGradient<B>>,
}

/// Where the gradient of a loss of rows comes from.
pub(in crate::backend) enum RowGradient<B: FusedRows> {
    /// It is here, in `f32`, to be multiplied with the upstream gradient: on the CPU.
    #[cfg_attr(not(any(feature = "flex", feature = "ndarray")), allow(dead_code))]
    Now(FloatTensor<B>),
    /// It is computed when the upstream gradient is known: on CubeCL devices.
    #[cfg_attr(not(feature = "cube"), allow(dead_code))]
    Later(B::Later),
}

//! A loss of tuples as one operation.

use super::object::TupleObject;
use crate::backend::{extension::Weights, fold::Fold};
use burn::backend::{Backend, tensor::FloatTensor};
use std::sync::Arc;

/// Everything the operation is computed from.
pub(in crate::backend) struct TupleCall<B: Backend> {
    pub formula: Arc<dyn TupleObject>,
    /// `[N, P]`
    pub prediction: FloatTensor<B>,
    /// `[N, T]`
    pub target: FloatTensor<B>,
    /// `[N]`
    pub weights: Weights<B>,
    pub fold: Option<Fold>,
    /// Whether the derivatives with respect to the prediction are wanted.
    pub prediction_gradient: bool,
    /// Whether the derivatives with respect to the target are wanted.
    pub target_gradient: bool,
}

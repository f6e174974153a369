//! An element-wise loss as one operation.

use super::{inputs::PerClass, object::ElementFormula};
use crate::backend::{extension::Weights, fold::Fold};
use burn::backend::{Backend, tensor::FloatTensor};
use std::sync::Arc;

/// Everything an element-wise operation is computed from.
pub(in crate::backend) struct ElementCall<B: Backend> {
    pub formula: Arc<dyn ElementFormula>,
    pub prediction: FloatTensor<B>,
    pub target: FloatTensor<B>,
    pub weights: Weights<B>,
    pub parameters: Option<PerClass>,
    pub fold: Option<Fold>,
    /// Whether the derivative with respect to the prediction is wanted.
    pub prediction_gradient: bool,
    /// Whether the derivative with respect to the target is wanted.
    pub target_gradient: bool,
}

/// A loss, and the gradients its backward pass hands on. They are `f32` also where the prediction is of half
/// precision: a sum may be more than that holds, and `1 / n` of a large batch would underflow there, though an
/// upstream gradient may make up for it.
pub(in crate::backend) struct Differentiated<B: Backend> {
    pub loss: FloatTensor<B>,
    pub prediction_gradient: Option<FloatTensor<B>>,
    pub target_gradient: Option<FloatTensor<B>>,
}

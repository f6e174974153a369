//! What an element-wise loss is computed from.

#[cfg(any(feature = "flex", feature = "ndarray"))]
use crate::backend::path::is_fused;
use crate::backend::precision::widened;
use burn::tensor::Tensor;

/// What an element-wise loss is computed from; shapes and data types have been checked.
pub(crate) struct Inputs {
    /// The prediction.
    pub prediction: Tensor<2>,
    /// The target, of the same shape.
    pub target: Tensor<2>,
    /// Weights of the elements, of the same shape.
    pub weights: Option<Tensor<2>>,
    /// Parameters of the columns (the last dimension).
    pub columns: Option<Vec<f64>>,
}

impl Inputs {
    /// Tensors in the data type they are computed in.
    pub(crate) fn widened(self) -> Self {
        Self {
            prediction: widened(self.prediction),
            target: widened(self.target),
            weights: self.weights.map(widened),
            columns: self.columns,
        }
    }
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
impl Inputs {
    /// The fused operation has no gradient to weights; such weights take the composed path.
    pub(super) fn are_fused(&self) -> bool {
        is_fused(&self.prediction) && !self.weights.as_ref().is_some_and(Tensor::is_tracked)
    }
}

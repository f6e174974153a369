//! What a loss of tuples is computed from.

#[cfg(feature = "kernels")]
use crate::backend::path::has_kernels;
use burn::tensor::Tensor;

/// What a loss of tuples is computed from; shapes and data types have been checked.
pub(crate) struct TupleInputs {
    /// The numbers predicted of each sample, `[N, P]`.
    pub prediction: Tensor<2>,
    /// The numbers of its target, `[N, T]`.
    pub target: Tensor<2>,
    /// Weights of the samples, `[N]`, in the data type of the loss.
    pub weights: Option<Tensor<1>>,
}

#[cfg(feature = "kernels")]
impl TupleInputs {
    /// The fused operation has no gradient to weights; such weights take the composed path.
    pub(super) fn are_fused(&self) -> bool {
        has_kernels(&self.prediction) && !self.weights.as_ref().is_some_and(Tensor::is_tracked)
    }
}

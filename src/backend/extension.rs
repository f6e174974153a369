//! The operations a backend with fused kernels has on top of Burn's own.
#![cfg_attr(feature = "ndarray", allow(deprecated))] // The list of backends names NdArray.

use super::Fold;
use crate::formula::ColumnFormula;
use burn::backend::{Backend, ExtensionType, backend_extension, tensor::FloatTensor};

/// Weights of the elements.
#[derive(ExtensionType)]
pub(crate) enum Weights<B: Backend> {
    /// All elements count the same.
    Equal,
    /// A weight for each element.
    Each(FloatTensor<B>),
}

/// A backend with fused loss operations.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Autodiff,
)]
pub(crate) trait LossBackend: Backend {
    /// A formula over all elements: the loss of each (in the shape of the prediction), or their
    /// fold (in shape `[1]`).
    #[allow(unused_variables)] // The generated dispatch leaves some unused without a backend.
    fn pointwise<F: ColumnFormula>(
        formula: F,
        prediction: FloatTensor<Self>,
        target: FloatTensor<Self>,
        #[extension_type] weights: Weights<Self>,
        columns: Option<Vec<f64>>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self>;
}

//! Gradients that have been computed already, handed on by the value they belong to.
#![cfg_attr(any(feature = "ndarray", feature = "tch"), allow(deprecated))] // The list of backends names them.

use burn::{
    backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor},
    tensor::Tensor,
};

/// A backend whose values can hand on gradients that have been computed already.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "cube"),
    LibTorch: cfg(feature = "tch"),
    Remote: cfg(feature = "remote"),
    Autodiff,
)]
pub(crate) trait GradientBackend: Backend {
    /// `value`, one number, whose gradient by `operand` is `gradient`.
    fn with_gradient(
        value: FloatTensor<Self>,
        operand: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        // Without autodiff there is nobody to hand it to.
        let _ = (operand, gradient);
        value
    }
}

#[cfg(feature = "cube")]
impl GradientBackend for burn::backend::Cube {}

#[cfg(feature = "tch")]
impl GradientBackend for burn::backend::LibTorch {}

#[cfg(feature = "remote")]
impl GradientBackend for burn::backend::Remote {}

/// `value`, whose gradient by `operand` is `gradient`: what comes from upstream is multiplied with that, whatever it
/// holds, and handed on to the operand. What the value owes to its own operands stays.
pub(super) fn with_gradient<const D: usize>(
    value: Tensor<1>,
    operand: Tensor<D>,
    gradient: Tensor<D>,
) -> Tensor<1> {
    if !operand.is_tracked() {
        return value;
    }
    Tensor::from_dispatch(<Dispatch as GradientBackend>::with_gradient(
        value.into_dispatch(),
        operand.into_dispatch(),
        gradient.into_dispatch(),
    ))
}

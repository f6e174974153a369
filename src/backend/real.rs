//! Formulas evaluated with Burn tensors: any backend, any float type, gradients by autodiff, or, below
//! that, without any.

use super::path::runs_on_cpu;
use crate::formula::{Real, Sealed, exp_m1_near_0, ln_near_1};
use burn::tensor::{DType, Tensor};

impl<const D: usize> Sealed for Tensor<D> {}

impl<const D: usize> Real for Tensor<D> {
    fn constant(&self, value: f64) -> Self {
        self.full_like(value)
    }

    fn detach(self) -> Self {
        Tensor::detach(self)
    }

    fn abs(self) -> Self {
        Tensor::abs(self)
    }

    fn exp(self) -> Self {
        Tensor::exp(self)
    }

    fn ln(self) -> Self {
        let logarithm = self.clone().log();
        match has_exact_logarithms(&self) {
            true => logarithm,
            false => ln_near_1(logarithm, self - 1.0),
        }
    }

    fn ln_1p(self) -> Self {
        let logarithm = self.clone().log1p();
        match has_exact_logarithms(&self) {
            true => logarithm,
            false => ln_near_1(logarithm, self),
        }
    }

    fn exp_m1(self) -> Self {
        exp_m1_near_0(self.clone().exp() - 1.0, self)
    }

    fn sqrt(self) -> Self {
        Tensor::sqrt(self)
    }

    fn powf(self, exponent: f64) -> Self {
        self.powf_scalar(exponent)
    }

    fn atan2(self, x: Self) -> Self {
        Tensor::atan2(self, x)
    }

    /// Relative to a constant of the size of the divisor: Burn's backward pass of a division squares the divisor, and the square
    /// of a small one is 0.
    fn over(self, divisor: Self, otherwise: f64) -> Self {
        let is_zero = divisor.clone().equal_scalar(0.0);
        let divisor = divisor.mask_fill(is_zero.clone(), 1.0);
        let size = divisor.clone().detach();
        let quotient = (self / size.clone()) / (divisor / size);
        quotient.mask_fill(is_zero, otherwise)
    }

    fn where_below(&self, bound: f64, then: Self, otherwise: Self) -> Self {
        otherwise.mask_where(self.clone().lower_scalar(bound), then)
    }

    fn where_equal(&self, value: f64, then: Self, otherwise: Self) -> Self {
        otherwise.mask_where(self.clone().equal_scalar(value), then)
    }

    // Filling with a number spares the constant tensor of the general form.

    fn at_most(self, bound: f64) -> Self {
        let above = self.clone().greater_scalar(bound);
        self.mask_fill(above, bound)
    }

    fn at_least(self, bound: f64) -> Self {
        let below = self.clone().lower_scalar(bound);
        self.mask_fill(below, bound)
    }
}

/// Whether the device's logarithms are right where they are near 0; those of a GPU are not.
fn has_exact_logarithms<const D: usize>(tensor: &Tensor<D>) -> bool {
    runs_on_cpu(tensor) || tensor.dtype() == DType::F64
}

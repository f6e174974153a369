//! Formulas evaluated with Burn tensors: any backend, any float type, gradients by autodiff.

use super::path::runs_on_cpu;
use crate::formula::Real;
use burn::tensor::{DType, Tensor};

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
        near_one(self.clone().log(), || self.detach() - 1.0)
    }

    fn ln_1p(self) -> Self {
        near_one(self.clone().log1p(), || self.detach())
    }

    fn exp_m1(self) -> Self {
        // The derivative is that of `exp`; the value alone is put right near 0.
        let rough = self.clone().exp() - 1.0;
        let x = self.detach();
        let far = x.clone().abs().greater_equal_scalar(NEAR_0);
        let missing = exp_m1_by_series(x) - rough.clone().detach();
        rough + missing.mask_fill(far, 0.0)
    }

    fn sqrt(self) -> Self {
        Tensor::sqrt(self)
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

/// The logarithm of `1 + x`, given as the device has it. The logarithm of a GPU is off by a fixed
/// amount near 1, which is nothing like a small x; its derivative is right. So the value alone is put
/// right there.
fn near_one<const D: usize>(logarithm: Tensor<D>, x: impl FnOnce() -> Tensor<D>) -> Tensor<D> {
    if runs_on_cpu(&logarithm) || logarithm.dtype() == DType::F64 {
        return logarithm;
    }
    let x = x();
    let far = (x.clone() - 0.25).abs().greater_scalar(0.75);
    let missing = ln_1p_by_series(x) - logarithm.clone().detach();
    logarithm + missing.mask_fill(far, 0.0)
}

/// Where `e^x - 1` loses digits by the subtraction.
const NEAR_0: f64 = 0.5;

/// `e^x - 1` for x within [`NEAR_0`] of 0, to the precision of `f64`: `x + x²/2! + x³/3! + ..`
fn exp_m1_by_series<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    const TERMS: i32 = 14;
    let series = (2..=TERMS).rev().fold(x.full_like(1.0), |sum, n| {
        sum * x.clone() / f64::from(n) + 1.0
    });
    series * x
}

/// `ln(1 + x)` for x from -1/2 to 1, to the precision of `f32`: `2 artanh(s)` with `s = x / (2 + x)`,
/// whose square is at most 1/9.
fn ln_1p_by_series<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    const TERMS: i32 = 9;
    let s = x.clone() / (x + 2.0);
    let square = s.clone() * s.clone();
    let coefficient = |n: i32| 2.0 / f64::from(2 * n + 1);
    let series = (0..TERMS - 1)
        .rev()
        .fold(s.full_like(coefficient(TERMS - 1)), |sum, n| {
            sum * square.clone() + coefficient(n)
        });
    series * s
}

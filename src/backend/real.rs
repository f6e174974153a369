//! Formulas evaluated with Burn tensors: any backend, any float type, gradients by autodiff, or, below
//! that, without any.

use super::path::runs_on_cpu;
use crate::formula::{Real, Sealed};
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

/// `value` with the derivative of `rough`, which is roughly the same.
fn with_derivative_of<R: Real>(value: R, rough: R) -> R {
    value + (rough.clone() - rough.detach())
}

/// The logarithm of `1 + x`, given as the device has it. The logarithm of a GPU is off by a fixed
/// amount near 1, which is nothing like a small x; its derivative is right. So the value alone is put
/// right there. (In its place, not by adding what is missing: next to what the device is off by, a tiny value is lost.)
fn ln_near_1<R: Real>(logarithm: R, x: R) -> R {
    let x = x.detach();
    let near = with_derivative_of(ln_1p_by_series(x.clone()), logarithm.clone());
    // Beyond 3/4 of 1/4 the series does not reach.
    let distance = -(x - 0.25).abs();
    distance.where_below(-0.75, logarithm, near)
}

/// Where `e^x - 1` loses digits by the subtraction.
const NEAR_0: f64 = 0.5;

/// `e^x - 1`, given with the digits the subtraction has left. The derivative is that of `e^x`; the value
/// alone is put right near 0.
fn exp_m1_near_0<R: Real>(rough: R, x: R) -> R {
    let x = x.detach();
    let near = with_derivative_of(exp_m1_by_series(x.clone()), rough.clone());
    x.abs().where_below(NEAR_0, near, rough)
}

/// `e^x - 1` for x within [`NEAR_0`] of 0, to the precision of `f64`: `x + x²/2! + x³/3! + ..`
fn exp_m1_by_series<R: Real>(x: R) -> R {
    const TERMS: i32 = 14;
    let series = (2..=TERMS).rev().fold(x.constant(1.0), |sum, n| {
        sum * x.clone() * (1.0 / f64::from(n)) + 1.0
    });
    series * x
}

/// `ln(1 + x)` for x from -1/2 to 1, to the precision of `f32`: `2 artanh(s)` with `s = x / (2 + x)`,
/// whose square is at most 1/9.
fn ln_1p_by_series<R: Real>(x: R) -> R {
    const TERMS: i32 = 9;
    let s = x.clone() / (x + 2.0);
    let square = s.clone() * s.clone();
    let coefficient = |n: i32| 2.0 / f64::from(2 * n + 1);
    let series = (0..TERMS - 1)
        .rev()
        .fold(s.constant(coefficient(TERMS - 1)), |sum, n| {
            sum * square.clone() + coefficient(n)
        });
    series * s
}

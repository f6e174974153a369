//! Formulas evaluated with the tensors of one backend, below autodiff.

use super::real::{exp_m1_near_0, ln_near_1};
use crate::formula::{Real, Sealed};
use burn::{
    backend::{Backend, TensorMetadata, get_or_init_device_settings, tensor::FloatTensor},
    tensor::{BoolDType, Shape},
};
use core::ops::{Add, Div, Mul, Neg, Sub};

/// A backend formulas can be evaluated on.
pub(super) trait NumbersBackend: Backend {
    /// Whether logarithms are right where they are near 0.
    const HAS_EXACT_LOGARITHMS: bool;
}

/// A tensor of numbers.
#[derive(Clone, Debug)]
pub(super) struct Numbers<B: Backend>(pub FloatTensor<B>);

impl<B: Backend> Numbers<B> {
    pub fn shape(&self) -> Shape {
        self.0.shape()
    }

    /// A tensor like this one, of another shape, that holds one number everywhere.
    pub fn full(&self, shape: Shape, value: f64) -> Self {
        let dtype = self.0.dtype().into();
        Self(B::float_full(shape, value.into(), &self.0.device(), dtype))
    }

    pub fn sum_dim(self, dim: usize) -> Self {
        Self(B::float_sum_dim(self.0, dim))
    }

    pub fn max_dim(self, dim: usize) -> Self {
        Self(B::float_max_dim(self.0, dim))
    }

    pub fn matmul(self, other: Self) -> Self {
        Self(B::float_matmul(self.0, other.0))
    }

    pub fn transpose(self) -> Self {
        Self(B::float_transpose(self.0))
    }

    pub fn reshape(self, shape: Shape) -> Self {
        Self(B::float_reshape(self.0, shape))
    }

    pub fn expand(self, shape: Shape) -> Self {
        Self(B::float_expand(self.0, shape))
    }

    pub fn powf(self, exponent: f64) -> Self {
        Self(B::float_powf_scalar(self.0, exponent.into()))
    }

    pub fn sign(self) -> Self {
        Self(B::float_sign(self.0))
    }

    pub fn mask_fill(self, mask: burn::backend::tensor::BoolTensor<B>, value: f64) -> Self {
        Self(B::float_mask_fill(self.0, mask, value.into()))
    }

    /// The larger of both.
    pub fn larger(self, other: Self) -> Self {
        let below = B::float_lower(self.0.clone(), other.0.clone(), bool_dtype::<B>(&self.0));
        Self(B::float_mask_where(self.0, below, other.0))
    }

    pub fn cat(parts: Vec<Self>, dim: usize) -> Self {
        let mut parts: Vec<_> = parts.into_iter().map(|part| part.0).collect();
        match parts.len() {
            1 => Self(parts.remove(0)),
            _ => Self(B::float_cat(parts, dim)),
        }
    }
}

/// The type of truth values on the device of a tensor.
pub(super) fn bool_dtype<B: Backend>(tensor: &FloatTensor<B>) -> BoolDType {
    get_or_init_device_settings::<B>(&tensor.device()).bool_dtype
}

impl<B: Backend> Add for Numbers<B> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(B::float_add(self.0, other.0))
    }
}

impl<B: Backend> Sub for Numbers<B> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(B::float_sub(self.0, other.0))
    }
}

impl<B: Backend> Mul for Numbers<B> {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self(B::float_mul(self.0, other.0))
    }
}

impl<B: Backend> Div for Numbers<B> {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        Self(B::float_div(self.0, other.0))
    }
}

impl<B: Backend> Neg for Numbers<B> {
    type Output = Self;

    fn neg(self) -> Self {
        Self(B::float_neg(self.0))
    }
}

impl<B: Backend> Add<f64> for Numbers<B> {
    type Output = Self;

    fn add(self, other: f64) -> Self {
        Self(B::float_add_scalar(self.0, other.into()))
    }
}

impl<B: Backend> Sub<f64> for Numbers<B> {
    type Output = Self;

    fn sub(self, other: f64) -> Self {
        Self(B::float_sub_scalar(self.0, other.into()))
    }
}

impl<B: Backend> Mul<f64> for Numbers<B> {
    type Output = Self;

    fn mul(self, other: f64) -> Self {
        Self(B::float_mul_scalar(self.0, other.into()))
    }
}

impl<B: NumbersBackend> Sealed for Numbers<B> {}

impl<B: NumbersBackend> Real for Numbers<B> {
    fn constant(&self, value: f64) -> Self {
        self.full(self.shape(), value)
    }

    fn detach(self) -> Self {
        self
    }

    fn abs(self) -> Self {
        Self(B::float_abs(self.0))
    }

    fn exp(self) -> Self {
        Self(B::float_exp(self.0))
    }

    fn ln(self) -> Self {
        let logarithm = Self(B::float_log(self.0.clone()));
        match B::HAS_EXACT_LOGARITHMS {
            true => logarithm,
            false => ln_near_1(logarithm, self - 1.0),
        }
    }

    fn ln_1p(self) -> Self {
        let logarithm = Self(B::float_log1p(self.0.clone()));
        match B::HAS_EXACT_LOGARITHMS {
            true => logarithm,
            false => ln_near_1(logarithm, self),
        }
    }

    fn exp_m1(self) -> Self {
        exp_m1_near_0(self.clone().exp() - 1.0, self)
    }

    fn sqrt(self) -> Self {
        Self(B::float_sqrt(self.0))
    }

    fn where_below(&self, bound: f64, then: Self, otherwise: Self) -> Self {
        let dtype = bool_dtype::<B>(&self.0);
        let mask = B::float_lower_elem(self.0.clone(), bound.into(), dtype);
        Self(B::float_mask_where(otherwise.0, mask, then.0))
    }

    fn where_equal(&self, value: f64, then: Self, otherwise: Self) -> Self {
        let dtype = bool_dtype::<B>(&self.0);
        let mask = B::float_equal_elem(self.0.clone(), value.into(), dtype);
        Self(B::float_mask_where(otherwise.0, mask, then.0))
    }
}

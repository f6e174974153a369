//! From the losses of all elements, or samples, to one number.

use super::ordered_sum::ordered_sum;
#[cfg(any(feature = "flex", feature = "ndarray"))]
use crate::kernel::cpu;
#[cfg(feature = "cube")]
use crate::kernel::gpu::Shifts;
use burn::tensor::{Bool, Tensor};

/// How the losses of all elements become one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fold {
    /// Their (weighted) sum times a factor.
    Sum {
        /// What the sum is multiplied with.
        factor: f64,
    },
    /// Their weighted sum divided by the sum of the weights, times a factor; 0 where all weights are 0. (Weights that
    /// cancel leave the quotient as it is, which is not finite.)
    WeightedMean {
        /// What the mean is multiplied with.
        factor: f64,
    },
}

/// By how much everything counts together, on tensors.
#[derive(Clone)]
pub(crate) struct Count {
    sum: Tensor<1>,
    is_zero: Tensor<1, Bool>,
}

impl Count {
    /// The sum of these counts.
    pub fn of<const D: usize>(counts: Tensor<D>) -> Self {
        let largest = counts.clone().detach().abs().sum();
        Self {
            sum: ordered_sum(counts),
            is_zero: largest.equal_scalar(0.0),
        }
    }

    /// The same without autodiff.
    #[cfg(feature = "any-backend")]
    pub fn without_autodiff(self) -> Self {
        Self {
            sum: self.sum.without_autodiff(),
            is_zero: self.is_zero.without_autodiff(),
        }
    }
}

/// Weights that are all below this are multiplied by [`SMALL_SHIFT`]: their sum may have no reciprocal in `f32`, and they
/// themselves have few digits.
const SMALL: f64 = 1.0 / (1u128 << 110) as f64;
/// A power of two. With it the weights are at most 2^-10, and their sum has a square (by which derivatives of a quotient
/// are divided).
const SMALL_SHIFT: f64 = (1u128 << 100) as f64;
/// Finite weights one of which is above this are multiplied by [`LARGE_SHIFT`]: their sum may be infinite in `f32`.
const LARGE: f64 = (1u128 << 100) as f64;
/// A power of two, with which the sum has a square.
const LARGE_SHIFT: f64 = 1.0 / (1u128 << 80) as f64;

impl Fold {
    /// Weights as they go into this fold: those of a mean times a power of two, where they are at the ends of `f32`.
    pub(crate) fn shifted<const D: usize>(self, weights: Tensor<D>) -> Tensor<D> {
        if self.is_sum() || weights.shape().num_elements() == 0 {
            return weights;
        }
        let largest = weights.clone().detach().abs().max();
        let is_small = largest.clone().lower_elem(SMALL);
        let is_large = largest.clone().greater_elem(LARGE);
        let is_infinite = largest.clone().greater_elem(f32::MAX);
        let shift = largest.ones_like();
        let shift = shift.mask_fill(is_small, SMALL_SHIFT);
        let shift = shift.mask_fill(is_large, LARGE_SHIFT);
        let shift = shift.mask_fill(is_infinite, 1.0);
        let shape = weights.shape();
        weights * shift.reshape([1; D]).expand(shape)
    }

    fn is_sum(self) -> bool {
        matches!(self, Fold::Sum { .. })
    }

    /// How the weights of a mean are shifted on a device.
    #[cfg(feature = "cube")]
    pub(super) fn shifts(self) -> Option<Shifts> {
        (!self.is_sum()).then_some(Shifts {
            small: SMALL,
            of_small: SMALL_SHIFT,
            large: LARGE,
            of_large: LARGE_SHIFT,
        })
    }

    /// The factor besides.
    #[cfg(feature = "cube")]
    pub(super) fn factor(self) -> f64 {
        match self {
            Fold::Sum { factor } | Fold::WeightedMean { factor } => factor,
        }
    }

    /// Losses as one number, of weights that are [shifted](Self::shifted) where there are some.
    pub(super) fn of_losses<const D: usize>(
        self,
        losses: Tensor<D>,
        weights: Option<Tensor<D>>,
    ) -> Tensor<1> {
        match weights {
            Some(weights) => {
                let total = ordered_sum(losses * weights.clone());
                self.on_tensors(total, || Count::of(weights))
            }
            None => self.on_tensors(ordered_sum(losses), || {
                unreachable!("a weighted mean has weights")
            }),
        }
    }

    /// A sum of losses, folded: multiplied with a factor, or divided by a count; 0 where nothing counts.
    pub(crate) fn on_tensors(self, total: Tensor<1>, count: impl FnOnce() -> Count) -> Tensor<1> {
        match self {
            Fold::Sum { factor } => total * factor,
            Fold::WeightedMean { factor } => {
                let Count { sum, is_zero } = count();
                let mean = total.mask_fill(is_zero.clone(), 0.0) / sum.mask_fill(is_zero, 1.0);
                if factor == 1.0 { mean } else { mean * factor }
            }
        }
    }
}

/// By how much everything counts together, on slices: functions that are called where it matters.
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) struct Counts<S, Z> {
    /// The sum of all counts.
    pub sum: S,
    /// Whether every count is 0; asked where the sum is.
    pub are_zero: Z,
}

/// What weighted losses, and their derivatives, are multiplied with and divided by.
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) struct Scale {
    /// What each weight is multiplied with.
    pub shift: f64,
    pub factor: f64,
    /// Of the weights that are shifted.
    pub divisor: f64,
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
impl Scale {
    /// Of losses with these weights; `None` where nothing counts.
    pub fn of(fold: Option<Fold>, weights: Option<&[f32]>) -> Option<Self> {
        let weights = weights.unwrap_or_default();
        let counts = Counts {
            sum: || cpu::sum(weights),
            are_zero: || cpu::is_zero(weights),
        };
        let (factor, divisor) = Fold::of(fold, counts)?;
        let shift = Fold::shift(divisor, weights);
        Some(Self {
            shift,
            factor,
            divisor: divisor * shift,
        })
    }

    /// What a derivative is multiplied with.
    pub fn of_derivatives(&self) -> f32 {
        (self.factor / self.divisor) as f32
    }

    /// The fold of a sum of losses.
    pub fn of_sum(&self, sum: f64) -> f32 {
        (sum * self.factor / self.divisor) as f32
    }
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
impl Fold {
    /// What weights with this sum are multiplied with, so that it and its reciprocal are numbers of `f32`. Others are
    /// left as they are, and so are those that cancel: multiplied, they might be infinite.
    pub(super) fn shift(sum: f64, weights: &[f32]) -> f64 {
        let sum = sum.abs();
        let largest = || {
            weights
                .iter()
                .fold(0f32, |most, weight| most.max(weight.abs()))
        };
        if sum > 0.0 && sum < SMALL && f64::from(largest()) < SMALL {
            SMALL_SHIFT
        } else if sum > f64::from(f32::MAX) && sum.is_finite() {
            LARGE_SHIFT
        } else {
            1.0
        }
    }

    /// What a sum is multiplied with and divided by; `None` where nothing counts. (Dividing, where multiplying by a
    /// reciprocal would round twice.) Without a fold both are 1.
    pub(super) fn of(
        fold: Option<Self>,
        counts: Counts<impl FnOnce() -> f64, impl FnOnce() -> bool>,
    ) -> Option<(f64, f64)> {
        match fold {
            None => Some((1.0, 1.0)),
            Some(Fold::Sum { factor }) => Some((factor, 1.0)),
            Some(Fold::WeightedMean { factor }) => match (counts.sum)() {
                0.0 if (counts.are_zero)() => None,
                sum => Some((factor, sum)),
            },
        }
    }
}

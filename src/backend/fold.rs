//! From the losses of all elements, or samples, to one number.

use super::ordered_sum::ordered_sum;
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

/// Weights of a mean below the first number are multiplied by the second, a power of two: so small, 1 divided by their sum
/// may be no number of their type, and they themselves have few digits.
const SMALL: (f64, f64) = (1.0 / (1u64 << 32) as f64, (1u128 << 90) as f64);
/// Weights beyond the first number are multiplied by the second: their sum may be infinite. (The sum is squared, too,
/// where it is differentiated.)
const LARGE: (f64, f64) = ((1u64 << 32) as f64, 1.0 / (1u128 << 80) as f64);

impl Fold {
    /// Weights as they go into this fold: those of a mean neither too small nor too large.
    pub(crate) fn shifted<const D: usize>(self, weights: Tensor<D>) -> Tensor<D> {
        if self.is_sum() || weights.shape().num_elements() == 0 {
            return weights;
        }
        let largest = weights.clone().detach().abs().max();
        let shift = largest.ones_like();
        let shift = shift.mask_fill(largest.clone().lower_elem(SMALL.0), SMALL.1);
        let shift = shift.mask_fill(largest.greater_elem(LARGE.0), LARGE.1);
        let shape = weights.shape();
        weights * shift.reshape([1; D]).expand(shape)
    }

    fn is_sum(self) -> bool {
        matches!(self, Fold::Sum { .. })
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

#[cfg(any(feature = "flex", feature = "ndarray"))]
impl Fold {
    /// What weights with this sum are multiplied with.
    pub(super) fn shift(sum: f64) -> f64 {
        match sum.abs() {
            sum if sum > 0.0 && sum < SMALL.0 => SMALL.1,
            sum if sum > LARGE.0 && sum < f64::INFINITY => LARGE.1,
            _ => 1.0,
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

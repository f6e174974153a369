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

impl Fold {
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

//! From the losses of all elements, or samples, to one number.

use burn::tensor::Tensor;

/// How the losses of all elements become one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fold {
    /// Their (weighted) sum times a factor.
    Sum {
        /// What the sum is multiplied with.
        factor: f64,
    },
    /// Their weighted sum divided by the sum of the weights, times a factor; 0 where the weights sum
    /// to 0.
    WeightedMean {
        /// What the mean is multiplied with.
        factor: f64,
    },
}

impl Fold {
    /// A sum of losses, folded: multiplied with a factor, or divided by a count; 0 where that is 0.
    pub(crate) fn on_tensors<const D: usize>(
        self,
        total: Tensor<D>,
        count: impl FnOnce() -> Tensor<D>,
    ) -> Tensor<D> {
        match self {
            Fold::Sum { factor } => total * factor,
            Fold::WeightedMean { factor } => {
                let count = count();
                let nothing = count.clone().equal_scalar(0.0);
                let mean = total.mask_fill(nothing.clone(), 0.0) / count.mask_fill(nothing, 1.0);
                if factor == 1.0 { mean } else { mean * factor }
            }
        }
    }

    /// What a sum is multiplied with and divided by, given by how much everything counts together;
    /// `None` where that is nothing. (Dividing, where multiplying by a reciprocal would round twice.)
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    pub(super) fn of(self, count: impl FnOnce() -> f64) -> Option<(f64, f64)> {
        match self {
            Fold::Sum { factor } => Some((factor, 1.0)),
            Fold::WeightedMean { factor } => match count() {
                0.0 => None,
                count => Some((factor, count)),
            },
        }
    }
}

//! The logarithm of a sum of exponentials, on tensors.

use crate::formula::{Exponentials, Real};
use burn::tensor::Tensor;

/// Exponents relative to the largest along a dimension, which has no gradient; and the largest, one element wide.
fn relative<const D: usize>(exponents: Tensor<D>, dim: usize) -> (Tensor<D>, Tensor<D>) {
    let largest = exponents.clone().detach().max_dim(dim);
    let shifted = exponents - Exponentials::reference(largest.clone());
    (shifted, largest)
}

/// The exponentials along a dimension, which becomes 1, to be added to others.
pub(super) fn exponentials<const D: usize>(
    exponents: Tensor<D>,
    dim: usize,
) -> Exponentials<Tensor<D>> {
    let (shifted, largest) = relative(exponents, dim);
    let sum = shifted.exp().sum_dim(dim);
    Exponentials { largest, sum }
}

/// `ln sum e^x` along a dimension, in parts that lose no digits.
#[derive(Clone, Debug)]
pub(super) struct LogSumExp<const D: usize> {
    /// `x` minus the largest.
    pub shifted: Tensor<D>,
    /// The largest, a constant; one element wide.
    pub max: Tensor<D>,
    /// `ln sum e^shifted`; one element wide.
    pub of_shifted: Tensor<D>,
}

impl<const D: usize> LogSumExp<D> {
    pub fn new(x: Tensor<D>, dim: usize) -> Self {
        let (shifted, max) = relative(x, dim);
        Self {
            of_shifted: Real::ln(shifted.clone().exp().sum_dim(dim)),
            max,
            shifted,
        }
    }

    /// `ln sum e^x`, one element wide.
    pub fn value(self) -> Tensor<D> {
        self.max + self.of_shifted
    }

    /// `x - ln sum e^x`
    pub fn log_softmax(self) -> Tensor<D> {
        self.shifted - self.of_shifted
    }
}

/// The logarithms of a softmax over dimension 1.
pub(crate) fn log_softmax(logits: Tensor<3>) -> Tensor<3> {
    LogSumExp::new(logits, 1).log_softmax()
}

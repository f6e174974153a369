//! The logarithm of a sum of exponentials, on tensors.

use crate::formula::{Exponentials, Real};
use burn::tensor::Tensor;

/// The exponentials along a dimension, which becomes 1, to be added to others.
pub(super) fn exponentials<const D: usize>(
    exponents: Tensor<D>,
    dim: usize,
) -> Exponentials<Tensor<D>> {
    // The largest, which has no gradient.
    let largest = exponents.clone().detach().max_dim(dim);
    let shifted = exponents - Exponentials::reference(largest.clone());
    let sum = shifted.exp().sum_dim(dim);
    Exponentials { largest, sum }
}

/// `ln sum e^x` along a dimension, in parts that lose no digits.
#[derive(Clone, Debug)]
pub(super) struct LogSumExp<const D: usize> {
    /// `x` minus the reference.
    pub shifted: Tensor<D>,
    /// The largest `x`; one element wide.
    pub reference: Tensor<D>,
    /// `ln sum e^shifted`; one element wide.
    pub of_shifted: Tensor<D>,
}

impl<const D: usize> LogSumExp<D> {
    /// Where one `x` has more than half of the sum, it is what the others are measured by, gradient included, and a
    /// constant 0 by itself. So both its logarithm and its gradient, `1 - p` of the loss of a class, are sums over
    /// the others: differences of numbers near 1 would have lost them. Elsewhere the reference is a constant; the
    /// sum over the others would lose the gradient of an `x` that is a small part of it.
    pub fn new(x: Tensor<D>, dim: usize) -> Self {
        let shape = x.shape();
        let fixed = x.clone().detach();
        let largest = fixed.clone().max_dim(dim);
        let is_largest = fixed.clone().equal(largest.clone().expand(shape.clone()));
        let others = (fixed - largest.clone()).exp();
        let others = others.mask_fill(is_largest.clone(), 0.0).sum_dim(dim);
        let is_alone = is_largest.clone().int().sum_dim(dim).equal_scalar(1);
        // Where the largest is infinite, everything is NaN, gradients included. (A GPU may take the difference of a number
        // and itself for 0.)
        let infinite = largest.clone().abs().equal_scalar(f64::INFINITY);
        let dominated = others.lower_scalar(1.0).bool_and(is_alone);
        let dominated = dominated.bool_and(infinite.clone().bool_not());
        let dominates = is_largest
            .clone()
            .bool_and(dominated.clone().expand(shape.clone()));

        let own = x.clone().mask_fill(is_largest.bool_not(), 0.0).sum_dim(dim);
        let reference = largest.mask_where(dominated.clone(), own);
        let reference = reference.mask_fill(infinite, f64::NAN);
        let shifted = (x - reference.clone()).mask_fill(dominates.clone(), 0.0);
        let exponentials = shifted.clone().exp().mask_fill(dominates, 0.0);
        // What the sum has on top of 1: where the 1 has been left out, all of it.
        let surplus = exponentials.sum_dim(dim);
        let surplus = (surplus.clone() - 1.0).mask_where(dominated, surplus);
        Self {
            of_shifted: Real::ln_1p(surplus),
            reference,
            shifted,
        }
    }

    /// `ln sum e^x`, one element wide.
    pub fn value(self) -> Tensor<D> {
        self.reference + self.of_shifted
    }

    /// `x - ln sum e^x`
    pub fn log_softmax(self) -> Tensor<D> {
        self.shifted - self.of_shifted
    }
}

impl LogSumExp<3> {
    /// Along the classes of rows `[N, C, K]`.
    pub fn of_classes(x: Tensor<3>) -> Self {
        if x.dims()[2] != 1 {
            return Self::new(x, 1);
        }
        // Burn's reductions on GPUs see no more than 65,536 classes that lie before a dimension of 1.
        let LogSumExp {
            shifted,
            reference,
            of_shifted,
        } = LogSumExp::new(x.squeeze_dim::<2>(2), 1);
        let [shifted, reference, of_shifted] =
            [shifted, reference, of_shifted].map(|part| part.unsqueeze_dim::<3>(2));
        Self {
            shifted,
            reference,
            of_shifted,
        }
    }
}

/// The sum over the classes of rows `[N, C, K]`.
pub(super) fn sum_of_classes(numbers: Tensor<3>) -> Tensor<2> {
    match numbers.dims()[2] {
        // As above.
        1 => numbers.squeeze_dim::<2>(2).sum_dim(1),
        _ => numbers.sum_dim(1).squeeze_dim::<2>(1),
    }
}

/// The logarithms of a softmax over dimension 1.
pub(crate) fn log_softmax(logits: Tensor<3>) -> Tensor<3> {
    LogSumExp::of_classes(logits).log_softmax()
}

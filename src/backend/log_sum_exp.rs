//! The logarithm of a sum of exponentials, on tensors.

use crate::formula::Exponentials;
use burn::tensor::Tensor;

/// The exponentials along a dimension, which becomes 1. What they are relative to has no gradient.
pub(super) fn exponentials<const D: usize>(
    exponents: Tensor<D>,
    dim: usize,
) -> Exponentials<Tensor<D>> {
    let largest = exponents.clone().detach().max_dim(dim);
    let relative = exponents - Exponentials::reference(largest.clone());
    Exponentials {
        largest,
        sum: relative.exp().sum_dim(dim),
    }
}

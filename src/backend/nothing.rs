//! Batches without elements, of which Burn's kernels do not take all.

use super::{path::runs_on_cpu, precision::widened};
use burn::tensor::{Bool, Tensor, TensorData};

/// Whether the tensor has no elements.
pub(crate) fn is_nothing<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.shape().num_elements() == 0
}

/// The loss of no elements, as far as one operand goes: a 0 with a backward pass if that is tracked, in `f32` if the
/// operand is of half precision. On
/// a GPU, which cannot sum nothing, the 0 is a leaf of its own, and the operand gets no gradient.
pub(crate) fn loss_of_nothing<const D: usize>(operand: &Tensor<D>) -> Tensor<1> {
    if runs_on_cpu(operand) {
        return widened(operand.clone()).sum();
    }
    let operand = widened(operand.clone());
    // From the host, and not `zeros`, which Burn may put into one kernel with what is made of no elements.
    let data = TensorData::new(vec![0f32], [1]);
    let zero = Tensor::from_data(data, (&operand.device(), operand.dtype()));
    if operand.is_tracked() {
        zero.require_grad()
    } else {
        zero
    }
}

/// A 0 whose gradient by an operand is 0, whatever that holds.
pub(crate) fn nothing_of<const D: usize>(operand: &Tensor<D>) -> Tensor<1> {
    if is_nothing(operand) {
        return loss_of_nothing(operand);
    }
    widened(operand.clone().mask_fill(everywhere(operand), 0.0)).sum()
}

/// A mask of all elements. What it fills gets a gradient of 0, whatever it held.
pub(crate) fn everywhere<const D: usize>(tensor: &Tensor<D>) -> Tensor<D, Bool> {
    tensor.clone().detach().ones_like().equal_scalar(1.0)
}

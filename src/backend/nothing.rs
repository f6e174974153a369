//! Batches without elements, of which Burn's kernels do not take all. Their loss is a 0 with a gradient of 0 by each
//! operand.

use super::{path::runs_on_cpu, precision::widened};
use burn::tensor::{Bool, Shape, Tensor, TensorData};

/// Whether the tensor has no elements.
pub(crate) fn is_nothing<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.shape().num_elements() == 0
}

/// A 0 whose gradient by an operand is 0, whatever that holds; in `f32` if the operand is of half precision. On
/// a GPU, which cannot sum nothing, the 0 of no elements is a leaf of its own, and the operand gets no gradient.
pub(crate) fn nothing_of<const D: usize>(operand: &Tensor<D>) -> Tensor<1> {
    if !is_nothing(operand) {
        return widened(operand.clone().mask_fill(everywhere(operand), 0.0)).sum();
    }
    let operand = widened(operand.clone());
    if runs_on_cpu(&operand) {
        return operand.sum();
    }
    // From the host, and not `zeros`, which Burn may put into one kernel with what is made of no elements.
    let data = TensorData::new(vec![0f32], [1]);
    let zero = Tensor::from_data(data, (&operand.device(), operand.dtype()));
    if operand.is_tracked() {
        zero.require_grad()
    } else {
        zero
    }
}

/// One 0 of those of several operands, in the type of the first. Only those that are connected to their operand are added: a leaf
/// of its own has nothing to pass its gradient to.
pub(crate) fn joined(zeros: impl IntoIterator<Item = Tensor<1>>) -> Tensor<1> {
    let is_connected = |zero: &Tensor<1>| zero.is_tracked() && !zero.is_require_grad();
    let mut zeros = zeros.into_iter().peekable();
    let dtype = zeros.peek().expect("an operand").dtype();
    let joined = zeros
        .map(|zero| {
            if zero.dtype() == dtype {
                zero
            } else {
                zero.cast(dtype)
            }
        })
        .reduce(
            |one, other| match (is_connected(&one), is_connected(&other)) {
                (true, true) => one + other,
                (true, false) => one,
                (false, true) => other,
                (false, false) if one.is_tracked() => one,
                (false, false) => other,
            },
        );
    joined.expect("an operand")
}

/// No elements in a shape, with the backward pass of a 0.
pub(crate) fn none_of<const D: usize>(zero: Tensor<1>, shape: [usize; D]) -> Tensor<D> {
    let zero: Tensor<D> = zero.reshape([1; D]);
    zero.expand(Shape::new(shape))
}

/// A mask of all elements. What it fills gets a gradient of 0, whatever it held.
pub(crate) fn everywhere<const D: usize>(tensor: &Tensor<D>) -> Tensor<D, Bool> {
    tensor.clone().detach().ones_like().equal_scalar(1.0)
}

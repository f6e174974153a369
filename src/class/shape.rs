//! All ranks as one: logits `[N, C, d1..dk]` as `[N, C, K]`, what there is for each sample as `[N, K]`.

use crate::backend::{none_of, nothing_of, runs_on_cpu};
use burn::tensor::{Int, Tensor, kind::Basic};

/// `[N, C, d1..dk]` as `[N, C, K]`: the softmax does not look at what follows the classes.
pub(crate) fn rows_of<const D: usize>(logits: Tensor<D>) -> Tensor<3> {
    let dims = logits.dims();
    let inner = dims[2..].iter().product();
    reshaped(logits, [dims[0], dims[1], inner], nothing_tracked)
}

/// `[N, d1..dk]` as `[N, K]`.
pub(crate) fn flat<const T: usize, K: Basic>(
    samples: Tensor<T, K>,
    nothing: impl FnOnce(Tensor<T, K>, [usize; 2]) -> Tensor<2, K>,
) -> Tensor<2, K> {
    let dims = samples.dims();
    let inner = dims[1..].iter().product();
    reshaped(samples, [dims[0], inner], nothing)
}

/// The tensor in another shape. A 0 asks `reshape` for the dimension as it was; what is empty in
/// another way goes through `nothing`.
pub(super) fn reshaped<const D: usize, const R: usize, K: Basic>(
    tensor: Tensor<D, K>,
    shape: [usize; R],
    nothing: impl FnOnce(Tensor<D, K>, [usize; R]) -> Tensor<R, K>,
) -> Tensor<R, K> {
    let as_it_was = shape[0] == 0 && tensor.dims()[0] == 0;
    match shape[1..].contains(&0) || (shape[0] == 0 && !as_it_was) {
        true => nothing(tensor, shape),
        false => tensor.reshape(shape),
    }
}

/// No numbers, in another shape and with a backward pass.
pub(crate) fn nothing_tracked<const D: usize, const R: usize>(
    tensor: Tensor<D>,
    shape: [usize; R],
) -> Tensor<R> {
    none_of(nothing_of(&tensor), shape)
}

/// No class indices, in another shape.
pub(crate) fn no_classes<const D: usize, const R: usize>(
    tensor: Tensor<D, Int>,
    shape: [usize; R],
) -> Tensor<R, Int> {
    Tensor::empty(shape, (&tensor.device(), tensor.dtype()))
}

/// Whether Burn can compute with logits without elements: on a CPU, if it is the batch that is empty.
pub(super) fn has_operations(logits: &Tensor<3>) -> bool {
    runs_on_cpu(logits) && !logits.dims()[1..].contains(&0)
}

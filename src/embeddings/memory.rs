//! What memories of past embeddings have in common.

use burn::{
    module::RunningState,
    tensor::{Tensor, kind::Autodiff, kind::Basic},
};

/// What a memory holds of embeddings, without a gradient.
pub(crate) fn held(state: &RunningState<Tensor<2>>) -> Tensor<2> {
    constant(state.value())
}

/// Replaces what a memory holds of embeddings, for whoever has [locked](super::Shared::lock) it.
///
/// Burn's state shows an update after the next one, and takes the mean of what several threads set in between. So it is
/// brought up to date at once.
pub(crate) fn replace(state: &RunningState<Tensor<2>>, embeddings: Tensor<2>) {
    state.update(constant(embeddings));
    state.value_sync();
}

/// The numbers of embeddings. A leaf that is merely detached would still be one that wants a gradient.
fn constant(embeddings: Tensor<2>) -> Tensor<2> {
    embeddings.detach().set_require_grad(false)
}

/// Embeddings to go with those that are held, in their data type.
pub(crate) fn to_go_with(before: &Tensor<2>, embeddings: Tensor<2>) -> Tensor<2> {
    beside(before, constant(embeddings).cast(before.dtype()))
}

/// A tensor on the device of another, with autodiff where that has it: only such can be put together.
pub(crate) fn beside<const D: usize, K: Autodiff>(
    before: &Tensor<D, K>,
    tensor: Tensor<D, K>,
) -> Tensor<D, K> {
    let tensor = match before.is_autodiff() {
        true => tensor.autodiff(),
        false => tensor.without_autodiff(),
    };
    tensor.to_device(&before.device())
}

/// What is held, oldest first, with new rows in place of the oldest ones. Of more rows than are held the last
/// are kept.
pub(crate) fn pushed<const D: usize, K: Basic>(
    before: Tensor<D, K>,
    rows: Tensor<D, K>,
) -> Tensor<D, K> {
    let (capacity, count) = (before.dims()[0], rows.dims()[0]);
    match count < capacity {
        true => Tensor::cat(vec![before.slice_dim(0, count..capacity), rows], 0),
        false => rows.slice_dim(0, count - capacity..count),
    }
}

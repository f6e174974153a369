//! What memories of past embeddings have in common.

use burn::{
    module::Param,
    tensor::{Tensor, kind::Basic},
};

/// Embeddings as part of a module that no optimizer changes.
pub(crate) fn held(embeddings: Tensor<2>) -> Param<Tensor<2>> {
    Param::from_tensor(embeddings).set_require_grad(false)
}

/// The numbers of embeddings. A leaf that is merely detached would still be one that wants a gradient.
pub(crate) fn constant(embeddings: Tensor<2>) -> Tensor<2> {
    embeddings.detach().set_require_grad(false)
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

//! Embeddings made ready.

use crate::backend::{unit_rows, widened};
use burn::tensor::Tensor;

/// Embeddings as they are compared: not of half precision, and of norm 1 if that is wanted.
pub(crate) fn ready(embeddings: Tensor<2>, normalize: bool) -> Tensor<2> {
    let embeddings = widened(embeddings);
    match normalize {
        true => unit_rows(embeddings),
        false => embeddings,
    }
}

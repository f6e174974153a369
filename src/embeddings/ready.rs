//! Embeddings made ready.

use crate::backend::widened;
use burn::tensor::Tensor;

/// Embeddings as they are compared: not of half precision, and of norm 1 if that is wanted.
pub(crate) fn ready(embeddings: Tensor<2>, normalize: bool) -> Tensor<2> {
    let embeddings = widened(embeddings);
    match normalize {
        true => unit_rows(embeddings),
        false => embeddings,
    }
}

/// Every row divided by its Euclidean norm; a row of zeros stays one.
///
/// Rows are first brought near 1, so that no square is too large or too small for the data type. That
/// changes neither the result nor its gradient.
fn unit_rows(rows: Tensor<2>) -> Tensor<2> {
    let largest = rows.clone().detach().abs().max_dim(1);
    let none = largest.clone().equal_scalar(0.0);
    let near_1 = rows / largest.mask_fill(none.clone(), 1.0);
    let square = (near_1.clone() * near_1.clone()).sum_dim(1);
    near_1 / square.mask_fill(none, 1.0).sqrt()
}

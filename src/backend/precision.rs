//! The data type a loss is computed in.

use burn::tensor::{DType, Tensor};

/// A tensor in the data type it is computed in: half precision in `f32`.
pub(crate) fn widened<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    match tensor.dtype() {
        DType::F16 | DType::BF16 => tensor.cast(DType::F32),
        _ => tensor,
    }
}

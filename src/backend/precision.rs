//! The data type a loss is computed in.

use burn::tensor::{DType, Tensor};

/// The data type of the loss of a prediction, and of what it is computed in: `f32` for half precision.
pub(crate) fn type_of_loss(prediction: DType) -> DType {
    match prediction {
        DType::F16 | DType::BF16 => DType::F32,
        wide => wide,
    }
}

/// A tensor in the data type it is computed in: half precision in `f32`.
pub(crate) fn widened<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    let dtype = type_of_loss(tensor.dtype());
    match tensor.dtype() == dtype {
        true => tensor,
        false => tensor.cast(dtype),
    }
}

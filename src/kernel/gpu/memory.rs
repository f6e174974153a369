//! Memory on a device.

use burn::tensor::{DType, Shape};
use burn_cubecl::{ops::numeric::empty_device_contiguous_dtype, tensor::CubeTensor};

/// A tensor of `f32`, not written yet, on the device of another.
pub(crate) fn empty(beside: &CubeTensor, shape: impl Into<Shape>) -> CubeTensor {
    empty_of(DType::F32, beside, shape)
}

/// The same of any type.
pub(crate) fn empty_of(dtype: DType, beside: &CubeTensor, shape: impl Into<Shape>) -> CubeTensor {
    let (client, device) = (beside.client.clone(), beside.device.clone());
    empty_device_contiguous_dtype(client, device, shape.into(), dtype)
}

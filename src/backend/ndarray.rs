//! Fused operations on NdArray tensors.
//!
//! Burn deprecates this backend, and will drop it; until then it is served like Flex.
#![allow(deprecated)]

use super::fused::{Host, fused_backend};
use burn::{
    backend::{
        NdArray, TensorMetadata,
        ndarray::{NdArrayDevice, NdArrayTensor},
        ops::FloatTensorOps,
        tensor::FloatTensor,
    },
    tensor::{DType, Shape, TensorData},
};

impl Host<f32> for NdArray {
    fn contiguous(tensor: NdArrayTensor) -> NdArrayTensor {
        let NdArrayTensor::F32(storage) = tensor else {
            unreachable!("only f32 takes the fused path");
        };
        if storage.view().is_standard_layout() {
            return NdArrayTensor::F32(storage);
        }
        let elements = storage.view().iter().copied().collect();
        Self::from_vec(elements, Shape::from(storage.shape().to_vec()))
    }

    fn slice(tensor: &NdArrayTensor) -> &[f32] {
        let NdArrayTensor::F32(storage) = tensor else {
            unreachable!("only f32 takes the fused path");
        };
        storage.view().to_slice().expect("a contiguous tensor")
    }

    fn slice_mut(tensor: &mut NdArrayTensor) -> Option<&mut [f32]> {
        let NdArrayTensor::F32(storage) = tensor else {
            unreachable!("only f32 takes the fused path");
        };
        if !storage.is_unique() {
            return None;
        }
        storage.ensure_owned().as_slice_mut()
    }

    fn from_vec(elements: Vec<f32>, shape: Shape) -> NdArrayTensor {
        Self::float_from_data(TensorData::new(elements, shape), &NdArrayDevice::default())
    }
}

fused_backend!(NdArray: F32 => f32);

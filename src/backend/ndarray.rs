//! Fused operations on NdArray tensors.
//!
//! Burn deprecates this backend, and will drop it; until then it is served like Flex.
#![allow(deprecated)]

use super::{
    fused::fused_backend,
    host::{Host, HostIndices},
};
use crate::kernel::cpu::Indices;
use burn::{
    backend::{
        NdArray, TensorMetadata,
        ndarray::{NdArrayDevice, NdArrayTensor},
        ops::{FloatTensorOps, IntTensorOps},
        tensor::FloatTensor,
    },
    tensor::{DType, IntDType, Shape, TensorData},
};

impl Host<f32> for NdArray {
    fn is_contiguous(tensor: &NdArrayTensor) -> bool {
        let NdArrayTensor::F32(storage) = tensor else {
            unreachable!("only f32 takes the fused path");
        };
        storage.view().is_standard_layout()
    }

    fn contiguous(tensor: NdArrayTensor) -> NdArrayTensor {
        if Self::is_contiguous(&tensor) {
            return tensor;
        }
        let NdArrayTensor::F32(storage) = tensor else {
            unreachable!("only f32 takes the fused path");
        };
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

impl HostIndices for NdArray {
    fn readable(tensor: NdArrayTensor) -> NdArrayTensor {
        let is_contiguous = match &tensor {
            NdArrayTensor::I32(storage) => storage.view().is_standard_layout(),
            NdArrayTensor::I64(storage) => storage.view().is_standard_layout(),
            _ => false,
        };
        if is_contiguous {
            return tensor;
        }
        let NdArrayTensor::I64(storage) = Self::int_cast(tensor, IntDType::I64) else {
            unreachable!("it was cast to i64");
        };
        let indices: Vec<i64> = storage.view().iter().copied().collect();
        let shape = Shape::from(storage.shape().to_vec());
        Self::int_from_data(TensorData::new(indices, shape), &NdArrayDevice::default())
    }

    fn view(tensor: &NdArrayTensor) -> Indices<'_> {
        match tensor {
            NdArrayTensor::I32(storage) => storage.view().to_slice().map(Indices::I32),
            NdArrayTensor::I64(storage) => storage.view().to_slice().map(Indices::I64),
            _ => None,
        }
        .expect("a readable tensor")
    }
}

fused_backend!(NdArray: F32 => f32);

//! Fused operations on Flex tensors.

use super::{
    fused::fused_backend,
    host::{Host, HostIndices},
};
use crate::kernel::cpu::Indices;
use burn::{
    backend::{Flex, flex::FlexTensor, ops::IntTensorOps, tensor::FloatTensor},
    tensor::{DType, Element, IntDType, Shape, TensorData, bf16, f16},
};
use bytemuck::Pod;

impl<E: Element + Pod> Host<E> for Flex {
    fn is_contiguous(tensor: &FlexTensor) -> bool {
        tensor.is_contiguous()
    }

    fn contiguous(tensor: FlexTensor) -> FlexTensor {
        // `to_contiguous` hands out a second owner even where there is nothing to copy.
        if tensor.is_contiguous() {
            tensor
        } else {
            tensor.to_contiguous()
        }
    }

    fn slice(tensor: &FlexTensor) -> &[E] {
        tensor
            .as_slice()
            .expect("a contiguous tensor of this element type")
    }

    fn slice_mut(tensor: &mut FlexTensor) -> Option<&mut [E]> {
        let (start, end) = tensor.layout().contiguous_offsets()?;
        Some(&mut tensor.try_storage_mut::<E>()?[start..end])
    }

    fn from_vec(elements: Vec<E>, shape: Shape) -> FlexTensor {
        FlexTensor::from_data(TensorData::new(elements, shape))
    }
}

impl HostIndices for Flex {
    fn readable(tensor: FlexTensor) -> FlexTensor {
        let known = match tensor.dtype() {
            DType::I32 | DType::I64 => tensor,
            _ => Self::int_cast(tensor, IntDType::I64),
        };
        <Self as Host<i64>>::contiguous(known)
    }

    fn view(tensor: &FlexTensor) -> Indices<'_> {
        match tensor.dtype() {
            DType::I32 => Indices::I32(Self::slice(tensor)),
            _ => Indices::I64(Self::slice(tensor)),
        }
    }
}

fused_backend!(Flex: F32 => f32, F16 => f16, BF16 => bf16);

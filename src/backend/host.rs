//! Tensors as slices the CPU can read.

use crate::kernel::cpu::Indices;
use burn::{
    backend::{
        Backend,
        tensor::{FloatTensor, IntTensor},
    },
    tensor::Shape,
};

/// A backend that keeps float tensors of element type `E` in memory the CPU can read.
pub(super) trait Host<E>: Backend {
    /// Whether the tensor is in row-major order without gaps.
    fn is_contiguous(tensor: &FloatTensor<Self>) -> bool;

    /// The tensor in row-major order without gaps; itself where it is so already.
    fn contiguous(tensor: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The elements of a contiguous tensor.
    fn slice(tensor: &FloatTensor<Self>) -> &[E];

    /// The elements of a contiguous tensor, to be overwritten; `None` if anybody else holds them.
    fn slice_mut(tensor: &mut FloatTensor<Self>) -> Option<&mut [E]>;

    /// A new tensor.
    fn from_vec(elements: Vec<E>, shape: Shape) -> FloatTensor<Self>;
}

/// A backend that keeps class indices in memory the CPU can read.
pub(super) trait HostIndices: Backend {
    /// The indices in row-major order, in a type that can be looked at; itself where they are so already.
    fn readable(tensor: IntTensor<Self>) -> IntTensor<Self>;

    /// The indices of a readable tensor, where they lie.
    fn view(tensor: &IntTensor<Self>) -> Indices<'_>;

    /// A copy of the indices in row-major order.
    fn indices(tensor: IntTensor<Self>) -> Vec<i64> {
        Self::view(&Self::readable(tensor)).to_vec()
    }
}

/// A gradient of nothing.
pub(super) fn zeros<B: Host<f32>>(shape: &Shape) -> FloatTensor<B> {
    B::from_vec(vec![0.0; shape.num_elements()], shape.clone())
}

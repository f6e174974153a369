//! Fused operations on tensors of CubeCL devices.
//!
//! Burn collects operations on these tensors in streams and looks for some that one kernel can do. An operation of this
//! crate is one it does not know: it stands in the stream with its inputs and outputs, and is executed when its turn comes.

mod elements;
mod linear;
mod lists;
mod overlap;
mod pairs;
mod rows;
mod ssim;
mod stream;
mod tuples;
mod unit_rows;

use burn::{
    backend::{Cube, TensorMetadata, ops::FloatTensorOps, tensor::FloatTensor},
    tensor::{DType, FloatDType, Shape, TensorData},
};

/// A tensor in `f32`.
fn in_f32(tensor: FloatTensor<Cube>) -> FloatTensor<Cube> {
    match tensor.dtype() {
        DType::F32 => tensor,
        _ => Cube::float_cast(tensor, FloatDType::F32),
    }
}

/// Numbers on the device of a tensor.
fn list_beside(tensor: &FloatTensor<Cube>, numbers: &[f64]) -> FloatTensor<Cube> {
    let numbers: Vec<f32> = numbers.iter().map(|&number| number as f32).collect();
    let shape = Shape::new([numbers.len()]);
    Cube::float_from_data(TensorData::new(numbers, shape), &tensor.device())
}

//! Digits as tensors.

use burn::{
    data::dataloader::batcher::Batcher,
    tensor::{Device, Int, Tensor, TensorData},
};

use crate::digit_images::{DigitImage, SIDE};

/// What the network is given and what it should answer.
#[derive(Debug, Clone)]
pub struct DigitBatch {
    /// `[N, 1, SIDE, SIDE]`
    pub images: Tensor<4>,
    /// `[N]`
    pub targets: Tensor<1, Int>,
}

impl DigitBatch {
    pub fn new(digits: &[DigitImage], device: &Device) -> Self {
        let count = digits.len();
        let pixels: Vec<f32> = digits
            .iter()
            .flat_map(|digit| digit.pixels.iter().copied())
            .collect();
        let classes: Vec<i32> = digits.iter().map(|digit| digit.class as i32).collect();
        Self {
            images: Tensor::from_data(TensorData::new(pixels, [count, 1, SIDE, SIDE]), device),
            targets: Tensor::from_data(TensorData::new(classes, [count]), device),
        }
    }
}

/// Makes the batches of a data loader.
#[derive(Debug, Clone)]
pub struct DigitBatcher;

impl Batcher<DigitImage, DigitBatch> for DigitBatcher {
    fn batch(&self, digits: Vec<DigitImage>, device: &Device) -> DigitBatch {
        DigitBatch::new(&digits, device)
    }
}

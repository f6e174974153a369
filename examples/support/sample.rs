//! Views of digits as tensors, and which digits they are.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{SeedableRng, rngs::ChaCha8Rng};

use super::{
    digits::Digit,
    raster::Raster,
    view::{self, SIDE},
};

/// Images that go through a network at once.
const CHUNK: usize = 256;

/// `[N, 1, SIDE, SIDE]`
pub fn images(views: &[Raster], device: &Device) -> Tensor<4> {
    let pixels: Vec<f32> = views
        .iter()
        .flat_map(|view| view.pixels.iter().copied())
        .collect();
    let shape = [views.len(), 1, SIDE, SIDE];
    Tensor::from_data(TensorData::new(pixels, shape), device)
}

/// Fixed views of digits; those of one digit follow each other.
pub struct Sample {
    images: Tensor<4>,
    pub labels: Vec<usize>,
}

impl Sample {
    /// As many views of each digit. The same seed gives the same views.
    pub fn new(digits: &[Digit], views: usize, seed: u64, device: &Device) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let shown = || {
            digits
                .iter()
                .flat_map(|digit| (0..views).map(move |_| digit))
        };
        let drawn: Vec<Raster> = shown()
            .map(|digit| view::draw(digit, digits, &mut rng))
            .collect();
        Self {
            images: images(&drawn, device),
            labels: shown().map(|digit| digit.class).collect(),
        }
    }

    /// The brightnesses themselves, `[N, SIDE * SIDE]`.
    pub fn pixels(&self) -> Tensor<2> {
        self.images.clone().flatten(1, 3)
    }

    /// What a network makes of the images.
    pub fn through(&self, network: impl Fn(Tensor<4>) -> Tensor<2>) -> Tensor<2> {
        let chunks = self.images.clone().split(CHUNK, 0);
        Tensor::cat(chunks.into_iter().map(network).collect(), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::DeviceName, digits::DigitSets};

    #[test]
    fn the_views_of_a_digit_follow_each_other() {
        let device = DeviceName::choose(None).expect("a device").open();
        let digits = DigitSets::bundled()
            .expect("the bundled file is sound")
            .train;
        let sample = Sample::new(&digits[..200], 2, 1, &device);
        assert_eq!(sample.labels.len(), 400);
        for (pair, digit) in sample.labels.chunks(2).zip(&digits) {
            assert_eq!(pair, [digit.class; 2]);
        }
        let pixels = sample.pixels();
        assert_eq!(pixels.dims(), [400, SIDE * SIDE]);
        // In two chunks, and in their order.
        let through = sample.through(|images| images.flatten(1, 3));
        assert!((through - pixels).abs().max().into_scalar::<f32>() == 0.0);
    }
}

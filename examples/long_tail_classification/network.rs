//! A small convolutional network whose logits are cosines.
//!
//! The margins of LDAM are made for cosines, between the features of an image and the direction of
//! a class (section 3.1 of the paper); so all losses get them, and differ in nothing else.

use burn::{
    module::{Module, Param},
    nn::{
        Initializer, Linear, LinearConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
    },
    tensor::{Device, Tensor, activation::relu},
};

use crate::digit_images::{CLASSES, SIDE};

const CHANNELS: [usize; 2] = [16, 32];
const FEATURES: usize = 64;

/// Added to squared lengths: features may be all 0, where a square root has no slope.
const TINY: f32 = 1e-8;

/// Classifies images of digits.
#[derive(Module, Debug)]
pub struct DigitNet {
    first: Conv2d,
    second: Conv2d,
    features: Linear,
    /// The direction of each class, `[FEATURES, CLASSES]`.
    directions: Param<Tensor<2>>,
}

impl DigitNet {
    pub fn new(device: &Device) -> Self {
        let conv = |input, output, stride| {
            Conv2dConfig::new([input, output], [3, 3])
                .with_stride([stride, stride])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(device)
        };
        let pixels = (SIDE / 2) * (SIDE / 2);
        let directions = Initializer::XavierNormal { gain: 1.0 };
        Self {
            first: conv(1, CHANNELS[0], 1),
            second: conv(CHANNELS[0], CHANNELS[1], 2),
            features: LinearConfig::new(CHANNELS[1] * pixels, FEATURES).init(device),
            directions: directions.init_with(
                [FEATURES, CLASSES],
                Some(FEATURES),
                Some(CLASSES),
                device,
            ),
        }
    }

    /// Cosines, `[N, CLASSES]`, for images `[N, 1, SIDE, SIDE]`.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let x = relu(self.first.forward(images));
        let x = relu(self.second.forward(x));
        let features = relu(self.features.forward(x.flatten(1, 3)));
        normalize(features, 1).matmul(normalize(self.directions.val(), 0))
    }
}

/// Vectors of length 1 along a dimension.
fn normalize(vectors: Tensor<2>, dimension: usize) -> Tensor<2> {
    let squares = vectors.clone().square().sum_dim(dimension);
    vectors / (squares + TINY).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceName;

    #[test]
    fn logits_are_cosines_even_of_blank_images() {
        let device = DeviceName::choose(None).expect("a device").open();
        let images = Tensor::<4>::zeros([2, 1, SIDE, SIDE], &device);
        let cosines = DigitNet::new(&device).forward(images);
        assert_eq!(cosines.dims(), [2, CLASSES]);
        let largest = cosines.abs().max().into_scalar::<f32>();
        assert!(largest <= 1.0 + 1e-5, "{largest}");
    }
}

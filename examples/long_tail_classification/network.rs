//! A small convolutional network whose logits are cosines.
//!
//! The margins of LDAM are made for cosines, between the features of an image and the direction of
//! a class (section 3.1 of the paper); so all losses get them, and differ in nothing else.

use burn::{
    module::{Module, Param},
    nn::{Initializer, Linear, LinearConfig, conv::Conv2d},
    tensor::{Device, Tensor, activation::relu},
};
use support::{
    digits::{CLASSES, SIDE},
    network::conv3x3,
};

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
            let config = conv3x3(input, output).with_stride([stride, stride]);
            config.init(device)
        };
        let pixels = (SIDE / 2) * (SIDE / 2);
        let xavier = Initializer::XavierNormal { gain: 1.0 };
        let (inputs, outputs) = (Some(FEATURES), Some(CLASSES));
        Self {
            first: conv(1, CHANNELS[0], 1),
            second: conv(CHANNELS[0], CHANNELS[1], 2),
            features: LinearConfig::new(CHANNELS[1] * pixels, FEATURES).init(device),
            directions: xavier.init_with([FEATURES, CLASSES], inputs, outputs, device),
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

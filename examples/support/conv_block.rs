//! What convolutional networks are made of.

use burn::{
    module::Module,
    nn::{
        GroupNorm, GroupNormConfig, Initializer, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
    },
    tensor::{Device, Tensor, activation::relu},
};

/// A 3 x 3 convolution, group normalisation and ReLU.
#[derive(Module, Debug)]
pub struct ConvBlock {
    conv: Conv2d,
    norm: GroupNorm,
}

impl ConvBlock {
    /// Channels that are normalised together.
    const GROUP: usize = 8;

    pub fn new(input: usize, output: usize, stride: usize, device: &Device) -> Self {
        Self {
            conv: conv3x3(input, output)
                .with_stride([stride, stride])
                .with_bias(false)
                .with_initializer(Initializer::KaimingNormal {
                    gain: std::f64::consts::SQRT_2,
                    fan_out_only: false,
                })
                .init(device),
            norm: GroupNormConfig::new(output / Self::GROUP, output).init(device),
        }
    }

    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        relu(self.norm.forward(self.conv.forward(input)))
    }
}

/// A 3 x 3 convolution that keeps the resolution at stride 1.
pub fn conv3x3(input: usize, output: usize) -> Conv2dConfig {
    Conv2dConfig::new([input, output], [3, 3]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
}

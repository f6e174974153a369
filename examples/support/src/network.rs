//! What the networks of several examples are made of.

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

/// Channels and stride of each convolution of an encoder.
const BLOCKS: [(usize, usize); 5] = [(16, 2), (32, 1), (64, 2), (64, 1), (FEATURES, 2)];

/// Length of a feature vector.
pub const FEATURES: usize = 128;

/// A small encoder of views: images to feature vectors, wherever on the image something is.
#[derive(Module, Debug)]
pub struct Encoder {
    blocks: Vec<ConvBlock>,
}

impl Encoder {
    pub fn new(device: &Device) -> Self {
        let inputs = [1].into_iter().chain(BLOCKS.map(|(channels, _)| channels));
        let blocks = inputs
            .zip(BLOCKS)
            .map(|(input, (output, stride))| ConvBlock::new(input, output, stride, device));
        Self {
            blocks: blocks.collect(),
        }
    }

    /// Features, `[N, FEATURES]`, of images `[N, 1, SIDE, SIDE]`: the mean over all places.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let blocks = self.blocks.iter();
        let map = blocks.fold(images, |x, block| block.forward(x));
        map.mean_dims(&[2, 3]).flatten(1, 3)
    }
}

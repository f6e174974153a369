//! A small U-Net: O. Ronneberger, P. Fischer and T. Brox, *U-Net: Convolutional Networks for Biomedical Image
//! Segmentation*, 2015.

use burn::{
    module::Module,
    nn::{
        conv::{Conv2d, Conv2dConfig},
        interpolate::{Interpolate2d, Interpolate2dConfig, InterpolateMode},
    },
    tensor::{Device, Tensor},
};

use crate::{conv_block::ConvBlock, scene::CLASSES};

/// Channels at full resolution, at half and so on.
const CHANNELS: [usize; 4] = [8, 24, 48, 64];

#[derive(Module, Debug)]
pub struct UNet {
    stem: ConvBlock,
    /// Each halves the resolution first.
    down: Vec<Stage>,
    /// Each takes what is below, at twice the resolution, beside what was there on the way down.
    up: Vec<Stage>,
    upsample: Interpolate2d,
    head: Conv2d,
}

impl UNet {
    pub fn new(device: &Device) -> Self {
        let levels = || CHANNELS.into_iter().zip(CHANNELS.into_iter().skip(1));
        Self {
            stem: ConvBlock::new(1, CHANNELS[0], 1, device),
            down: levels()
                .map(|(above, below)| Stage::new(above, below, 2, device))
                .collect(),
            up: levels()
                .map(|(above, below)| Stage::new(above + below, above, 1, device))
                .collect(),
            upsample: Interpolate2dConfig::new()
                .with_scale_factor(Some([2.0, 2.0]))
                .with_mode(InterpolateMode::Nearest)
                .init(),
            head: Conv2dConfig::new([CHANNELS[0], CLASSES], [1, 1]).init(device),
        }
    }

    /// The logits of all classes for each pixel: `[N, 1, H, W]` to `[N, CLASSES, H, W]`.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let mut features = self.stem.forward(images);
        let mut passed = Vec::with_capacity(self.down.len());
        for stage in &self.down {
            let below = stage.forward(features.clone());
            passed.push(features);
            features = below;
        }
        for (stage, beside) in self.up.iter().zip(passed).rev() {
            let above = self.upsample.forward(features);
            features = stage.forward(Tensor::cat(vec![beside, above], 1));
        }
        self.head.forward(features)
    }
}

/// Two convolutions.
#[derive(Module, Debug)]
struct Stage {
    first: ConvBlock,
    second: ConvBlock,
}

impl Stage {
    fn new(input: usize, output: usize, stride: usize, device: &Device) -> Self {
        Self {
            first: ConvBlock::new(input, output, stride, device),
            second: ConvBlock::new(output, output, 1, device),
        }
    }

    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        self.second.forward(self.first.forward(input))
    }
}

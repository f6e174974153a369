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
use support::network::ConvBlock;

use crate::scene::CLASSES;

/// Channels at full resolution, at half and so on.
const CHANNELS: [usize; 4] = [8, 24, 48, 64];

/// Two convolutions.
type Stage = [ConvBlock; 2];

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
        let stage = |input, output, stride| {
            let first = ConvBlock::new(input, output, stride, device);
            [first, ConvBlock::new(output, output, 1, device)]
        };
        let levels = || CHANNELS.into_iter().zip(CHANNELS.into_iter().skip(1));
        Self {
            stem: ConvBlock::new(1, CHANNELS[0], 1, device),
            down: levels()
                .map(|(above, below)| stage(above, below, 2))
                .collect(),
            up: levels()
                .map(|(above, below)| stage(above + below, above, 1))
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
        let run = |[first, second]: &Stage, input| second.forward(first.forward(input));
        let mut features = self.stem.forward(images);
        let mut passed = Vec::with_capacity(self.down.len());
        for stage in &self.down {
            passed.push(features.clone());
            features = run(stage, features);
        }
        for (stage, beside) in self.up.iter().zip(passed).rev() {
            let above = self.upsample.forward(features);
            features = run(stage, Tensor::cat(vec![beside, above], 1));
        }
        self.head.forward(features)
    }
}

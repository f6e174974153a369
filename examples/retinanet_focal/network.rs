//! A small RetinaNet: convolutional backbone, feature pyramid, and two heads shared by all levels.
//!
//! "Focal Loss for Dense Object Detection", Lin et al., 2017, <https://arxiv.org/abs/1708.02002>.

use burn::{
    module::Module,
    nn::{
        Initializer,
        conv::{Conv2d, Conv2dConfig},
        interpolate::{Interpolate2d, Interpolate2dConfig, InterpolateMode},
    },
    tensor::{Device, Tensor},
};
use support::{
    digits::CLASSES,
    network::{ConvBlock, conv3x3},
};

use crate::anchors;

/// Channels of the backbone's stem and of its stages at strides 4, 8 and 16.
const STEM: usize = 16;
const STAGES: [usize; 3] = [32, 48, 64];

/// Channels of every pyramid level and inside the heads.
const PYRAMID: usize = 32;

/// Probability of foreground that every anchor starts with (section 4.1 of the paper): the first
/// steps would otherwise be spent on unlearning `0.5` for thousands of background anchors.
const PRIOR: f64 = 0.01;

/// What the network says about every anchor of a batch, in the order of [`anchors::grid`].
pub struct Predictions {
    /// `[B, A, CLASSES]`
    pub logits: Tensor<3>,
    /// `[B, A, 4]`
    pub offsets: Tensor<3>,
}

/// The detector.
#[derive(Module, Debug)]
pub struct RetinaNet {
    stem: ConvBlock,
    /// Two convolutions each, of which the first halves the resolution.
    stages: Vec<[ConvBlock; 2]>,
    lateral: Vec<Conv2d>,
    upsample: Interpolate2d,
    smooth: Vec<ConvBlock>,
    class_head: Head,
    box_head: Head,
}

impl RetinaNet {
    pub fn new(device: &Device) -> Self {
        let block = |input, output, stride| ConvBlock::new(input, output, stride, device);
        let stages = [STEM, STAGES[0], STAGES[1]].into_iter().zip(STAGES);
        let stages =
            stages.map(|(input, output)| [block(input, output, 2), block(output, output, 1)]);
        let lateral = |channels| Conv2dConfig::new([channels, PYRAMID], [1, 1]).init(device);
        Self {
            stem: block(1, STEM, 2),
            stages: stages.collect(),
            lateral: STAGES.map(lateral).into(),
            upsample: Interpolate2dConfig::new()
                .with_scale_factor(Some([2.0, 2.0]))
                .with_mode(InterpolateMode::Nearest)
                .init(),
            smooth: STAGES.map(|_| block(PYRAMID, PYRAMID, 1)).into(),
            class_head: Head::new(CLASSES, -((1.0 - PRIOR) / PRIOR).ln(), device),
            box_head: Head::new(4, 0.0, device),
        }
    }

    /// Predicts for images of shape `[B, 1, SIDE, SIDE]`.
    pub fn forward(&self, images: Tensor<4>) -> Predictions {
        let mut features = self.stem.forward(images);
        let mut maps = Vec::new();
        for [down, refine] in &self.stages {
            features = refine.forward(down.forward(features));
            maps.push(features.clone());
        }
        let levels = self.pyramid(maps);
        let all = |head: &Head| Tensor::cat(levels.iter().map(|x| head.forward(x)).collect(), 1);
        Predictions {
            logits: all(&self.class_head),
            offsets: all(&self.box_head),
        }
    }

    /// Adds what coarse levels know to the finer ones, from the top down: a map for each of
    /// [`anchors::STRIDES`].
    fn pyramid(&self, maps: Vec<Tensor<4>>) -> Vec<Tensor<4>> {
        let mut above: Option<Tensor<4>> = None;
        let mut levels = Vec::new();
        let parts = maps.into_iter().zip(&self.lateral).zip(&self.smooth);
        for ((map, lateral), smooth) in parts.rev() {
            let merged = match above {
                Some(above) => lateral.forward(map) + self.upsample.forward(above),
                None => lateral.forward(map),
            };
            levels.push(smooth.forward(merged.clone()));
            above = Some(merged);
        }
        levels.reverse();
        levels
    }
}

/// Convolutions that end in `outputs` values for each anchor of a cell.
#[derive(Module, Debug)]
struct Head {
    hidden: Vec<ConvBlock>,
    output: Conv2d,
    outputs: usize,
}

impl Head {
    /// A head whose outputs all start near `bias`.
    fn new(outputs: usize, bias: f64, device: &Device) -> Self {
        let channels = anchors::PER_CELL * outputs;
        let small = Initializer::Normal {
            mean: 0.0,
            std: 0.01,
        };
        let output = conv3x3(PYRAMID, channels).with_initializer(small);
        let mut output = output.init(device);
        output.bias = Some(Initializer::Constant { value: bias }.init([channels], device));
        Self {
            hidden: [(); 2]
                .map(|()| ConvBlock::new(PYRAMID, PYRAMID, 1, device))
                .into(),
            output,
            outputs,
        }
    }

    /// `[B, PYRAMID, H, W]` to `[B, H * W * PER_CELL, outputs]`.
    fn forward(&self, level: &Tensor<4>) -> Tensor<3> {
        let hidden = self.hidden.iter();
        let hidden = hidden.fold(level.clone(), |x, block| block.forward(x));
        let output = self.output.forward(hidden).permute([0, 2, 3, 1]);
        let [batch, height, width, _] = output.dims();
        output.reshape([batch, height * width * anchors::PER_CELL, self.outputs])
    }
}

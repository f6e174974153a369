//! A batch of scenes as tensors: images, and what every anchor is taught.

use burn::tensor::{Device, Tensor, TensorData};

use crate::{
    boxes::BoundingBox,
    digits::CLASSES,
    matching::{Match, match_anchors},
    scene::{SIDE, Scene},
};

/// What the losses need besides the network's outputs, for `B` scenes and `A` anchors.
pub struct Targets {
    /// `[B, A, CLASSES]`: 1 for the class of a foreground anchor, 0 elsewhere.
    pub classes: Tensor<3>,
    /// `[B, A, CLASSES]`: 0 for ignored anchors, 1 for all others.
    pub class_weights: Tensor<3>,
    /// `[B, A, 4]`: encoded boxes of foreground anchors, 0 elsewhere.
    pub offsets: Tensor<3>,
    /// `[B, A, 4]`: 1 for foreground anchors, 0 elsewhere.
    pub offset_weights: Tensor<3>,
    /// `[B, A, 2]`: width and height of the anchors.
    pub sides: Tensor<3>,
    /// What each anchor of each scene was matched with, scene after scene.
    pub matches: Vec<Match>,
}

impl Targets {
    /// Matches the anchors with the objects of every scene.
    pub fn new(scenes: &[Scene], anchors: &[BoundingBox], device: &Device) -> Self {
        let count = scenes.len() * anchors.len();
        let mut classes = vec![0.0_f32; count * CLASSES];
        let mut class_weights = vec![1.0_f32; count * CLASSES];
        let mut offsets = vec![0.0_f32; count * 4];
        let mut offset_weights = vec![0.0_f32; count * 4];
        let sides = anchors
            .iter()
            .flat_map(|anchor| [anchor.width(), anchor.height()]);
        let sides: Vec<f32> = sides.collect();
        let mut matches = Vec::with_capacity(count);
        for scene in scenes {
            let bounds: Vec<_> = scene.objects.iter().map(|object| object.bounds).collect();
            for (anchor, matched) in anchors.iter().zip(match_anchors(anchors, &bounds)) {
                let row = matches.len();
                matches.push(matched);
                match matched {
                    Match::Foreground(index) => {
                        classes[row * CLASSES + scene.objects[index].class] = 1.0;
                        let encoded = bounds[index].encode(anchor);
                        offsets[row * 4..][..4].copy_from_slice(&encoded);
                        offset_weights[row * 4..][..4].fill(1.0);
                    }
                    Match::Ignored => class_weights[row * CLASSES..][..CLASSES].fill(0.0),
                    Match::Background => {}
                }
            }
        }
        let tensor = |values: Vec<f32>, width: usize| {
            let shape = [scenes.len(), anchors.len(), width];
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        Self {
            classes: tensor(classes, CLASSES),
            class_weights: tensor(class_weights, CLASSES),
            offsets: tensor(offsets, 4),
            offset_weights: tensor(offset_weights, 4),
            sides: tensor(sides.repeat(scenes.len()), 2),
            matches,
        }
    }

    /// Foreground anchors in the batch: what RetinaNet divides its losses by.
    pub fn foreground(&self) -> usize {
        self.matches
            .iter()
            .filter(|matched| matches!(matched, Match::Foreground(_)))
            .count()
    }

    /// Background anchors in the batch.
    pub fn background(&self) -> usize {
        self.matches
            .iter()
            .filter(|matched| matches!(matched, Match::Background))
            .count()
    }
}

/// The scenes' images, `[B, 1, SIDE, SIDE]`, with grey at 0.
pub fn images(scenes: &[Scene], device: &Device) -> Tensor<4> {
    let pixels: Vec<f32> = scenes
        .iter()
        .flat_map(|scene| &scene.image.pixels)
        .copied()
        .collect();
    let data = TensorData::new(pixels, [scenes.len(), 1, SIDE, SIDE]);
    Tensor::from_data(data, device) * 2.0 - 1.0
}

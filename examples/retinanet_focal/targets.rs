//! A batch of scenes as tensors: what every anchor is taught.

use burn::tensor::{Device, Tensor, TensorData};
use support::digits::CLASSES;

use crate::{
    anchors::{self, Match, match_anchors},
    boxes::BoundingBox,
    scene::Scene,
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
    /// Foreground anchors in the batch: what RetinaNet divides its losses by.
    pub foreground: usize,
    pub background: usize,
}

impl Targets {
    /// Matches the anchors with the objects of every scene.
    pub fn new(scenes: &[Scene], anchors: &[BoundingBox], device: &Device) -> Self {
        let count = scenes.len() * anchors.len();
        let mut classes = vec![0.0_f32; count * CLASSES];
        let mut class_weights = vec![1.0_f32; count * CLASSES];
        let mut offsets = vec![0.0_f32; count * 4];
        let mut offset_weights = vec![0.0_f32; count * 4];
        let (mut foreground, mut background) = (0, 0);
        for (scene, start) in scenes.iter().zip((0..).step_by(anchors.len())) {
            let bounds: Vec<_> = scene.objects.iter().map(|object| object.bounds).collect();
            let matches = match_anchors(anchors, &bounds);
            for ((anchor, matched), row) in anchors.iter().zip(matches).zip(start..) {
                match matched {
                    Match::Foreground(index) => {
                        classes[row * CLASSES + scene.objects[index].class] = 1.0;
                        offsets[row * 4..][..4].copy_from_slice(&bounds[index].encode(anchor));
                        offset_weights[row * 4..][..4].fill(1.0);
                        foreground += 1;
                    }
                    Match::Ignored => class_weights[row * CLASSES..][..CLASSES].fill(0.0),
                    Match::Background => background += 1,
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
            sides: anchors::sides(anchors, scenes.len(), device),
            foreground,
            background,
        }
    }
}

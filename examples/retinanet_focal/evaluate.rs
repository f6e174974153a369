//! What a detector is worth on scenes it was not trained on.

use crate::{
    average_precision::mean_average_precision,
    boxes::BoundingBox,
    detect::{Detection, detect, sigmoid},
    digits::CLASSES,
    loss::DetectionLoss,
    matching::Match,
    network::{Predictions, RetinaNet},
    scene::Scene,
    targets::{Targets, images},
};
use burn::tensor::{Device, Tensor, TensorData};

/// A background anchor is easy where no class is as probable as this.
pub const EASY_PROBABILITY: f32 = 0.1;

/// Scenes that go through the network at once.
const BATCH: usize = 20;

/// The fixed things an evaluation needs: scenes, anchors and a device without autodiff.
pub struct TestBench<'a> {
    pub scenes: &'a [Scene],
    pub anchors: &'a [BoundingBox],
    pub device: &'a Device,
}

impl TestBench<'_> {
    /// The detections of every scene. The model must be on a device without autodiff.
    pub fn detections(&self, model: &RetinaNet) -> Vec<Vec<Detection>> {
        let mut found = Vec::with_capacity(self.scenes.len());
        for scenes in self.scenes.chunks(BATCH) {
            let predictions = model.forward(images(scenes, self.device));
            let logits = values(predictions.logits);
            let offsets = values(predictions.offsets);
            let per_scene = logits
                .chunks_exact(self.anchors.len() * CLASSES)
                .zip(offsets.chunks_exact(self.anchors.len() * 4));
            found.extend(per_scene.map(|(logits, offsets)| detect(logits, offsets, self.anchors)));
        }
        found
    }

    /// AP@0.5 of detections of these scenes.
    pub fn average_precision(&self, detections: &[Vec<Detection>]) -> f64 {
        let objects: Vec<_> = self
            .scenes
            .iter()
            .map(|scene| scene.objects.as_slice())
            .collect();
        mean_average_precision(detections, &objects)
    }

    /// Foreground and background anchors in these scenes.
    pub fn balance(&self) -> (usize, usize) {
        self.scenes
            .chunks(BATCH)
            .fold((0, 0), |(foreground, background), scenes| {
                let targets = Targets::new(scenes, self.anchors, self.device);
                (
                    foreground + targets.foreground(),
                    background + targets.background(),
                )
            })
    }

    /// Share of the total classification loss that easy background carries. The model must be on a
    /// device without autodiff.
    pub fn easy_background_share(&self, model: &RetinaNet, loss: &DetectionLoss) -> f64 {
        let (mut easy, mut total) = (0.0, 0.0);
        for scenes in self.scenes.chunks(BATCH) {
            let Predictions { logits, .. } = model.forward(images(scenes, self.device));
            let targets = Targets::new(scenes, self.anchors, self.device);
            let sum = |weights: Tensor<3>| {
                let (logits, classes) = (logits.clone(), targets.classes.clone());
                f64::from(loss.class(logits, classes, weights, 1).into_scalar::<f32>())
            };
            easy += sum(easy_background(&logits, &targets.matches));
            total += sum(targets.class_weights.clone());
        }
        if total > 0.0 { easy / total } else { 0.0 }
    }
}

/// Element weights that pick the background anchors whose every class is improbable.
fn easy_background(logits: &Tensor<3>, matches: &[Match]) -> Tensor<3> {
    let weights: Vec<f32> = values(logits.clone())
        .chunks_exact(CLASSES)
        .zip(matches)
        .flat_map(|(anchor, matched)| {
            let improbable = anchor
                .iter()
                .all(|&logit| sigmoid(logit) < EASY_PROBABILITY);
            let easy = improbable && *matched == Match::Background;
            [f32::from(u8::from(easy)); CLASSES]
        })
        .collect();
    Tensor::from_data(TensorData::new(weights, logits.dims()), &logits.device())
}

/// A tensor's values on the host.
fn values(tensor: Tensor<3>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceName;

    #[test]
    fn easy_background_is_improbable_and_background() {
        let device = DeviceName::first().expect("a device is compiled in").open();
        let quiet = [-5.0_f32; CLASSES];
        let mut loud = quiet;
        loud[4] = -2.0; // probability 0.12
        let rows = [quiet, loud, quiet, quiet].concat();
        let logits = Tensor::from_data(TensorData::new(rows, [1, 4, CLASSES]), &device);
        let matches = [
            Match::Background,
            Match::Background,
            Match::Ignored,
            Match::Foreground(0),
        ];
        let weights = values(easy_background(&logits, &matches));
        let picked: Vec<f32> = weights.chunks(CLASSES).map(|row| row[0]).collect();
        assert_eq!(picked, [1.0, 0.0, 0.0, 0.0]);
    }
}

//! What features know about the classes of digits: the labels come in here, after the training.

use burn::tensor::Device;
use serde::Serialize;

use crate::{
    digits::DigitSets,
    encoder::Encoder,
    error::Result,
    features::Features,
    nearest::{self, NEIGHBOURS},
    probe::Probe,
    sample::Sample,
    settings::Settings,
};

/// Added to the seed for the views with labels, which are others than those trained with.
const TRAIN_STREAM: u64 = 0x7a17;

/// Added to the seed for the views that are tested with.
const TEST_STREAM: u64 = 0x7e57;

/// Shares of the test views whose class is found, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scores {
    /// By the labels of the most similar training views.
    pub knn: f64,
    /// By a linear classifier trained on the training views.
    pub linear: f64,
}

/// Fixed views of the training digits, with labels to learn from, and of digits never trained with.
pub struct Bench {
    pub train: Sample,
    pub test: Sample,
}

impl Bench {
    /// On a device without autodiff.
    pub fn new(digits: &DigitSets, settings: &Settings, device: &Device) -> Self {
        let sample = |digits, views, stream| {
            Sample::new(digits, views, settings.seed.wrapping_add(stream), device)
        };
        Self {
            train: sample(&digits.train, settings.training_views, TRAIN_STREAM),
            test: sample(&digits.test, settings.test_views, TEST_STREAM),
        }
    }

    /// The brightnesses themselves.
    pub fn raw_pixels(&self) -> Features {
        Features::new(self.train.pixels(), self.test.pixels())
    }

    /// What an encoder makes of the images.
    pub fn encoded(&self, encoder: &Encoder) -> Features {
        let [train, test] = [&self.train, &self.test]
            .map(|sample| sample.through(|images| encoder.forward(images)));
        Features::new(train, test)
    }

    pub fn scores(&self, features: &Features) -> Result<Scores> {
        let votes = nearest::classify(features, &self.train.labels, NEIGHBOURS);
        let probe = Probe::train(features.train.clone(), &self.train.labels)?;
        Ok(Scores {
            knn: self.accuracy(&votes),
            linear: self.accuracy(&probe.classify(features.test.clone())),
        })
    }

    fn accuracy(&self, answers: &[usize]) -> f64 {
        let labels = &self.test.labels;
        let right = answers.iter().zip(labels).filter(|(a, b)| a == b).count();
        right as f64 / labels.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::DeviceName, digits::CLASSES, objective::LossKind};
    use burn::tensor::Tensor;

    #[test]
    fn features_that_are_the_class_are_fully_right() {
        let device = DeviceName::choose(None).expect("a device").open();
        let digits = DigitSets::bundled().expect("the bundled file is sound");
        let bench = Bench::new(&digits, &Settings::quick(LossKind::Ntxent, 1), &device);
        let one_hot = |sample: &Sample| {
            let rows = sample.labels.iter().flat_map(|&label| {
                (0..CLASSES).map(move |class| f32::from(u8::from(class == label)))
            });
            let rows = Vec::from_iter(rows);
            Tensor::<1>::from_floats(rows.as_slice(), &device).reshape([-1, CLASSES as i32])
        };
        let features = Features::new(one_hot(&bench.train), one_hot(&bench.test));
        let scores = bench.scores(&features).expect("a sound probe");
        assert_eq!((scores.knn, scores.linear), (1.0, 1.0));
    }
}

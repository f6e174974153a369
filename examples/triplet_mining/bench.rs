//! What vectors know about the classes of digits that the training has not seen.

use burn::tensor::{Device, Tensor};
use serde::Serialize;

use crate::{
    classes::{self, TRAINED, UNSEEN},
    digits::DigitSets,
    network::Model,
    recall::Recall,
    sample::Sample,
    settings::Settings,
};

/// Added to the seed for the views that are tested with, which are others than those trained with.
const UNSEEN_STREAM: u64 = 0x0a5e;
const TRAINED_STREAM: u64 = 0x7e57;

/// Something about digits of the unseen classes, and the same about unseen digits of the trained ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Both<T> {
    pub unseen_classes: T,
    pub trained_classes: T,
}

/// Fixed views of digits never trained with.
pub struct Bench {
    samples: Both<Sample>,
    /// Views of each digit.
    views: usize,
}

impl Bench {
    /// On a device without autodiff.
    pub fn new(digits: &DigitSets, settings: &Settings, device: &Device) -> Self {
        let views = settings.test_views;
        let sample = |digits: Vec<_>, stream| {
            Sample::new(&digits, views, settings.seed.wrapping_add(stream), device)
        };
        // No training has seen any digit of the unseen classes.
        let all = digits.train.iter().chain(&digits.test);
        Self {
            samples: Both {
                unseen_classes: sample(classes::of(&UNSEEN, all), UNSEEN_STREAM),
                trained_classes: sample(classes::of(&TRAINED, &digits.test), TRAINED_STREAM),
            },
            views,
        }
    }

    /// The brightnesses themselves.
    pub fn raw_pixels(&self) -> Both<Tensor<2>> {
        self.vectors(Sample::pixels)
    }

    /// What a model makes of the images.
    pub fn embeddings(&self, model: &Model) -> Both<Tensor<2>> {
        self.vectors(|sample| sample.through(|images| model.forward(images)))
    }

    pub fn scores(&self, vectors: &Both<Tensor<2>>) -> Both<Recall> {
        let recall = |vectors: &Tensor<2>, sample: &Sample| {
            Recall::new(vectors.clone(), &sample.labels, self.views)
        };
        let Both {
            unseen_classes,
            trained_classes,
        } = &self.samples;
        Both {
            unseen_classes: recall(&vectors.unseen_classes, unseen_classes),
            trained_classes: recall(&vectors.trained_classes, trained_classes),
        }
    }

    pub fn unseen_labels(&self) -> &[usize] {
        &self.samples.unseen_classes.labels
    }

    fn vectors(&self, vectors: impl Fn(&Sample) -> Tensor<2>) -> Both<Tensor<2>> {
        Both {
            unseen_classes: vectors(&self.samples.unseen_classes),
            trained_classes: vectors(&self.samples.trained_classes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::DeviceName, digits::CLASSES};

    #[test]
    fn vectors_that_are_the_class_are_fully_right() {
        let device = DeviceName::choose(None).expect("a device").open();
        let digits = DigitSets::bundled().expect("the bundled file is sound");
        let bench = Bench::new(&digits, &Settings::quick(1), &device);
        let one_hot = |sample: &Sample| {
            let rows = sample.labels.iter().flat_map(|&label| {
                (0..CLASSES).map(move |class| f32::from(u8::from(class == label)))
            });
            let rows = Vec::from_iter(rows);
            Tensor::<1>::from_floats(rows.as_slice(), &device).reshape([-1, CLASSES as i32])
        };
        let scores = bench.scores(&bench.vectors(one_hot));
        assert_eq!(scores.unseen_classes.recall_at_1, 1.0);
        assert_eq!(scores.trained_classes.recall_at_1, 1.0);
        assert!(
            bench
                .unseen_labels()
                .iter()
                .all(|label| UNSEEN.contains(label))
        );
    }

    #[test]
    fn pixels_and_embeddings_are_of_the_same_views() {
        let device = DeviceName::choose(None).expect("a device").open();
        let digits = DigitSets::bundled().expect("the bundled file is sound");
        let bench = Bench::new(&digits, &Settings::quick(1), &device);
        let (pixels, embeddings) = (bench.raw_pixels(), bench.embeddings(&Model::new(&device)));
        let views = |vectors: &Tensor<2>| vectors.dims()[0];
        assert_eq!(views(&pixels.unseen_classes), bench.unseen_labels().len());
        assert_eq!(
            views(&pixels.trained_classes),
            views(&embeddings.trained_classes)
        );
    }
}

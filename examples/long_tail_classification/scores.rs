//! How good the answers of a trained network are, and whether its confidence is its accuracy.

use std::ops::Range;

use burn::tensor::{Int, Tensor, activation::softmax};
use serde::Serialize;

/// The scores of a network, as shares of 1: the accuracy on all digits and on those of [`GROUPS`],
/// and the expected calibration error ("On Calibration of Modern Neural Networks", Guo et al.,
/// 2017): the gap between confidence and accuracy in a bin, averaged over the predictions.
pub const SCORES: [&str; 5] = ["accuracy", "head", "middle", "tail", "calibration error"];

/// The classes that are frequent, less frequent and rare in training.
pub const GROUPS: [Range<usize>; 3] = [0..3, 3..7, 7..10];

/// Bins of the calibration error.
pub const BINS: usize = 15;

/// What the network said about one digit.
#[derive(Debug, Clone, Copy)]
pub struct Prediction {
    /// The class the digit is of.
    pub class: usize,
    /// Whether that is the class with the highest probability.
    pub correct: bool,
    /// The highest probability.
    pub confidence: f64,
}

/// Reads off logits what was predicted, and whether it is right.
pub fn predictions(logits: Tensor<2>, targets: Tensor<1, Int>) -> Vec<Prediction> {
    let (confidences, answers) = softmax(logits, 1).max_dim_with_indices(1);
    let (confidences, answers) = (confidences.into_data(), answers.into_data());
    let answers = confidences.iter::<f64>().zip(answers.iter::<i64>());
    let targets = targets.into_data();
    let predictions = answers.zip(targets.iter::<i64>());
    let predictions = predictions.map(|((confidence, answer), class)| Prediction {
        class: class as usize,
        correct: class == answer,
        confidence,
    });
    predictions.collect()
}

/// The [`SCORES`] of one trained network.
pub fn scores(predictions: &[Prediction]) -> [f64; 5] {
    let [head, middle, tail] = GROUPS.map(|classes| {
        let of_group = predictions.iter();
        accuracy(of_group.filter(|one| classes.contains(&one.class)))
    });
    let bins = bins(predictions).into_iter();
    let gap = |bin: Bin| bin.predictions as f64 * (bin.confidence - bin.accuracy).abs();
    let error = bins.map(gap).sum::<f64>() / predictions.len().max(1) as f64;
    [accuracy(predictions.iter()), head, middle, tail, error]
}

/// Share of right answers; 0 if there are none.
fn accuracy<'a>(predictions: impl Iterator<Item = &'a Prediction>) -> f64 {
    let (right, all) = predictions.fold((0, 0), |(right, all), one| {
        (right + usize::from(one.correct), all + 1)
    });
    right as f64 / all.max(1) as f64
}

/// The predictions whose confidence lies in one interval.
#[derive(Debug, Clone, Serialize)]
pub struct Bin {
    pub predictions: usize,
    /// Means over the predictions; 0 if there are none.
    pub confidence: f64,
    pub accuracy: f64,
}

/// The bins, of equal width, from low to high confidence; a bin holds its upper end.
pub fn bins(predictions: &[Prediction]) -> Vec<Bin> {
    let bin_of = |one: &Prediction| {
        let last_below = (one.confidence * BINS as f64).ceil() as usize;
        last_below.clamp(1, BINS) - 1
    };
    let bins = (0..BINS).map(|index| {
        let of_bin = || predictions.iter().filter(|one| bin_of(one) == index);
        let count = of_bin().count();
        let confidence = of_bin().map(|one| one.confidence).sum::<f64>();
        Bin {
            predictions: count,
            confidence: confidence / count.max(1) as f64,
            accuracy: accuracy(of_bin()),
        }
    });
    bins.collect()
}

/// A score over all seeds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Spread {
    pub mean: f64,
    /// Of the seeds' scores; `None` for a single seed.
    pub standard_deviation: Option<f64>,
}

impl Spread {
    pub fn new(scores: &[f64]) -> Self {
        let count = scores.len() as f64;
        let mean = scores.iter().sum::<f64>() / count;
        let squares: f64 = scores.iter().map(|one| (one - mean).powi(2)).sum();
        Self {
            mean,
            standard_deviation: (count > 1.0).then(|| (squares / (count - 1.0)).sqrt()),
        }
    }

    /// In percent.
    pub fn text(&self) -> String {
        let mean = self.mean * 100.0;
        match self.standard_deviation {
            Some(deviation) => format!("{mean:.1} ± {:.1}", deviation * 100.0),
            None => format!("{mean:.1}"),
        }
    }
}

#[test]
fn gaps_are_averaged_over_predictions_and_accuracies_over_classes() {
    let one = |class, confidence, correct| Prediction {
        class,
        correct,
        confidence,
    };
    // Three predictions 0.9 too sure, one 0.4 too modest, and one just right.
    let mut mixed = vec![one(0, 0.9, false); 3];
    mixed.extend([one(9, 0.6, true), one(9, 1.0, true)]);
    let [all, head, middle, tail, error] = scores(&mixed);
    assert_eq!([all, head, middle, tail], [0.4, 0.0, 0.0, 1.0]);
    assert!((error - (3.0 * 0.9 + 0.4) / 5.0).abs() < 1e-12, "{error}");
    // A bin holds its upper end.
    let ends = [0.0, 1.0 / 15.0, 0.07].map(|confidence| one(0, confidence, true));
    let counts = bins(&ends).into_iter().map(|bin| bin.predictions);
    assert_eq!(counts.take(3).collect::<Vec<_>>(), [2, 1, 0]);
    assert_eq!(Spread::new(&[0.5, 0.75, 1.0]).text(), "75.0 ± 25.0");
}

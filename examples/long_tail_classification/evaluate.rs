//! How good the answers of a trained network are.

use burn::tensor::{Int, Tensor, activation::softmax};
use serde::Serialize;

use crate::{
    calibration::{Bin, expected_calibration_error},
    groups::Group,
};

/// What the network said about one digit.
#[derive(Debug, Clone, Copy, PartialEq)]
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
    let (confidences, classes) = softmax(logits, 1).max_dim_with_indices(1);
    let numbers = |tensor: Tensor<1, Int>| tensor.into_data().iter::<i64>().collect::<Vec<_>>();
    let answers = numbers(classes.flatten(0, 1));
    let truths = numbers(targets);
    let confidences = confidences.into_data();
    confidences
        .iter::<f64>()
        .zip(truths)
        .zip(answers)
        .map(|((confidence, truth), answer)| Prediction {
            class: truth as usize,
            correct: truth == answer,
            confidence,
        })
        .collect()
}

/// The scores of one trained network, as shares of 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scores {
    pub accuracy: f64,
    pub head_accuracy: f64,
    pub middle_accuracy: f64,
    pub tail_accuracy: f64,
    pub expected_calibration_error: f64,
}

impl Scores {
    pub fn new(predictions: &[Prediction]) -> Self {
        let [head, middle, tail] =
            Group::ALL.map(|group| accuracy(predictions, |class| Group::of(class) == group));
        Self {
            accuracy: accuracy(predictions, |_| true),
            head_accuracy: head,
            middle_accuracy: middle,
            tail_accuracy: tail,
            expected_calibration_error: expected_calibration_error(&Bin::all(predictions)),
        }
    }
}

/// Share of right answers for the digits of some classes; 0 if there are none.
fn accuracy(predictions: &[Prediction], counts: impl Fn(usize) -> bool) -> f64 {
    let of_classes = predictions.iter().filter(|one| counts(one.class));
    let (right, all) = of_classes.fold((0, 0), |(right, all), one| {
        (right + usize::from(one.correct), all + 1)
    });
    right as f64 / all.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceName;

    fn prediction(class: usize, correct: bool) -> Prediction {
        Prediction {
            class,
            correct,
            confidence: 1.0,
        }
    }

    #[test]
    fn the_most_probable_class_is_the_answer() {
        let device = DeviceName::choose(None).expect("a device").open();
        let logits =
            Tensor::<2>::from_floats([[0.0, 3.0_f32.ln()], [5.0, 5.0 - 9.0_f32.ln()]], &device);
        let found = predictions(logits, Tensor::from_ints([1, 1], &device));
        assert_eq!(found.len(), 2);
        assert!((found[0].confidence - 0.75).abs() < 1e-6 && found[0].correct);
        assert!((found[1].confidence - 0.9).abs() < 1e-6 && !found[1].correct);
        assert_eq!([found[0].class, found[1].class], [1, 1]);
    }

    #[test]
    fn accuracies_are_taken_over_their_classes() {
        let scores = Scores::new(&[
            prediction(0, true),
            prediction(2, true),
            prediction(3, true),
            prediction(6, false),
            prediction(9, false),
        ]);
        assert_eq!(
            (
                scores.head_accuracy,
                scores.middle_accuracy,
                scores.tail_accuracy
            ),
            (1.0, 0.5, 0.0)
        );
        assert_eq!(scores.accuracy, 0.6);
        assert!((scores.expected_calibration_error - 0.4).abs() < 1e-12);
    }
}

//! How well the pixels of each class are found.

use serde::Serialize;
use support::table::{self, percent};

use crate::scene::{CLASSES, SIZES, Scene};

/// The table that is printed at the end.
pub fn table(scores: &[Score]) -> String {
    let header = ["IoU, %", "mean", "large", "medium", "small", "seconds"];
    let row = |score: &Score| {
        let ious = [score.mean_iou, score.large, score.medium, score.small];
        let [mean, large, medium, small] = ious.map(percent);
        let (loss, seconds) = (score.loss.clone(), format!("{:.0}", score.seconds));
        vec![loss, mean, large, medium, small, seconds]
    };
    table::table(&header, scores.iter().map(row))
}

/// Intersection over union: pixels of a class that were found, of all that are of the class or were taken for it.
#[derive(Debug, Serialize)]
pub struct Score {
    pub loss: String,
    pub seconds: f64,
    /// The mean over the digits and the background.
    pub mean_iou: f64,
    /// The mean over the digits of each size.
    pub large: f64,
    pub medium: f64,
    pub small: f64,
    /// The background, then the digits 0 to 9.
    pub iou: Vec<f64>,
}

impl Score {
    /// That of the classes answered for all pixels of the scenes.
    pub fn new(loss: String, seconds: f64, scenes: &[Scene], answers: &[Vec<u8>]) -> Self {
        // How many pixels of each class were taken for each class.
        let mut taken = [[0u64; CLASSES]; CLASSES];
        let right = scenes.iter().flat_map(|scene| &scene.classes);
        for (&class, &answer) in right.zip(answers.iter().flatten()) {
            taken[usize::from(class)][usize::from(answer)] += 1;
        }
        let iou = |class: usize| {
            let of_class: u64 = taken[class].iter().sum();
            let answered: u64 = taken.iter().map(|row| row[class]).sum();
            match (taken[class][class], of_class + answered) {
                // A class that is nowhere, and nowhere answered, is found.
                (_, 0) => 1.0,
                (found, both) => found as f64 / (both - found) as f64,
            }
        };
        let iou: Vec<f64> = (0..CLASSES).map(iou).collect();
        let [large, medium, small] = SIZES.map(|(digits, _)| mean(&iou[1..][digits]));
        Self {
            loss,
            seconds,
            mean_iou: mean(&iou),
            large,
            medium,
            small,
            iou,
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use support::canvas;

    #[test]
    fn a_class_is_scored_by_its_own_pixels() {
        let scene = Scene {
            image: canvas::filled(4, 1, 0.0),
            classes: vec![0, 0, 1, 1],
        };
        let score = Score::new("a loss".into(), 0.0, &[scene], &[vec![0, 1, 1, 1]]);
        assert_eq!(score.iou[..3], [0.5, 2.0 / 3.0, 1.0]);
        assert!((score.large - (2.0 / 3.0 + 3.0) / 4.0).abs() < 1e-12);
        assert_eq!(score.small, 1.0);
    }
}

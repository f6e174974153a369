//! How well the pixels of each class are found.

use serde::Serialize;

use crate::scene::{CLASSES, Scene, Size};

/// Intersection over union: pixels of a class that were found, of all pixels that are of the class or were taken for it.
#[derive(Debug, Clone, Serialize)]
pub struct Score {
    /// The mean over the digits and the background.
    pub mean_iou: f64,
    /// The mean over the digits of each size.
    pub large: f64,
    pub medium: f64,
    pub small: f64,
    /// The background, then the digits 0 to 9.
    pub iou: Vec<f64>,
    pub seconds: f64,
}

impl Score {
    /// That of the classes answered for all pixels of the scenes.
    pub fn new(scenes: &[Scene], answers: &[Vec<u8>], seconds: f64) -> Self {
        let mut found = [0u64; CLASSES];
        let mut either = [0u64; CLASSES];
        for (scene, answers) in scenes.iter().zip(answers) {
            for (&class, &answer) in scene.classes.iter().zip(answers) {
                either[usize::from(class)] += 1;
                match class == answer {
                    true => found[usize::from(class)] += 1,
                    false => either[usize::from(answer)] += 1,
                }
            }
        }
        // A class that is nowhere, and nowhere answered, is found.
        let iou = |class: usize| match either[class] {
            0 => 1.0,
            either => found[class] as f64 / either as f64,
        };
        let iou: Vec<f64> = (0..CLASSES).map(iou).collect();
        let [large, medium, small] = Size::ALL.map(|size| {
            let digits = (0..10).filter(|&digit| Size::of(digit) == size);
            mean(digits.map(|digit| iou[digit + 1]))
        });
        Self {
            mean_iou: mean(iou.iter().copied()),
            large,
            medium,
            small,
            iou,
            seconds,
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::Raster;

    #[test]
    fn a_class_is_scored_by_its_own_pixels() {
        let scene = Scene {
            image: Raster::filled(4, 1, 0.0),
            classes: vec![0, 0, 1, 1],
        };
        let score = Score::new(&[scene], &[vec![0, 1, 1, 1]], 0.0);
        assert_eq!(score.iou[..3], [0.5, 2.0 / 3.0, 1.0]);
        assert!((score.large - (2.0 / 3.0 + 3.0) / 4.0).abs() < 1e-12);
        assert_eq!(score.small, 1.0);
    }
}

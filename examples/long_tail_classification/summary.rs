//! What several trainings with one loss came to.

use burn_losses::ClassificationLossConfig;
use serde::Serialize;

use crate::{
    calibration::Bin,
    evaluate::{Prediction, Scores},
    loss_file::LossFile,
};

/// A score over all seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    pub mean: f64,
    /// Of the seeds' scores; `None` for a single seed.
    pub standard_deviation: Option<f64>,
}

impl Spread {
    fn of(scores: &[Scores], score: impl Fn(&Scores) -> f64) -> Self {
        let count = scores.len() as f64;
        let mean = scores.iter().map(&score).sum::<f64>() / count;
        let squares: f64 = scores.iter().map(|one| (score(one) - mean).powi(2)).sum();
        let deviation = (scores.len() > 1).then(|| (squares / (count - 1.0)).sqrt());
        Self {
            mean,
            standard_deviation: deviation,
        }
    }
}

/// One loss, trained with every seed.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// The name of its file.
    pub name: String,
    pub config: ClassificationLossConfig,
    pub accuracy: Spread,
    pub head_accuracy: Spread,
    pub middle_accuracy: Spread,
    pub tail_accuracy: Spread,
    pub expected_calibration_error: Spread,
    /// Of the predictions of all seeds together.
    pub reliability: Vec<Bin>,
    /// The scores of each seed, in the order of the settings' seeds.
    pub seeds: Vec<Scores>,
    /// Wall-clock time of all trainings.
    pub seconds: f64,
}

impl Summary {
    /// Sums up the predictions of each seed's training.
    pub fn new(file: &LossFile, seeds: &[Vec<Prediction>], seconds: f64) -> Self {
        let scores: Vec<Scores> = seeds.iter().map(|one| Scores::new(one)).collect();
        Self {
            name: file.name.clone(),
            config: file.config.clone(),
            accuracy: Spread::of(&scores, |one| one.accuracy),
            head_accuracy: Spread::of(&scores, |one| one.head_accuracy),
            middle_accuracy: Spread::of(&scores, |one| one.middle_accuracy),
            tail_accuracy: Spread::of(&scores, |one| one.tail_accuracy),
            expected_calibration_error: Spread::of(&scores, |one| one.expected_calibration_error),
            reliability: Bin::all(&seeds.concat()),
            seeds: scores,
            seconds,
        }
    }
}

#[cfg(test)]
impl Summary {
    /// Trainings with one of the five losses whose networks are right every other time.
    pub fn sample(name: &str, seeds: usize) -> Self {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = root.join(format!("examples/configs/{name}.json"));
        let file = LossFile::read(&path, &crate::split::class_counts());
        let predictions = [false, true].map(|correct| Prediction {
            class: 0,
            correct,
            confidence: 0.75,
        });
        let file = file.unwrap_or_else(|fault| panic!("{fault}"));
        Self::new(&file, &vec![predictions.to_vec(); seeds], 1.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(accuracy: f64) -> Scores {
        Scores {
            accuracy,
            head_accuracy: 0.0,
            middle_accuracy: 0.0,
            tail_accuracy: 0.0,
            expected_calibration_error: 0.0,
        }
    }

    #[test]
    fn a_spread_is_mean_and_sample_deviation() {
        let spread = Spread::of(&[scores(0.5), scores(0.75), scores(1.0)], |one| {
            one.accuracy
        });
        assert_eq!(spread.mean, 0.75);
        assert_eq!(spread.standard_deviation, Some(0.25));
        let spread = Spread::of(&[scores(0.5)], |one| one.accuracy);
        assert_eq!((spread.mean, spread.standard_deviation), (0.5, None));
    }
}

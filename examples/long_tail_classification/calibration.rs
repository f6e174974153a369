//! Whether a network's confidence is its accuracy.
//!
//! "On Calibration of Modern Neural Networks", Guo et al., 2017: predictions are sorted into bins
//! of equal width by their confidence; the expected calibration error is the gap between confidence
//! and accuracy in a bin, averaged over the predictions.

use serde::Serialize;

use crate::evaluate::Prediction;

pub const BINS: usize = 15;

/// The predictions whose confidence lies in one interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    /// Confidences above this, and up to the next bin's.
    pub above: f64,
    pub predictions: usize,
    /// Means over the predictions; 0 if there are none.
    pub confidence: f64,
    pub accuracy: f64,
}

impl Bin {
    /// All bins, from low to high confidence.
    pub fn all(predictions: &[Prediction]) -> Vec<Self> {
        let bin_of = |one: &Prediction| {
            let last_below = (one.confidence * BINS as f64).ceil() as usize;
            last_below.clamp(1, BINS) - 1
        };
        let of_bin = |index: usize| predictions.iter().filter(move |one| bin_of(one) == index);
        (0..BINS)
            .map(|index| {
                let count = of_bin(index).count();
                let mean = |sum: f64| sum / count.max(1) as f64;
                Self {
                    above: index as f64 / BINS as f64,
                    predictions: count,
                    confidence: mean(of_bin(index).map(|one| one.confidence).sum()),
                    accuracy: mean(of_bin(index).filter(|one| one.correct).count() as f64),
                }
            })
            .collect()
    }
}

/// The gap between confidence and accuracy that a prediction has on average.
pub fn expected_calibration_error(bins: &[Bin]) -> f64 {
    let (gaps, predictions) = bins.iter().fold((0.0, 0), |(gaps, predictions), bin| {
        let gap = (bin.confidence - bin.accuracy).abs();
        (
            gaps + bin.predictions as f64 * gap,
            predictions + bin.predictions,
        )
    });
    gaps / predictions.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predictions(confidence: f64, right: usize, wrong: usize) -> Vec<Prediction> {
        let one = |correct| Prediction {
            class: 0,
            correct,
            confidence,
        };
        [vec![one(true); right], vec![one(false); wrong]].concat()
    }

    #[test]
    fn a_bin_holds_its_upper_end() {
        let ends: Vec<_> = [0.0, 1.0 / 15.0, 0.07, 1.0]
            .iter()
            .flat_map(|&confidence| predictions(confidence, 1, 0))
            .collect();
        let counts: Vec<_> = Bin::all(&ends).iter().map(|bin| bin.predictions).collect();
        assert_eq!(counts, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn confidence_that_is_accuracy_costs_nothing() {
        let calibrated = predictions(0.75, 3, 1);
        assert_eq!(expected_calibration_error(&Bin::all(&calibrated)), 0.0);
        assert_eq!(expected_calibration_error(&Bin::all(&[])), 0.0);
    }

    #[test]
    fn gaps_are_averaged_over_predictions() {
        // Three predictions 0.9 too sure, one 0.4 too modest.
        let mixed = [predictions(0.9, 0, 3), predictions(0.6, 1, 0)].concat();
        let error = expected_calibration_error(&Bin::all(&mixed));
        assert!((error - (3.0 * 0.9 + 0.4) / 4.0).abs() < 1e-12, "{error}");
    }
}

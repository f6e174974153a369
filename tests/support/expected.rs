//! What a call has to give: the oracle's elements, reduced by naive loops in `f64`.

use super::{Call, Method, Oracle, Scaled, oracle::Element};
use burn_losses::Reduction;

/// What a call has to give.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    pub value: Scaled,
    pub by_prediction: Scaled,
    pub by_target: Scaled,
    /// Elements of weight 0 are ignored; what the gradient of such a weight is, is left open (NaN).
    pub by_weights: Scaled,
}

impl Expected {
    /// The results of `call` for the loss of `oracle`.
    pub fn of(oracle: &Oracle, call: &Call) -> Self {
        let count = call.prediction.len();
        let columns = call.shape.last().copied().unwrap_or(1).max(1);
        let per_target = match count {
            0 => 1,
            _ => count / call.target.len(),
        };
        let weight = |i: usize| call.weights.as_ref().map_or(1.0, |weights| weights[i]);
        let elements: Vec<Element> = (0..count)
            .map(|i| match weight(i) {
                0.0 => Element::default(),
                _ => oracle.element(call.prediction[i], call.target[i / per_target], i % columns),
            })
            .collect();

        let total_weight = (0..count).map(weight).sum::<f64>();
        let divisor = match call.method {
            Method::NoReduction | Method::Reduced(Reduction::Sum) => 1.0,
            Method::Reduced(Reduction::Mean) => total_weight,
            // The mean of all terms, times the terms of a distribution.
            Method::Reduced(Reduction::BatchMean) if count == 0 => 0.0,
            Method::Reduced(Reduction::BatchMean) => {
                total_weight * call.shape[0] as f64 / count as f64
            }
            Method::Normalized(normalizer) | Method::NormalizedByTensor(normalizer) => {
                normalizer.max(1.0)
            }
        };
        // Nothing to go by is no loss.
        let share = if divisor == 0.0 { 0.0 } else { 1.0 / divisor };

        let mut expected = Self {
            value: Scaled::zeros(if call.method.reduces() { 1 } else { count }),
            by_prediction: Scaled::zeros(count),
            by_target: Scaled::zeros(call.target.len()),
            by_weights: Scaled::zeros(count),
        };
        for (i, element) in elements.iter().enumerate() {
            // 0 times infinity is nothing here.
            if share == 0.0 || weight(i) == 0.0 {
                continue;
            }
            let factor = weight(i) * share;
            let (place, upstream) = match call.method {
                Method::NoReduction => (i, call.upstream[i]),
                _ => (0, call.upstream[0]),
            };
            expected.value.add(place, element.loss, factor);
            let factor = factor * upstream;
            expected.by_prediction.add(i, element.by_prediction, factor);
            expected
                .by_target
                .add(i / per_target, element.by_target, factor);
        }
        for (i, element) in elements.iter().enumerate() {
            if weight(i) == 0.0 {
                expected.by_weights.values[i] = f64::NAN;
            } else if call.method == Method::NoReduction {
                expected.by_weights.add(i, element.loss, call.upstream[i]);
            } else {
                let factor = share * call.upstream[0];
                expected.by_weights.add(i, element.loss, factor);
                if call.method.divides_by_weights() && total_weight != 0.0 {
                    let factor = -call.upstream[0] / total_weight;
                    expected.by_weights.add(i, expected.value.at(0), factor);
                }
            }
        }
        expected
    }
}

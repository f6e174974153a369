//! What a call has to give: the oracle's rows, reduced by naive loops in `f64`.

use super::{RowCall, RowOracle, Target, Targets, oracle::Row};
use crate::support::{Expected, Method, Number, Scaled};
use burn_losses::Reduction;

/// The losses of rows with what each adds to the divisor of a mean; `None` for a row left out.
pub struct Rows {
    pub rows: Vec<Option<Row>>,
    pub divisors: Vec<f64>,
}

impl Rows {
    fn of(oracle: &RowOracle, call: &RowCall) -> Self {
        let count = call.rows();
        let mut rows = Vec::with_capacity(count);
        let mut divisors = Vec::with_capacity(count);
        for row in 0..count {
            let logits = call.of_row(&call.logits, row);
            let kept = call.weight(row) != 0.0;
            let (target, divisor) = match &call.targets {
                Targets::Classes(classes) if Some(classes[row]) == oracle.ignored => {
                    rows.push(None);
                    divisors.push(0.0);
                    continue;
                }
                Targets::Classes(classes) => {
                    let class = classes[row] as usize;
                    (Ok(class), oracle.weight(class))
                }
                Targets::Shares(shares) => (Err(call.of_row(shares, row)), 1.0),
            };
            let target = match &target {
                Ok(class) => Target::Class(*class),
                Err(shares) => Target::Shares(shares),
            };
            rows.push(kept.then(|| oracle.row(&logits, target)));
            divisors.push(divisor);
        }
        Self { rows, divisors }
    }

    /// The loss of the call, the factor of each row in it and its derivatives by the weights of
    /// rows, of which there are so many for each index of the first dimension. Open (NaN) is what the
    /// weight of a row that weighs 0 gets.
    pub fn reduce(
        &self,
        method: Method,
        per_index: usize,
        weight: impl Fn(usize) -> f64,
        upstream: &[f64],
    ) -> (Scaled, Vec<f64>, Scaled) {
        let count = self.rows.len();
        let counted = || {
            (0..count)
                .map(|i| weight(i) * self.divisors[i])
                .sum::<f64>()
        };
        let divisor = match method {
            Method::Reduced(Reduction::Mean) => counted(),
            Method::Reduced(Reduction::BatchMean) => counted() / per_index as f64,
            Method::Reduced(Reduction::Sum) | Method::NoReduction => 1.0,
            Method::Normalized(normalizer) | Method::NormalizedByTensor(normalizer) => {
                normalizer.max(1.0)
            }
        };
        // Nothing to go by is no loss.
        let part = if divisor == 0.0 { 0.0 } else { 1.0 / divisor };
        let mut value = Scaled::zeros(if method.reduces() { 1 } else { count });
        let mut factors = vec![0.0; count];
        for (i, row) in self.rows.iter().enumerate() {
            let Some(row) = row else { continue };
            if part == 0.0 {
                continue;
            }
            let place = if method.reduces() { 0 } else { i };
            value.add(place, row.loss, weight(i) * part);
            factors[i] = weight(i) * part * upstream[place];
        }
        let mut by_weights = Scaled::zeros(count);
        for (i, row) in self.rows.iter().enumerate() {
            let factor = part * upstream[if method.reduces() { 0 } else { i }];
            match row {
                Some(row) => by_weights.add(i, row.loss, factor),
                None if weight(i) == 0.0 => by_weights.values[i] = f64::NAN,
                None => continue,
            }
            if method.divides_by_weights() {
                // The divisor of a batch mean grows by as much less as it is smaller.
                let share = self.divisors[i] * divisor / counted();
                by_weights.add(i, value.at(0), -factor * share);
            }
        }
        (value, factors, by_weights)
    }
}

impl Rows {
    /// What a call has to give whose rows these are.
    pub fn expected(&self, call: &RowCall) -> Expected {
        let (value, factors, by_weights) = self.reduce(
            call.method,
            call.per_index(),
            |row| call.weight(row),
            &call.upstream,
        );
        let mut expected = Expected {
            value,
            by_weights,
            by_prediction: Scaled::zeros(call.logits.len()),
            by_target: Scaled::zeros(call.logits.len()),
        };
        for (i, (row, factor)) in self.rows.iter().zip(factors).enumerate() {
            let Some(row) = row else { continue };
            if factor == 0.0 {
                continue;
            }
            let spread = |list: &mut Scaled, numbers: &[Number]| {
                for (class, number) in numbers.iter().enumerate() {
                    list.add(call.place(i, class), *number, factor);
                }
            };
            spread(&mut expected.by_prediction, &row.by_logits);
            spread(&mut expected.by_target, &row.by_shares);
        }
        expected
    }
}

impl RowCall {
    /// What the call has to give for the loss of `oracle`.
    pub fn expected(&self, oracle: &RowOracle) -> Expected {
        Rows::of(oracle, self).expected(self)
    }
}

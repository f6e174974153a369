//! A layer and its cross entropy.

use super::{
    draws::{method, oracle},
    truth::{known, nudged_oracle},
};
use crate::{
    case::Case,
    draw::{below, dtype, layout, pick, power_of_ten, size, some, upstream},
    elements::numbers,
    model::{Numbers, Truth, nudge_all},
    support::{
        Dtype, Random, Scaled, Site,
        linear::{LinearCall, LinearOracle, LinearOutcome, LinearTracked},
        softmax::Kind,
    },
};

pub struct Layer {
    oracle: LinearOracle,
    call: LinearCall,
}

impl Layer {
    pub fn random(random: &mut Random) -> Self {
        let vocabulary = some(random, 100);
        let entropy = oracle(random, Kind::CrossEntropy, vocabulary);
        let oracle = LinearOracle {
            entropy,
            z_loss: pick(random, &[0.0, 0.0, 1e-4, 0.1]),
            soft_cap: pick(random, &[None, None, Some(30.0), Some(2.0)]),
        };
        let width = some(random, 40);
        let mut shape = vec![size(random, 33), width];
        if random.chance(0.3) {
            shape.insert(1, 1 + below(random, 3));
        }
        let dtype = dtype(random);
        let weighted = random.chance(0.4);
        let method = method(random);
        let mut call = LinearCall::random(&oracle, method, &shape, vocabulary, weighted, dtype);
        // That is random in a few things only.
        let scale = power_of_ten(random, -4.0, 2.0);
        call.hidden = random.list(call.hidden.len(), dtype, |random| random.normal(scale));
        let scale = power_of_ten(random, -3.0, 1.0);
        call.matrix = random.list(call.matrix.len(), dtype, |random| random.normal(scale));
        let biased = random.chance(0.5);
        call.bias = biased.then(|| random.list(vocabulary, dtype, |random| random.normal(3.0)));
        let classes = (0..call.rows()).map(|_| match oracle.entropy.ignored {
            Some(ignored) if random.chance(0.15) => ignored,
            _ => below(random, vocabulary) as i64,
        });
        call.classes = classes.collect();
        if random.chance(0.3) {
            // Easy ones: the weight of the target, many times over.
            for row in 0..call.rows() {
                let class = call.classes[row].clamp(0, vocabulary as i64 - 1) as usize;
                let of_class = call.matrix[class * width..][..width].to_vec();
                let size: f64 = of_class.iter().map(|w| w * w).sum();
                let margin = pick(random, &[10.0, 20.0, 50.0, 80.0]);
                for (h, w) in call.hidden[row * width..].iter_mut().zip(of_class) {
                    *h = crate::support::random::round(margin * w / size, dtype);
                }
            }
        }
        if random.chance(0.05) && !call.hidden.is_empty() {
            // A cap makes a number of infinity, whose gradient is none.
            let hostile = match oracle.soft_cap {
                None => vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY],
                Some(_) => vec![f64::NAN],
            };
            for _ in 0..1 + below(random, 2) {
                let place = below(random, call.hidden.len());
                call.hidden[place] = pick(random, &hostile);
            }
        }
        call.upstream = upstream(random, call.upstream.len(), method.reduces());
        call.tracked = LinearTracked {
            hidden: random.chance(0.9),
            matrix: random.chance(0.9),
            bias: biased && random.chance(0.9),
            weights: weighted && random.chance(0.2),
        };
        if call.rows() > 0 {
            call.layouts = [layout(random), layout(random), layout(random)];
        }
        Self { oracle, call }
    }

    /// About the largest output of the layer.
    fn largest_logit(&self) -> f64 {
        let width = self.call.width();
        let norm = |list: &[f64]| {
            let norms = list
                .chunks(width)
                .map(|row| row.iter().map(|x| x * x).sum::<f64>());
            norms
                .filter(|norm| norm.is_finite())
                .fold(0.0, f64::max)
                .sqrt()
        };
        let bias = self
            .call
            .bias
            .iter()
            .flatten()
            .fold(0.0f64, |most, x| most.max(x.abs()));
        let most = norm(&self.call.hidden) * norm(&self.call.matrix) + bias;
        self.oracle.soft_cap.map_or(most, |cap| most.min(cap)) + (self.call.vocabulary as f64).ln()
    }

    fn of(oracle: &LinearOracle, call: &LinearCall) -> Truth {
        let expected: LinearOutcome<Scaled> = oracle.expected(call);
        let none = Scaled::default();
        let is_finite = |row: usize| {
            let hidden = &call.hidden[row * call.width()..][..call.width()];
            hidden.iter().all(|x| x.is_finite())
        };
        let there = |scaled: &Option<Scaled>| scaled.clone().unwrap_or(none.clone());
        let [hidden, matrix, bias, weights] = [
            there(&expected.hidden),
            there(&expected.matrix),
            there(&expected.bias),
            there(&expected.weights),
        ];
        known(
            &expected.value,
            &[
                ("hidden", expected.hidden.is_some(), &hidden),
                ("matrix", expected.matrix.is_some(), &matrix),
                ("bias", expected.bias.is_some(), &bias),
                ("weights", expected.weights.is_some(), &weights),
            ],
            |name, index| match name {
                "hidden" => !is_finite(index / call.width()),
                "weights" => (0..call.rows()).any(|row| !is_finite(row)),
                _ => false,
            },
        )
    }
}

impl Case for Layer {
    fn loss(&self) -> String {
        "linear".to_string()
    }

    fn describe(&self) -> String {
        let LinearCall {
            method,
            shape,
            vocabulary,
            dtype,
            tracked,
            layouts,
            ..
        } = &self.call;
        let weighted = self.call.weights.is_some();
        format!(
            "{:?} {method:?} {shape:?} {vocabulary} classes {dtype:?} weighted {weighted} {tracked:?} {layouts:?}",
            self.oracle
        )
    }

    fn inputs(&self) -> String {
        format!("{:?}", self.call)
    }

    fn dtype(&self) -> Dtype {
        self.call.dtype
    }

    fn run(&self, site: &Site) -> Numbers {
        let loss = self.oracle.loss(self.call.method.reduction());
        let outcome = self.call.run(&loss, site);
        numbers(
            Some(outcome.value),
            [
                ("hidden", outcome.hidden),
                ("matrix", outcome.matrix),
                ("bias", outcome.bias),
                ("weights", outcome.weights),
            ],
        )
    }

    fn truth(&self) -> Truth {
        let mut truth = Self::of(&self.oracle, &self.call);
        // NaN, whose class weighs 0, may be NaN or nothing.
        let mut weights = self.oracle.entropy.weights.iter().flatten();
        if self.is_hostile() && weights.any(|weight| *weight == 0.0) {
            let sizes = truth.sizes.iter_mut().flatten();
            sizes.for_each(|(_, sizes)| sizes.fill(f64::INFINITY));
            return truth;
        }
        if let (Some(cap), Some(sizes)) = (self.oracle.soft_cap, &mut truth.sizes) {
            // A capped logit is rounded beside the cap, where an output hardly moves it.
            for ((_, sizes), (_, list)) in sizes.iter_mut().zip(&truth.numbers) {
                let sizes = sizes.iter_mut().zip(list);
                let known = sizes.filter(|(size, _)| size.is_finite());
                known.for_each(|(size, x)| *size += cap / 2.0 * x.abs());
            }
        }
        truth
    }

    fn nudged(&self, _: &Site, unit: f64, random: &mut Random) -> Numbers {
        let mut call = self.call.clone();
        call.hidden = nudge_all(&call.hidden, 0.0, unit, random);
        call.matrix = nudge_all(&call.matrix, 0.0, unit, random);
        // The slopes of each sample are rounded before they are added up.
        let weights = call.weights.unwrap_or_else(|| vec![1.0; self.call.rows()]);
        call.weights = Some(nudge_all(&weights, 0.0, unit, random));
        // An error of each logit, by one more dimension of the layer.
        let width = call.width();
        let size = (unit * (1.0 + self.largest_logit())).sqrt();
        let mut widen = |list: &[f64]| -> Vec<f64> {
            let rows = list.chunks(width);
            let rows = rows.flat_map(|row| [row, &[size * random.normal(1.0)]].concat());
            rows.collect()
        };
        call.hidden = widen(&call.hidden);
        call.matrix = widen(&call.matrix);
        *call.shape.last_mut().expect("a width") += 1;
        let mut oracle = self.oracle.clone();
        oracle.entropy = nudged_oracle(&oracle.entropy, unit, random);
        let mut numbers = Self::of(&oracle, &call).numbers;
        for (name, list) in &mut numbers {
            if ["hidden", "matrix"].contains(name) {
                let rows = list.chunks(width + 1).flat_map(|row| row[..width].to_vec());
                *list = rows.collect();
            }
        }
        numbers
    }

    fn adds_one_by_one(&self, site: &Site) -> bool {
        self.call.tracked.weights || !site.sums_in_f64(self.call.dtype)
    }

    fn terms(&self) -> usize {
        self.call.vocabulary + self.call.rows()
    }

    /// A probability below the normal range, times what it is multiplied with.
    fn least(&self) -> f64 {
        let size = |list: &[f64]| {
            let finite = list.iter().filter(|x| x.is_finite());
            finite.fold(1.0f64, |most, x| most.max(x.abs()))
        };
        let [hidden, matrix, upstream] =
            [&self.call.hidden, &self.call.matrix, &self.call.upstream].map(|list| size(list));
        1e-36 * hidden.max(matrix) * upstream
    }

    fn is_hostile(&self) -> bool {
        self.call.hidden.iter().any(|x| !x.is_finite())
    }
}

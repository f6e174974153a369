//! Losses of elements against their oracles, which know the sizes of the terms.

use crate::{
    case::Case,
    draw::{below, dtype, largest, layout, pick, power_of_ten, some, upstream, weights},
    model::{Numbers, Truth},
    support::{
        Call, Dtype, Expected, Loss, Method, Oracle, Random, Scaled, Site, Tracked, random::round,
    },
};
use burn_losses::Reduction;

pub struct Elements {
    oracle: Oracle,
    call: Call,
}

/// What arguments a loss takes.
enum Arguments {
    Real,
    Logits,
    Probabilities,
    Shares([bool; 2]),
    /// Any numbers, and targets of -1 or 1.
    Signs,
    /// Rates, or their logarithms, and counts.
    Counts {
        log: bool,
    },
    /// Numbers near targets in `[0, 1]`.
    Heatmap,
}

fn oracle(random: &mut Random, columns: usize) -> Oracle {
    let width = power_of_ten(random, -3.0, 2.0);
    let smoothing = pick(random, &[0.0, 0.0, 0.1, 0.5]);
    let gamma = |random: &mut Random| match below(random, 3) {
        0 => random.uniform(0.0, 6.0),
        _ => pick(random, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 0.5]),
    };
    let pos_weight = |random: &mut Random| match below(random, 3) {
        0 => Some(vec![random.uniform(0.1, 20.0)]),
        1 => Some((0..columns).map(|_| random.uniform(0.1, 20.0)).collect()),
        _ => None,
    };
    match below(random, 28) {
        0 => Oracle::Mse,
        1 => Oracle::Mae,
        2 => Oracle::SmoothL1 {
            beta: pick(random, &[0.0, 1.0, width]),
        },
        3 => Oracle::Huber {
            delta: pick(random, &[1.0, width]),
        },
        4 => Oracle::LogCosh,
        5 => Oracle::Charbonnier { epsilon: width },
        6 => Oracle::Cauchy { c: width },
        7 => Oracle::Quantile {
            quantiles: match below(random, 2) {
                0 => vec![random.uniform(0.01, 0.99)],
                _ => (0..columns).map(|_| random.uniform(0.01, 0.99)).collect(),
            },
        },
        8 => Oracle::Binary {
            logits: true,
            pos_weight: pos_weight(random),
            smoothing,
        },
        9 => Oracle::Binary {
            logits: false,
            pos_weight: pos_weight(random),
            smoothing,
        },
        10 => Oracle::Focal {
            alpha: pick(random, &[None, Some(0.25), Some(0.6)]),
            gamma: gamma(random),
            smoothing,
        },
        11 => Oracle::Asymmetric {
            positive: gamma(random),
            negative: gamma(random),
            clip: pick(random, &[0.0, 0.05, 0.3]),
        },
        12 => Oracle::KullbackLeibler {
            logs: pick(
                random,
                &[[true, true], [true, false], [false, true], [false, false]],
            ),
        },
        13 => Oracle::JensenShannon {
            logs: random.chance(0.5),
        },
        14 => Oracle::Welsch { c: width },
        15 => Oracle::GemanMcClure { c: width },
        16 => Oracle::Wing {
            width,
            epsilon: power_of_ten(random, -2.0, 1.0),
        },
        17 => Oracle::AdaptiveWing {
            parameters: [
                random.uniform(0.5, 20.0),
                random.uniform(0.1, 1.0),
                random.uniform(0.1, 2.0),
                random.uniform(2.0, 3.0),
            ],
        },
        18 => Oracle::BalancedL1 {
            alpha: random.uniform(0.1, 2.0),
            gamma: random.uniform(0.5, 3.0),
            beta: width,
        },
        19 => Oracle::PoissonNll {
            log_input: random.chance(0.5),
            full: random.chance(0.5),
            epsilon: pick(random, &[1e-8, 1e-3]),
        },
        20 => Oracle::Msle,
        21 => Oracle::Hinge {
            squared: random.chance(0.5),
            from_zero: random.chance(0.5),
        },
        22 => Oracle::SoftMargin,
        23 => Oracle::HingeEmbedding {
            margin: random.uniform(0.0, 3.0),
        },
        24 => Oracle::Bpr,
        25 => Oracle::QualityFocal {
            beta: gamma(random),
        },
        26 => Oracle::Varifocal {
            alpha: random.uniform(0.1, 2.0),
            gamma: gamma(random),
            iou_weighted: random.chance(0.5),
        },
        _ => Oracle::GaussianFocal {
            alpha: gamma(random),
            gamma: gamma(random),
        },
    }
}

fn arguments(oracle: &Oracle) -> Arguments {
    match oracle {
        Oracle::Binary { logits: false, .. } => Arguments::Probabilities,
        Oracle::Binary { .. }
        | Oracle::Focal { .. }
        | Oracle::Asymmetric { .. }
        | Oracle::QualityFocal { .. }
        | Oracle::Varifocal { .. }
        | Oracle::GaussianFocal { .. }
        | Oracle::Hinge {
            from_zero: true, ..
        } => Arguments::Logits,
        Oracle::Hinge { .. } | Oracle::SoftMargin | Oracle::HingeEmbedding { .. } => {
            Arguments::Signs
        }
        Oracle::PoissonNll { log_input, .. } => Arguments::Counts { log: *log_input },
        Oracle::Msle => Arguments::Counts { log: false },
        Oracle::AdaptiveWing { .. } => Arguments::Heatmap,
        Oracle::KullbackLeibler { logs } => Arguments::Shares(*logs),
        Oracle::JensenShannon { logs } => Arguments::Shares([*logs; 2]),
        _ => Arguments::Real,
    }
}

/// Whether the gradient of the target keeps its digits: that of a fractional focal exponent loses a share
/// `gamma / |x|` where the probability is below the range of `f32`, as its formula says.
fn is_steady(oracle: &Oracle, dtype: Dtype) -> bool {
    match oracle {
        Oracle::Focal { gamma, .. } | Oracle::QualityFocal { beta: gamma } => gamma.fract() == 0.0,
        Oracle::GaussianFocal { alpha, gamma } => alpha.fract() == 0.0 && gamma.fract() == 0.0,
        // What several quantiles share is summed in the type, which may be half precision, and overflow there.
        Oracle::Quantile { quantiles } => quantiles.len() == 1 || dtype != Dtype::F16,
        _ => true,
    }
}

/// A shape of up to four dimensions, most of its elements in the last.
pub fn shape(random: &mut Random, rank: usize) -> Vec<usize> {
    let mut shape: Vec<usize> = (0..rank).map(|_| 1 + below(random, 3)).collect();
    shape[rank - 1] = some(random, 300);
    match below(random, 200) {
        // More than one chunk of the kernels.
        0 => shape[0] *= 1 + 20_000 / shape.iter().product::<usize>(),
        1..=9 => shape[below(random, rank)] = 0,
        _ => shape[0] = some(random, 20),
    }
    shape
}

impl Elements {
    pub fn random(random: &mut Random) -> Self {
        let rank = 1 + below(random, 4);
        let shape = shape(random, rank);
        let columns = *shape.last().expect("a dimension");
        let oracle = oracle(random, columns.max(1));
        let dtype = match (&oracle, dtype(random)) {
            // A power with a fractional exponent ends where `f32` does.
            (Oracle::Asymmetric { .. }, Dtype::F64) => Dtype::F32,
            (
                Oracle::Focal { gamma, .. }
                | Oracle::QualityFocal { beta: gamma }
                | Oracle::Varifocal { gamma, .. },
                Dtype::F64,
            ) if gamma.fract() != 0.0 => Dtype::F32,
            (Oracle::GaussianFocal { .. } | Oracle::AdaptiveWing { .. }, Dtype::F64) => Dtype::F32,
            (_, dtype) => dtype,
        };
        let count: usize = shape.iter().product();
        let per_target = match oracle.shares_targets() {
            true => columns.max(1),
            false => 1,
        };
        let method = match below(random, 6) {
            0 => Method::Reduced(Reduction::Sum),
            1 => Method::Reduced(Reduction::BatchMean),
            2 => Method::NoReduction,
            3 => Method::Normalized(pick(random, &[0.0, 0.5, 7.0])),
            4 => Method::NormalizedByTensor(pick(random, &[0.0, 0.5, 3.25])),
            _ => Method::Reduced(Reduction::Mean),
        };
        let scale = power_of_ten(random, -6.0, largest(dtype).log10());
        let arguments = arguments(&oracle);
        let share = |random: &mut Random, log: bool| {
            let share = match below(random, 4) {
                0 => power_of_ten(random, -6.0, 0.0),
                _ => random.uniform(0.01, 1.0),
            };
            if log { share.ln() } else { share }
        };
        let symmetric = matches!(oracle, Oracle::JensenShannon { .. });
        let target = random.list(count / per_target, dtype, |random| match arguments {
            Arguments::Real => random.normal(scale),
            Arguments::Shares([_, false]) if random.chance(0.1) && !symmetric => 0.0,
            Arguments::Shares([_, log]) => share(random, log),
            Arguments::Signs => pick(random, &[-1.0, 1.0]),
            Arguments::Counts { .. } if random.chance(0.2) => 0.0,
            Arguments::Counts { .. } => random.uniform(0.0, 20.0).ceil(),
            _ if random.chance(0.25) => random.uniform(0.0, 1.0),
            _ => random.chance(0.3) as u8 as f64,
        });
        let mut place = 0..count;
        let hostile = random.chance(0.1);
        let prediction = random.list(count, dtype, |random| {
            let t = target[place.next().expect("a place each") / per_target];
            let large = largest(dtype);
            match arguments {
                Arguments::Real | Arguments::Heatmap if random.chance(0.125) => t,
                Arguments::Heatmap => t + random.normal(0.5),
                Arguments::Counts { log: true } => random.uniform(-8.0, 8.0),
                Arguments::Counts { log: false } => power_of_ten(random, -4.0, 2.0),
                Arguments::Signs => random.normal(scale),
                Arguments::Real | Arguments::Logits if hostile && random.chance(0.1) => pick(
                    random,
                    &[
                        f64::NAN,
                        f64::INFINITY,
                        f64::NEG_INFINITY,
                        large,
                        -large,
                        0.0,
                    ],
                ),
                Arguments::Real => random.normal(scale) + if random.chance(0.5) { t } else { 0.0 },
                // Easy ones, too.
                Arguments::Logits if random.chance(0.25) => {
                    let margin = pick(random, &[10.0, 20.0, 50.0, 80.0]);
                    if t > 0.5 { margin } else { -margin }
                }
                Arguments::Logits => random.normal(scale),
                Arguments::Probabilities => match below(random, 8) {
                    0 => power_of_ten(random, -6.0, 0.0),
                    1 => 1.0 - power_of_ten(random, -3.0, 0.0),
                    _ => random.uniform(0.01, 0.99),
                },
                Arguments::Shares([log, _]) => share(random, log),
            }
        });
        let mut call = Call::new(method, &shape, prediction, target);
        call.dtype = dtype;
        call.target_shape = shape.clone();
        if oracle.shares_targets() {
            *call.target_shape.last_mut().expect("no scalars") = 1;
        }
        if random.chance(0.4) {
            call.weights = Some(weights(random, count, dtype));
        }
        let results = if method.reduces() { 1 } else { count };
        call.upstream = upstream(random, results, method.reduces());
        call.tracked = Tracked {
            prediction: random.chance(0.9),
            target: count > 0 && is_steady(&oracle, dtype) && random.chance(0.3),
            weights: call.weights.is_some() && random.chance(0.2),
        };
        if count > 0 {
            call.layouts = [layout(random), layout(random), layout(random)];
        }
        Self { oracle, call }
    }
}

impl Case for Elements {
    fn loss(&self) -> String {
        let name = format!("{:?}", self.oracle);
        let end = name.find([' ', '{']).unwrap_or(name.len());
        name[..end].to_string()
    }

    fn describe(&self) -> String {
        let Call {
            method,
            shape,
            dtype,
            tracked,
            layouts,
            ..
        } = &self.call;
        let weighted = self.call.weights.is_some();
        format!(
            "{:?} {method:?} {shape:?} {dtype:?} weighted {weighted} {tracked:?} {layouts:?}",
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
        let loss = Loss::to_run(self.call.method, &self.oracle);
        let outcome = self.call.run(&loss, site);
        numbers(
            Some(outcome.value),
            [
                ("prediction", outcome.by_prediction),
                ("target", outcome.by_target),
                ("weights", outcome.by_weights),
            ],
        )
    }

    fn truth(&self) -> Truth {
        let mut expected = Expected::of(&self.oracle, &self.call);
        let tracked = self.call.tracked;
        // What is not finite: its own gradient may be a number, and those of weights are all NaN.
        let prediction = &self.call.prediction;
        let spoiled = prediction.iter().any(|x| !x.is_finite());
        let infinite = prediction.iter().any(|x| x.is_infinite());
        let reduces = self.call.method.reduces();
        if self.oracle.shares_targets() {
            // Each share is rounded to the type of the prediction, and so is every sum of them.
            let columns = self.call.shape.last().map_or(1, |columns| *columns) as f64;
            let ulps = match self.call.dtype {
                Dtype::F16 => 2f64.powi(13),
                Dtype::BF16 => 2f64.powi(16),
                _ => 1.0,
            };
            let scales = &mut expected.by_target.scales;
            scales
                .iter_mut()
                .for_each(|scale| *scale *= 1.0 + ulps * columns / 32.0);
        }
        truth(
            &expected.value,
            [
                ("prediction", tracked.prediction, &expected.by_prediction),
                ("target", tracked.target, &expected.by_target),
                ("weights", tracked.weights, &expected.by_weights),
            ],
            |name, index| match name {
                "prediction" => !prediction[index].is_finite(),
                "value" if reduces => infinite,
                "value" => prediction[index].is_infinite(),
                _ => spoiled,
            },
        )
    }

    fn is_hostile(&self) -> bool {
        self.call.prediction.iter().any(|x| !x.is_finite())
    }

    fn nudged(&self, _: &Site, _: f64, _: &mut Random) -> Numbers {
        unreachable!("the oracle knows the sizes of terms")
    }
}

/// The numbers that are there.
pub fn numbers<const N: usize>(
    value: Option<Vec<f64>>,
    gradients: [(&'static str, Option<Vec<f64>>); N],
) -> Numbers {
    let gradients = gradients.into_iter();
    let there = gradients.filter_map(|(name, list)| Some((name, list?)));
    value
        .map(|value| ("value", value))
        .into_iter()
        .chain(there)
        .collect()
}

/// What is expected of the numbers that are tracked; NaN of a gradient of weights is left open, and whatever else
/// is.
pub fn truth<const N: usize>(
    value: &Scaled,
    gradients: [(&'static str, bool, &Scaled); N],
    open: impl Fn(&str, usize) -> bool,
) -> Truth {
    let mut numbers = Vec::new();
    let mut sizes = Vec::new();
    for (name, tracked, scaled) in [("value", true, value)].into_iter().chain(gradients) {
        if !tracked {
            continue;
        }
        numbers.push((name, scaled.values.clone()));
        let scales = scaled.scales.iter().zip(&scaled.values).enumerate();
        let scales = scales.map(|(index, (&scale, value))| {
            let is_open = (name == "weights" && value.is_nan()) || open(name, index);
            if is_open { f64::INFINITY } else { scale }
        });
        sizes.push((name, scales.collect()));
    }
    Truth {
        numbers,
        sizes: Some(sizes),
        is_final: true,
    }
}

/// A number of a type.
pub fn rounded(list: Vec<f64>, dtype: Dtype) -> Vec<f64> {
    list.into_iter().map(|x| round(x, dtype)).collect()
}

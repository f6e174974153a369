//! Every loss in every variant, and random inputs for it.

use super::{Call, Dtype, Method, Oracle, Random};
use burn_losses::Reduction;

/// What a loss takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// Any numbers.
    Real,
    /// Logits and targets in `[0, 1]`.
    Logits,
    /// Probabilities and targets in `[0, 1]`.
    Probabilities,
    /// Probabilities for both, or logarithms of such.
    Shares { logs: [bool; 2] },
    /// Any numbers for targets in `[0, 1]`, of which they are not far.
    Heatmap,
    /// Rates, or their logarithms, and counts.
    Counts { log: bool },
    /// Any numbers, and targets of -1 or 1.
    Signs,
    /// Any numbers that are not targets of one another.
    Scores,
}

/// A variant of a loss.
#[derive(Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    pub inputs: Inputs,
    /// The oracle for a number of columns.
    oracle: fn(usize) -> Oracle,
}

/// Every loss in every variant.
pub fn cases() -> Vec<Case> {
    use Inputs::{Counts, Heatmap, Logits, Probabilities, Real, Scores, Shares, Signs};
    let case = |name, inputs, oracle| Case {
        name,
        inputs,
        oracle,
    };
    vec![
        case("mse", Real, |_| Oracle::Mse),
        case("mae", Real, |_| Oracle::Mae),
        case("smooth l1", Real, |_| Oracle::SmoothL1 { beta: 1.0 }),
        case("smooth l1, beta 1/9", Real, |_| Oracle::SmoothL1 {
            beta: 1.0 / 9.0,
        }),
        case("smooth l1, beta 0", Real, |_| Oracle::SmoothL1 {
            beta: 0.0,
        }),
        case("huber", Real, |_| Oracle::Huber { delta: 1.0 }),
        case("huber, delta 0.3", Real, |_| Oracle::Huber { delta: 0.3 }),
        case("log-cosh", Real, |_| Oracle::LogCosh),
        case("charbonnier", Real, |_| Oracle::Charbonnier {
            epsilon: 1e-3,
        }),
        case("charbonnier, epsilon 2", Real, |_| Oracle::Charbonnier {
            epsilon: 2.0,
        }),
        case("cauchy", Real, |_| Oracle::Cauchy { c: 1.0 }),
        case("cauchy, c 0.3", Real, |_| Oracle::Cauchy { c: 0.3 }),
        case("quantile", Real, |_| Oracle::Quantile {
            quantiles: vec![0.5],
        }),
        case("quantiles", Real, |columns| Oracle::Quantile {
            quantiles: spread(columns, 0.01, 0.99),
        }),
        case("bce", Logits, |_| binary(true, None, 0.0)),
        case("bce, one pos_weight", Logits, |_| {
            binary(true, Some(vec![3.5]), 0.0)
        }),
        case("bce, pos_weight", Logits, |columns| {
            binary(true, Some(spread(columns, 0.125, 20.0)), 0.0)
        }),
        case("bce, smoothing", Logits, |_| binary(true, None, 0.1)),
        case("bce, pos_weight, smoothing", Logits, |columns| {
            binary(true, Some(spread(columns, 0.125, 20.0)), 0.2)
        }),
        case("bce of probabilities", Probabilities, |_| {
            binary(false, None, 0.0)
        }),
        case(
            "bce of probabilities, pos_weight",
            Probabilities,
            |columns| binary(false, Some(spread(columns, 0.125, 20.0)), 0.0),
        ),
        case("bce of probabilities, smoothing", Probabilities, |_| {
            binary(false, None, 0.1)
        }),
        case("focal", Logits, |_| focal(Some(0.25), 2.0, 0.0)),
        case("focal, gamma 0", Logits, |_| focal(Some(0.25), 0.0, 0.0)),
        case("focal, gamma 0.5", Logits, |_| focal(Some(0.6), 0.5, 0.0)),
        case("focal, gamma 1", Logits, |_| focal(None, 1.0, 0.0)),
        case("focal, gamma 1.5", Logits, |_| focal(Some(0.25), 1.5, 0.0)),
        case("focal, gamma 5", Logits, |_| focal(None, 5.0, 0.0)),
        case("focal, smoothing", Logits, |_| focal(Some(0.25), 2.0, 0.1)),
        case("focal, gamma 1.5, smoothing", Logits, |_| {
            focal(None, 1.5, 0.1)
        }),
        case("asymmetric", Logits, |_| asymmetric(1.0, 4.0, 0.05)),
        case("asymmetric, no clip", Logits, |_| asymmetric(0.0, 4.0, 0.0)),
        case("asymmetric, clip 0.5", Logits, |_| {
            asymmetric(2.5, 1.5, 0.5)
        }),
        case("asymmetric, gammas 0", Logits, |_| {
            asymmetric(0.0, 0.0, 0.05)
        }),
        case(
            "kl",
            Shares {
                logs: [true, false],
            },
            |_| divergence(true, false),
        ),
        case(
            "kl of probabilities",
            Shares {
                logs: [false, false],
            },
            |_| divergence(false, false),
        ),
        case("kl of logarithms", Shares { logs: [true, true] }, |_| {
            divergence(true, true)
        }),
        case(
            "kl of a logarithm for a target",
            Shares {
                logs: [false, true],
            },
            |_| divergence(false, true),
        ),
        case(
            "js",
            Shares {
                logs: [false, false],
            },
            |_| Oracle::JensenShannon { logs: false },
        ),
        case("js of logarithms", Shares { logs: [true, true] }, |_| {
            Oracle::JensenShannon { logs: true }
        }),
        case("welsch", Real, |_| Oracle::Welsch { c: 1.0 }),
        case("welsch, c 0.3", Real, |_| Oracle::Welsch { c: 0.3 }),
        case("geman-mcclure", Real, |_| Oracle::GemanMcClure { c: 1.0 }),
        case("geman-mcclure, c 0.3", Real, |_| Oracle::GemanMcClure {
            c: 0.3,
        }),
        case("wing", Real, |_| wing(10.0, 2.0)),
        case("wing, width 0.5", Real, |_| wing(0.5, 2.0)),
        case("adaptive wing", Heatmap, |_| {
            adaptive_wing([14.0, 0.5, 1.0, 2.1])
        }),
        case("adaptive wing, alpha 3", Heatmap, |_| {
            adaptive_wing([1.0, 0.25, 0.125, 3.0])
        }),
        case("balanced l1", Real, |_| balanced_l1(0.5, 1.5, 1.0)),
        case("balanced l1, beta 4", Real, |_| balanced_l1(1.0, 0.5, 4.0)),
        case("poisson", Counts { log: true }, |_| poisson(true, false)),
        case("poisson, full", Counts { log: true }, |_| {
            poisson(true, true)
        }),
        case("poisson of rates", Counts { log: false }, |_| {
            poisson(false, false)
        }),
        case("poisson of rates, full", Counts { log: false }, |_| {
            poisson(false, true)
        }),
        case("msle", Counts { log: false }, |_| Oracle::Msle),
        case("hinge", Signs, |_| hinge(false, false)),
        case("hinge, squared", Signs, |_| hinge(true, false)),
        case("hinge, 0 and 1", Logits, |_| hinge(false, true)),
        case("hinge, squared, 0 and 1", Logits, |_| hinge(true, true)),
        case("soft margin", Signs, |_| Oracle::SoftMargin),
        case("hinge embedding", Signs, |_| Oracle::HingeEmbedding {
            margin: 1.0,
        }),
        case("hinge embedding, margin 2.5", Signs, |_| {
            Oracle::HingeEmbedding { margin: 2.5 }
        }),
        case("bpr", Scores, |_| Oracle::Bpr),
        case("quality focal", Logits, |_| Oracle::QualityFocal {
            beta: 2.0,
        }),
        case("quality focal, beta 1.5", Logits, |_| {
            Oracle::QualityFocal { beta: 1.5 }
        }),
        case("quality focal, beta 0", Logits, |_| Oracle::QualityFocal {
            beta: 0.0,
        }),
        case("varifocal", Logits, |_| varifocal(0.75, 2.0, true)),
        case("varifocal, gamma 1.5", Logits, |_| {
            varifocal(0.5, 1.5, false)
        }),
        case("gaussian focal", Logits, |_| gaussian_focal(2.0, 4.0)),
        case("gaussian focal, exponents 0", Logits, |_| {
            gaussian_focal(0.0, 0.0)
        }),
        case("gaussian focal, exponents 1.5 and 2.5", Logits, |_| {
            gaussian_focal(1.5, 2.5)
        }),
    ]
}

fn wing(width: f64, epsilon: f64) -> Oracle {
    Oracle::Wing { width, epsilon }
}

fn adaptive_wing(parameters: [f64; 4]) -> Oracle {
    Oracle::AdaptiveWing { parameters }
}

fn balanced_l1(alpha: f64, gamma: f64, beta: f64) -> Oracle {
    Oracle::BalancedL1 { alpha, gamma, beta }
}

fn poisson(log_input: bool, full: bool) -> Oracle {
    Oracle::PoissonNll {
        log_input,
        full,
        epsilon: 1e-8,
    }
}

fn hinge(squared: bool, from_zero: bool) -> Oracle {
    Oracle::Hinge { squared, from_zero }
}

fn varifocal(alpha: f64, gamma: f64, iou_weighted: bool) -> Oracle {
    Oracle::Varifocal {
        alpha,
        gamma,
        iou_weighted,
    }
}

fn gaussian_focal(alpha: f64, gamma: f64) -> Oracle {
    Oracle::GaussianFocal { alpha, gamma }
}

/// The cases that take these inputs.
pub fn cases_of(inputs: Inputs) -> Vec<Case> {
    let mut cases = cases();
    cases.retain(|case| case.inputs == inputs);
    cases
}

fn binary(logits: bool, pos_weight: Option<Vec<f64>>, smoothing: f64) -> Oracle {
    Oracle::Binary {
        logits,
        pos_weight,
        smoothing,
    }
}

pub fn focal(alpha: Option<f64>, gamma: f64, smoothing: f64) -> Oracle {
    Oracle::Focal {
        alpha,
        gamma,
        smoothing,
    }
}

fn asymmetric(positive: f64, negative: f64, clip: f64) -> Oracle {
    Oracle::Asymmetric {
        positive,
        negative,
        clip,
    }
}

fn divergence(log_prediction: bool, log_target: bool) -> Oracle {
    Oracle::KullbackLeibler {
        logs: [log_prediction, log_target],
    }
}

/// `count` numbers (at least one) from `low` to `high`.
fn spread(count: usize, low: f64, high: f64) -> Vec<f64> {
    let step = (high - low) / count.max(2).saturating_sub(1) as f64;
    (0..count.max(1)).map(|i| low + step * i as f64).collect()
}

impl Case {
    /// The oracle for predictions of this shape.
    pub fn oracle(&self, shape: &[usize]) -> Oracle {
        (self.oracle)(shape.last().copied().unwrap_or(1))
    }

    /// Whether prediction and target may be exchanged, so that neither may be 0.
    fn is_symmetric(&self) -> bool {
        matches!((self.oracle)(1), Oracle::JensenShannon { .. })
    }

    /// All reductions.
    pub fn reduced(&self) -> [Method; 3] {
        [Reduction::Mean, Reduction::Sum, Reduction::BatchMean].map(Method::Reduced)
    }

    /// Every form of the loss: the last word of the evaluation, and whether there are weights.
    pub fn forms(&self) -> Vec<(Method, bool)> {
        let others = [
            Method::NoReduction,
            Method::Normalized(7.0),
            Method::NormalizedByTensor(3.25),
        ];
        let methods = self.reduced().into_iter().chain(others);
        methods
            .flat_map(|method| [(method, false), (method, true)])
            .collect()
    }

    /// A call with random arguments, one in eight predictions equal to its target where that is
    /// a special place.
    pub fn call(&self, method: Method, shape: &[usize], dtype: Dtype) -> Call {
        let mut random = Random::of(&format!("{} {method:?} {shape:?} {dtype:?}", self.name));
        let count = shape.iter().product();
        let per_target = match shape.last() {
            Some(&columns) if self.oracle(shape).shares_targets() => columns.max(1),
            _ => 1,
        };
        let targets = count / per_target;
        let target = random.list(targets, dtype, |random| match self.inputs {
            Inputs::Real | Inputs::Scores => random.normal(2.0),
            Inputs::Signs => f64::from(u8::from(random.chance(0.5))) * 2.0 - 1.0,
            Inputs::Counts { .. } if random.chance(0.2) => 0.0,
            Inputs::Counts { .. } => random.uniform(0.0, 8.0).ceil(),
            Inputs::Shares { logs: [_, true] } => random.uniform(0.01, 1.0).ln(),
            // Where nothing is expected, the size of the prediction does not matter.
            Inputs::Shares { .. } if random.chance(0.1) && !self.is_symmetric() => 0.0,
            Inputs::Shares { .. } => random.uniform(0.01, 1.0),
            _ if random.chance(0.25) => random.uniform(0.0, 1.0),
            _ => random.chance(0.3) as u8 as f64,
        });
        let mut place = 0..count;
        let prediction = random.list(count, dtype, |random| {
            let t = target[place.next().expect("a place each") / per_target];
            match self.inputs {
                Inputs::Real | Inputs::Heatmap if random.chance(0.125) => t,
                Inputs::Real | Inputs::Signs | Inputs::Scores => random.normal(2.0),
                Inputs::Heatmap => t + random.normal(0.5),
                Inputs::Counts { log: true } => random.normal(1.5),
                Inputs::Counts { log: false } => random.uniform(0.05, 8.0),
                Inputs::Logits if random.chance(0.125) => 0.0,
                Inputs::Logits => random.normal(4.0),
                Inputs::Probabilities => random.uniform(0.01, 0.99),
                Inputs::Shares { logs: [true, _] } => random.uniform(0.01, 1.0).ln(),
                Inputs::Shares { .. } => random.uniform(0.01, 1.0),
            }
        });
        let mut call = Call::new(method, shape, prediction, target);
        call.dtype = dtype;
        if self.oracle(shape).shares_targets() {
            *call.target_shape.last_mut().expect("no scalars") = 1;
        }
        call
    }

    /// [`Self::call`] with a random upstream gradient, and weights of which a quarter are 0.
    pub fn full_call(&self, method: Method, shape: &[usize], weighted: bool, dtype: Dtype) -> Call {
        let mut call = self.call(method, shape, dtype).tracked();
        let mut random = Random::of(self.name);
        call.upstream = match method {
            Method::NoReduction => {
                random.list(call.prediction.len(), dtype, |random| random.normal(2.0))
            }
            // 3.7, as near as half precision has it.
            _ => random.list(1, dtype, |_| 3.7),
        };
        if weighted {
            call.weights = Some(random.list(call.prediction.len(), dtype, |random| {
                if random.chance(0.25) {
                    0.0
                } else {
                    random.uniform(0.1, 2.0)
                }
            }));
        }
        call
    }
}

//! Every loss once more, for one element in `f64`, written from its paper or PyTorch's
//! documentation without a look at the library.
//!
//! With each number comes the size of the terms it is a sum of: where they cancel, arithmetic in a
//! smaller type cannot be better than a few units in the last place of that size.

mod asymmetric;
mod counts;
mod detection;
mod divergence;
mod margin;
mod robust;

use super::Number;
use core::f64::consts::LN_2;
use serde_json::Value;

/// A loss and its hyperparameters.
#[derive(Clone, Debug)]
pub enum Oracle {
    Mse,
    Mae,
    SmoothL1 {
        beta: f64,
    },
    Huber {
        delta: f64,
    },
    LogCosh,
    Charbonnier {
        epsilon: f64,
    },
    Cauchy {
        c: f64,
    },
    Quantile {
        quantiles: Vec<f64>,
    },
    Binary {
        logits: bool,
        pos_weight: Option<Vec<f64>>,
        smoothing: f64,
    },
    Focal {
        alpha: Option<f64>,
        gamma: f64,
        smoothing: f64,
    },
    Asymmetric {
        positive: f64,
        negative: f64,
        clip: f64,
    },
    /// Whether prediction and target are logarithms.
    KullbackLeibler {
        logs: [bool; 2],
    },
    /// Whether both are logarithms.
    JensenShannon {
        logs: bool,
    },
    Welsch {
        c: f64,
    },
    GemanMcClure {
        c: f64,
    },
    Wing {
        width: f64,
        epsilon: f64,
    },
    /// omega, theta, epsilon and alpha.
    AdaptiveWing {
        parameters: [f64; 4],
    },
    BalancedL1 {
        alpha: f64,
        gamma: f64,
        beta: f64,
    },
    PoissonNll {
        log_input: bool,
        full: bool,
        epsilon: f64,
    },
    Msle,
    Hinge {
        squared: bool,
        from_zero: bool,
    },
    SoftMargin,
    HingeEmbedding {
        margin: f64,
    },
    Bpr,
    QualityFocal {
        beta: f64,
    },
    Varifocal {
        alpha: f64,
        gamma: f64,
        iou_weighted: bool,
    },
    GaussianFocal {
        alpha: f64,
        gamma: f64,
    },
}

/// The loss of an element and its derivatives.
#[derive(Clone, Copy, Debug, Default)]
pub struct Element {
    pub loss: Number,
    pub by_prediction: Number,
    pub by_target: Number,
}

impl Oracle {
    /// The loss of prediction `x` against target `t` in a column of the last dimension.
    pub fn element(&self, x: f64, t: f64, column: usize) -> Element {
        let d = x - t;
        match self {
            Oracle::Mse => of_difference(&[d * d], 2.0 * d),
            Oracle::Mae => of_difference(&[d.abs()], sign(d)),
            Oracle::SmoothL1 { beta } if d.abs() < *beta => {
                of_difference(&[0.5 * d * d / beta], d / beta)
            }
            Oracle::SmoothL1 { beta } => of_difference(&[d.abs(), -0.5 * beta], sign(d)),
            Oracle::Huber { delta } if d.abs() < *delta => of_difference(&[0.5 * d * d], d),
            Oracle::Huber { delta } => {
                of_difference(&[delta * d.abs(), -0.5 * delta * delta], delta * sign(d))
            }
            Oracle::LogCosh => log_cosh(d),
            Oracle::Charbonnier { epsilon } => {
                let root = d.hypot(*epsilon);
                of_difference(&[root], d / root)
            }
            Oracle::Cauchy { c } => {
                let ratio = d / c;
                let slope = 2.0 * d / (c * c + d * d);
                of_difference(&[(ratio * ratio).ln_1p()], slope)
            }
            Oracle::Quantile { quantiles } => pinball(d, quantiles[column % quantiles.len()]),
            Oracle::Binary {
                logits,
                pos_weight,
                smoothing,
            } => {
                let weight = pos_weight.as_ref().map_or(1.0, |w| w[column % w.len()]);
                smoothed(t, *smoothing, |t| match logits {
                    true => cross_entropy_of_logit(x, t, weight),
                    false => cross_entropy_of_probability(x, t, weight),
                })
            }
            Oracle::Focal {
                alpha,
                gamma,
                smoothing,
            } => smoothed(t, *smoothing, |t| focal(x, t, *alpha, *gamma)),
            Oracle::Asymmetric {
                positive,
                negative,
                clip,
            } => asymmetric::asymmetric(x, t, *positive, *negative, *clip),
            Oracle::KullbackLeibler { logs } => divergence::kullback_leibler(x, t, *logs),
            Oracle::JensenShannon { logs } => divergence::jensen_shannon(x, t, *logs),
            Oracle::Welsch { c } => robust::welsch(d, *c),
            Oracle::GemanMcClure { c } => robust::geman_mcclure(d, *c),
            Oracle::Wing { width, epsilon } => robust::wing(d, *width, *epsilon),
            Oracle::AdaptiveWing { parameters } => robust::adaptive_wing(x, t, *parameters),
            Oracle::BalancedL1 { alpha, gamma, beta } => {
                robust::balanced_l1(d, *alpha, *gamma, *beta)
            }
            Oracle::PoissonNll {
                log_input,
                full,
                epsilon,
            } => counts::poisson_nll(x, t, *log_input, *full, *epsilon),
            Oracle::Msle => counts::msle(x, t),
            Oracle::Hinge { squared, from_zero } => margin::hinge(x, t, *squared, *from_zero),
            Oracle::SoftMargin => margin::soft_margin(x, t),
            Oracle::HingeEmbedding { margin } => margin::hinge_embedding(x, t, *margin),
            Oracle::Bpr => margin::preference(x, t),
            Oracle::QualityFocal { beta } => detection::quality_focal(x, t, *beta),
            Oracle::Varifocal {
                alpha,
                gamma,
                iou_weighted,
            } => detection::varifocal(x, t, *alpha, *gamma, *iou_weighted),
            Oracle::GaussianFocal { alpha, gamma } => {
                detection::gaussian_focal(x, t, *alpha, *gamma)
            }
        }
    }

    /// The oracle for a configuration as the golden files have it.
    pub fn from_json(key: &str, config: &Value) -> Option<Self> {
        let number = |field: &str| config[field].as_f64().expect(field);
        let is = |field: &str| config[field].as_bool().expect(field);
        let list = |field: &str| -> Option<Vec<f64>> {
            let list = config[field].as_array()?;
            Some(list.iter().map(|v| v.as_f64().expect(field)).collect())
        };
        Some(match key {
            "mse" => Oracle::Mse,
            "mae" => Oracle::Mae,
            "smooth_l1" => Oracle::SmoothL1 {
                beta: number("beta"),
            },
            "huber" => Oracle::Huber {
                delta: number("delta"),
            },
            "log_cosh" => Oracle::LogCosh,
            "charbonnier" => Oracle::Charbonnier {
                epsilon: number("epsilon"),
            },
            "cauchy" => Oracle::Cauchy { c: number("c") },
            "quantile" => Oracle::Quantile {
                quantiles: list("quantiles").expect("quantiles"),
            },
            "bce" => Oracle::Binary {
                logits: config["logits"].as_bool().expect("logits"),
                pos_weight: list("pos_weight"),
                smoothing: number("label_smoothing"),
            },
            "sigmoid_focal" => Oracle::Focal {
                alpha: config["alpha"].as_f64(),
                gamma: number("gamma"),
                smoothing: number("label_smoothing"),
            },
            "asymmetric" => Oracle::Asymmetric {
                positive: number("gamma_positive"),
                negative: number("gamma_negative"),
                clip: number("clip"),
            },
            "kl_div" => Oracle::KullbackLeibler {
                logs: ["log_prediction", "log_target"]
                    .map(|field| config[field].as_bool().expect(field)),
            },
            "jensen_shannon" => Oracle::JensenShannon {
                logs: config["log_inputs"].as_bool().expect("log_inputs"),
            },
            "welsch" => Oracle::Welsch { c: number("c") },
            "geman_mcclure" => Oracle::GemanMcClure { c: number("c") },
            "wing" => Oracle::Wing {
                width: number("width"),
                epsilon: number("epsilon"),
            },
            "adaptive_wing" => Oracle::AdaptiveWing {
                parameters: ["omega", "theta", "epsilon", "alpha"].map(number),
            },
            "balanced_l1" => Oracle::BalancedL1 {
                alpha: number("alpha"),
                gamma: number("gamma"),
                beta: number("beta"),
            },
            "poisson_nll" => Oracle::PoissonNll {
                log_input: is("log_input"),
                full: is("full"),
                epsilon: number("epsilon"),
            },
            "msle" => Oracle::Msle,
            "hinge" => Oracle::Hinge {
                squared: is("squared"),
                from_zero: is("from_zero"),
            },
            "soft_margin" => Oracle::SoftMargin,
            "hinge_embedding" => Oracle::HingeEmbedding {
                margin: number("margin"),
            },
            "bpr" => Oracle::Bpr,
            "quality_focal" => Oracle::QualityFocal {
                beta: number("beta"),
            },
            "varifocal" => Oracle::Varifocal {
                alpha: number("alpha"),
                gamma: number("gamma"),
                iou_weighted: is("iou_weighted"),
            },
            "gaussian_focal" => Oracle::GaussianFocal {
                alpha: number("alpha"),
                gamma: number("gamma"),
            },
            _ => return None,
        })
    }

    /// Whether prediction and target are logarithms of probabilities.
    pub fn takes_logarithms(&self) -> [bool; 2] {
        match self {
            Oracle::KullbackLeibler { logs } => *logs,
            Oracle::JensenShannon { logs } => [*logs; 2],
            _ => [false; 2],
        }
    }

    /// Whether every target of a row of predictions is one number.
    pub fn shares_targets(&self) -> bool {
        matches!(self, Oracle::Quantile { quantiles } if quantiles.len() > 1)
    }
}

fn sign(d: f64) -> f64 {
    if d == 0.0 { 0.0 } else { d.signum() }
}

/// A loss of `x - t` with its slope.
fn of_difference(terms: &[f64], slope: f64) -> Element {
    Element {
        loss: Number::sum(terms),
        by_prediction: Number::sum(&[slope]),
        by_target: Number::sum(&[-slope]),
    }
}

fn log_cosh(d: f64) -> Element {
    let a = d.abs();
    if a < 0.5 {
        // cosh d - 1 = 2 sinh²(d/2)
        return of_difference(&[(2.0 * (0.5 * d).sinh().powi(2)).ln_1p()], d.tanh());
    }
    of_difference(&[a, (-2.0 * a).exp().ln_1p(), -LN_2], d.tanh())
}

/// `d` is the prediction less the target.
fn pinball(d: f64, quantile: f64) -> Element {
    if d <= 0.0 {
        let slope = if d == 0.0 { 0.0 } else { -quantile };
        return of_difference(&[-quantile * d], slope);
    }
    // The quantile itself is rounded, then taken from 1.
    let slope = Number {
        value: 1.0 - quantile,
        scale: 1.0,
    };
    Element {
        loss: slope.times(d),
        by_prediction: slope,
        by_target: slope.times(-1.0),
    }
}

/// `ln(1 + e^x)`
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// `1 / (1 + e^-x)`
fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// `a b`, and 0 where `a` is 0 whatever `b` is.
fn share(a: f64, b: f64) -> f64 {
    if a == 0.0 { 0.0 } else { a * b }
}

fn cross_entropy_of_logit(x: f64, t: f64, weight: f64) -> Element {
    let (p, q) = (sigmoid(x), sigmoid(-x));
    let positive = share(weight * t, softplus(-x));
    Element {
        loss: Number::sum(&[positive, share(1.0 - t, softplus(x))]),
        by_prediction: Number::sum(&[-weight * t * q, (1.0 - t) * p]),
        by_target: Number::sum(&[share(weight, softplus(-x)), -softplus(x)]),
    }
}

fn cross_entropy_of_probability(p: f64, t: f64, weight: f64) -> Element {
    let least = f32::MIN_POSITIVE as f64;
    let (ln_p, ln_q) = (p.ln().max(-100.0), (-p).ln_1p().max(-100.0));
    // Neither logarithm has a slope where it is held, nor at its other end.
    let slope_p = if p < least || p == 1.0 { 0.0 } else { 1.0 / p };
    let slope_q = if p == 0.0 || p == 1.0 {
        0.0
    } else {
        1.0 / (1.0 - p)
    };
    Element {
        loss: Number::sum(&[-weight * t * ln_p, -(1.0 - t) * ln_q]),
        by_prediction: Number::sum(&[-weight * t * slope_p, (1.0 - t) * slope_q]),
        by_target: Number::sum(&[-weight * ln_p, ln_q]),
    }
}

fn focal(x: f64, t: f64, alpha: Option<f64>, gamma: f64) -> Element {
    let (p, q) = (sigmoid(x), sigmoid(-x));
    let (weight, weight_slope) = match alpha {
        Some(alpha) => (alpha * t + (1.0 - alpha) * (1.0 - t), 2.0 * alpha - 1.0),
        None => (1.0, 0.0),
    };
    let entropy = cross_entropy_of_logit(x, t, 1.0);
    if gamma == 0.0 {
        let by_target = [
            entropy.by_target.value * weight,
            share(weight_slope, entropy.loss.value),
        ];
        return Element {
            loss: entropy.loss.times(weight),
            by_prediction: entropy.by_prediction.times(weight),
            by_target: Number {
                value: by_target.iter().sum(),
                scale: entropy.by_target.scale * weight + by_target[1].abs(),
            },
        };
    }
    // 1 - p_t, and everything it is multiplied with, by logarithms: e^-10000 is 0, its logarithm
    // is not.
    let ln_miss = ln_of_sum(t, -softplus(x), 1.0 - t, -softplus(-x));
    let ln_entropy = if entropy.loss.value < 1e-300 {
        -x.abs()
    } else {
        entropy.loss.value.ln()
    };
    let faded = |power: f64| (power * ln_miss).exp();
    let steep = gamma * ((gamma - 1.0) * ln_miss + ln_entropy).exp();
    // An error in the logarithm of 1 - p_t grows by gamma and its size.
    let spread = 1.0 + gamma * ln_miss.abs().max(1.0);
    let by_prediction = [
        entropy.by_prediction.value * faded(gamma),
        steep * (1.0 - 2.0 * t) * p * q,
    ];
    let by_target = [
        share(faded(gamma), entropy.by_target.value),
        steep * (1.0 - 2.0 * p),
        share(weight_slope, share(faded(gamma), entropy.loss.value)),
    ];
    let by_target = [weight * by_target[0], weight * by_target[1], by_target[2]];
    Element {
        loss: Number {
            value: weight * faded(gamma) * entropy.loss.value,
            scale: weight * faded(gamma) * entropy.loss.scale * spread,
        },
        by_prediction: Number {
            value: weight * by_prediction.iter().sum::<f64>(),
            scale: weight * spread * (entropy.by_prediction.scale * faded(gamma) + steep * p * q),
        },
        by_target: Number {
            value: by_target.iter().sum(),
            // 1 - 2p is p taken from 1 - p, which are 1 together.
            scale: spread * (Number::sum(&by_target).scale + weight * steep),
        },
    }
}

/// `ln(a e^x + b e^y)`
fn ln_of_sum(a: f64, x: f64, b: f64, y: f64) -> f64 {
    let (x, y) = (a.ln() + x, b.ln() + y);
    let larger = x.max(y);
    larger + ((x - larger).exp() + (y - larger).exp()).ln()
}

/// A loss of the smoothed target `t (1 - s) + s / 2`, which is rounded before it is used.
fn smoothed(t: f64, smoothing: f64, loss: impl Fn(f64) -> Element) -> Element {
    if smoothing == 0.0 {
        return loss(t);
    }
    let t = t * (1.0 - smoothing) + 0.5 * smoothing;
    let nudge = 1e-6;
    let (here, there) = (loss(t), loss(t + if t > 0.5 { -nudge } else { nudge }));
    let rounded = |here: Number, there: Number| Number {
        value: here.value,
        scale: here.scale + (here.value - there.value).abs() / nudge,
    };
    Element {
        loss: rounded(here.loss, there.loss),
        by_prediction: rounded(here.by_prediction, there.by_prediction),
        by_target: rounded(here.by_target, there.by_target).times(1.0 - smoothing),
    }
}

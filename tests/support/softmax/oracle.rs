//! The losses of rows of classes once more, a row at a time in `f64`, written from the papers
//! without a look at the library.
//!
//! As for losses of elements, each number comes with the size of the terms it is a sum of. Here
//! most of that is what a rounded log-probability does to everything computed from it.

use crate::support::Number;
use serde_json::Value;

/// A loss of rows and its hyperparameters.
#[derive(Clone, Debug)]
pub struct RowOracle {
    pub kind: Kind,
    /// Of the classes.
    pub weights: Option<Vec<f64>>,
    pub smoothing: f64,
    pub ignored: Option<i64>,
}

/// Which loss.
#[derive(Clone, Debug)]
pub enum Kind {
    CrossEntropy,
    Focal {
        alpha: Option<Vec<f64>>,
        gamma: f64,
    },
    Poly {
        epsilon: f64,
    },
    BalancedSoftmax {
        counts: Vec<usize>,
    },
    LogitAdjusted {
        counts: Vec<usize>,
        tau: f64,
    },
    Ldam {
        counts: Vec<usize>,
        max_margin: f64,
        scale: f64,
    },
    Generalized {
        q: f64,
    },
    Symmetric {
        alpha: f64,
        beta: f64,
        log_zero: f64,
    },
}

/// What a row is held against.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    Class(usize),
    Shares(&'a [f64]),
}

/// The loss of a row and its derivatives.
#[derive(Clone, Debug)]
pub struct Row {
    pub loss: Number,
    pub by_logits: Vec<Number>,
    /// By the share of each class.
    pub by_shares: Vec<Number>,
}

/// A logit as it goes into the softmax.
#[derive(Clone, Copy, Debug)]
pub struct Logit {
    pub value: f64,
    /// Size of the terms it was computed from; 0 for a logit taken as it is.
    pub rounded: f64,
    /// Its derivative in the logit given.
    pub slope: f64,
}

/// The relative error numbers are assumed to have where an error grows out of proportion.
const NUDGE: f64 = 1e-6;

/// `a b`, and 0 where `a` is 0 whatever `b` is.
fn share(a: f64, b: f64) -> f64 {
    if a == 0.0 { 0.0 } else { a * b }
}

impl RowOracle {
    /// The loss without weights and smoothing, ignoring -100.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            weights: None,
            smoothing: 0.0,
            ignored: Some(-100),
        }
    }

    pub fn weighted(mut self, weights: Vec<f64>) -> Self {
        self.weights = Some(weights);
        self
    }

    pub fn smoothed(mut self, smoothing: f64) -> Self {
        self.smoothing = smoothing;
        self
    }

    pub fn ignoring(mut self, ignored: Option<i64>) -> Self {
        self.ignored = ignored;
        self
    }

    /// Whether the loss takes label smoothing.
    pub fn smooths(&self) -> bool {
        !matches!(
            self.kind,
            Kind::Ldam { .. } | Kind::Generalized { .. } | Kind::Symmetric { .. }
        )
    }

    /// Whether the loss takes shares of classes for a target.
    pub fn takes_shares(&self) -> bool {
        // A margin is that of one target class.
        !matches!(self.kind, Kind::Ldam { .. })
    }

    /// The weight of a class.
    pub fn weight(&self, class: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[class])
    }

    /// The loss of a row of logits.
    pub fn row(&self, logits: &[f64], target: Target) -> Row {
        let logits = logits.iter().enumerate();
        let logits: Vec<Logit> = logits
            .map(|(class, &logit)| self.adjusted(logit, class, target))
            .collect();
        self.row_of(&logits, target)
    }

    /// The logit as it goes into the softmax.
    fn adjusted(&self, logit: f64, class: usize, target: Target) -> Logit {
        let sum_of = |terms: &[f64]| Logit {
            value: terms.iter().sum(),
            rounded: terms.iter().map(|term| term.abs()).sum(),
            slope: 1.0,
        };
        match &self.kind {
            Kind::BalancedSoftmax { counts } => sum_of(&[logit, (counts[class] as f64).ln()]),
            Kind::LogitAdjusted { counts, tau } => {
                let total: usize = counts.iter().sum();
                let prior = counts[class] as f64 / total as f64;
                sum_of(&[logit, tau * prior.ln()])
            }
            Kind::Ldam {
                counts,
                max_margin,
                scale,
            } => {
                let least = *counts.iter().min().expect("classes") as f64;
                let own = matches!(target, Target::Class(own) if own == class);
                let margin = match own {
                    true => max_margin * (least / counts[class] as f64).powf(0.25),
                    false => 0.0,
                };
                Logit {
                    value: scale * (logit - margin),
                    rounded: scale * (logit.abs() + margin),
                    slope: *scale,
                }
            }
            _ => Logit {
                value: logit,
                rounded: 0.0,
                slope: 1.0,
            },
        }
    }

    /// The loss of a row of logits as they go into the softmax.
    pub fn row_of(&self, logits: &[Logit], target: Target) -> Row {
        let classes = logits.len();
        let most = logits.iter().fold(f64::NEG_INFINITY, |most, logit| {
            if logit.value.is_nan() || logit.value > most {
                logit.value
            } else {
                most
            }
        });
        let top = logits.iter().position(|logit| logit.value == most);
        let rounded_top = top.map_or(0.0, |top| logits[top].rounded);
        let terms: Vec<f64> = logits.iter().map(|a| (a.value - most).exp()).collect();
        // The logarithm of a sum whose largest term is 1, which may be all there is in `f64`.
        let others = terms.iter().enumerate().filter(|(i, _)| Some(*i) != top);
        let others: f64 = others.map(|(_, term)| term).sum();
        let (sum, ln_sum) = match top {
            // A logit of infinity is no probability of 1.
            Some(_) if most < f64::INFINITY => (1.0 + others, others.ln_1p()),
            _ => (f64::NAN, f64::NAN),
        };
        let p: Vec<f64> = terms.iter().map(|term| term / sum).collect();
        // The error of a difference, then that of a logarithm of a sum of exponentials of such.
        let of_difference = |a: &Logit| match a.value == f64::NEG_INFINITY {
            true => 0.0,
            false => (a.value - most).abs() + a.rounded + rounded_top,
        };
        let of_sum: f64 = logits
            .iter()
            .zip(&p)
            .map(|(a, p)| p * of_difference(a))
            .sum();
        let of_sum = of_sum + 1.0 + ln_sum;

        let mut loss = Number::default();
        let mut by_shares = Vec::new();
        // q w phi'(ln p) of each class.
        let mut slopes = Vec::new();
        for (class, a) in logits.iter().enumerate() {
            let given = match target {
                Target::Class(own) => (own == class) as u8 as f64,
                Target::Shares(shares) => shares[class],
            };
            let even = self.smoothing / classes as f64;
            let q = (1.0 - self.smoothing) * given + even;
            let factor = q * self.weight(class);
            let ln_p = a.value - most - ln_sum;
            let error = of_difference(a) + of_sum;
            let phi = self.phi(ln_p, class);
            if factor != 0.0 {
                loss.value += factor * phi.0;
                let size = self.rounded(|l| self.phi(l, class).0, ln_p, error);
                loss.scale += factor * size;
            }
            let slope = Number {
                value: share(factor, phi.1),
                scale: share(factor, self.rounded(|l| self.phi(l, class).1, ln_p, error)),
            };
            slopes.push(slope);
            let passed = (1.0 - self.smoothing) * self.weight(class);
            by_shares.push(Number {
                value: share(passed, phi.0),
                scale: share(passed, self.rounded(|l| self.phi(l, class).0, ln_p, error)),
            });
        }
        let total = slopes.iter().fold(Number::default(), |sum, slope| Number {
            value: sum.value + slope.value,
            scale: sum.scale + slope.scale,
        });
        let below_top = slopes.iter().enumerate().filter(|(i, _)| Some(*i) != top);
        let below_top: f64 = below_top.map(|(_, slope)| slope.value).sum();
        // d ln p_c / d a_j = [c = j] - p_j, which is 1 - p_j at j and -p_j elsewhere: an easy row has
        // nothing left of 1 - p_j in `f64`, so that comes from the other classes.
        let by_logits = logits.iter().enumerate().map(|(class, a)| {
            let (p, slope) = (p[class], slopes[class]);
            let error = of_difference(a) + of_sum;
            let (miss, of_others) = match Some(class) == top {
                true => (others / sum, below_top),
                false => (1.0 - p, total.value - slope.value),
            };
            Number {
                value: a.slope * (share(slope.value, miss) - share(p, of_others)),
                scale: a.slope * (slope.scale + p * (total.scale + total.value.abs() * error)),
            }
        });
        Row {
            by_logits: by_logits.collect(),
            loss,
            by_shares,
        }
    }

    /// The size of `f(l)`, where `l` has an error in proportion to `error`.
    fn rounded(&self, f: impl Fn(f64) -> f64, l: f64, error: f64) -> f64 {
        let value = f(l);
        if !l.is_finite() {
            return value.abs();
        }
        let moved = |step: f64| (f((l + step).min(0.0)) - value).abs() / NUDGE;
        // A power of a rounded number is off by its exponent times as much.
        let spread = match self.kind {
            Kind::Focal { gamma, .. } => 1.0 + gamma,
            _ => 1.0,
        };
        spread * value.abs() + moved(NUDGE * error).max(moved(-NUDGE * error))
    }

    /// The loss of a log-probability, and its derivative in it.
    fn phi(&self, l: f64, class: usize) -> (f64, f64) {
        let p = l.exp();
        match &self.kind {
            Kind::Focal { alpha, gamma } => {
                let alpha = alpha.as_ref().map_or(1.0, |a| a[class % a.len()]);
                let miss = -l.exp_m1();
                if *gamma == 0.0 {
                    return (share(-alpha, l), -alpha);
                }
                if p == 0.0 {
                    return (share(-alpha, l), -alpha);
                }
                if miss == 0.0 {
                    return (0.0, 0.0);
                }
                // d/dl of (1 - e^l)^g is -g (1 - e^l)^(g - 1) e^l
                let faded = miss.powf(*gamma);
                let steep = gamma * faded * p * (l / miss);
                (-alpha * faded * l, -alpha * (faded - steep))
            }
            Kind::Poly { epsilon } => {
                // -l + epsilon (1 - p), of which little is left near 0 for an epsilon near -1.
                let value = match l.abs() < 0.5 {
                    true => {
                        // e^l - 1 - l, term by term.
                        let terms = (2..20).scan(l, |term, n| {
                            *term *= l / f64::from(n);
                            Some(*term)
                        });
                        -(1.0 + epsilon) * l - epsilon * terms.sum::<f64>()
                    }
                    false => -l - epsilon * l.exp_m1(),
                };
                (value, -(1.0 + epsilon) - epsilon * l.exp_m1())
            }
            Kind::Generalized { q } => (-(q * l).exp_m1() / q, -(q * l).exp()),
            Kind::Symmetric {
                alpha,
                beta,
                log_zero,
            } => {
                let reverse = beta * log_zero;
                (
                    share(-alpha, l) + reverse * l.exp_m1(),
                    -alpha + reverse * p,
                )
            }
            _ => (-l, -1.0),
        }
    }

    /// The oracle for a configuration as the golden files have it.
    pub fn from_json(key: &str, config: &Value) -> Option<Self> {
        let number = |field: &str| config[field].as_f64().expect(field);
        let list = |field: &str| -> Option<Vec<f64>> {
            let list = config[field].as_array()?;
            Some(list.iter().map(|v| v.as_f64().expect(field)).collect())
        };
        let counts = || -> Vec<usize> {
            let counts = list("class_counts").expect("class_counts");
            counts.iter().map(|&count| count as usize).collect()
        };
        let kind = match key {
            "cross_entropy" => Kind::CrossEntropy,
            "softmax_focal" => Kind::Focal {
                alpha: list("alpha"),
                gamma: number("gamma"),
            },
            "poly" => Kind::Poly {
                epsilon: number("epsilon"),
            },
            "balanced_softmax" => Kind::BalancedSoftmax { counts: counts() },
            "logit_adjusted" => Kind::LogitAdjusted {
                counts: counts(),
                tau: number("tau"),
            },
            "ldam" => Kind::Ldam {
                counts: counts(),
                max_margin: number("max_margin"),
                scale: number("scale"),
            },
            "generalized_cross_entropy" => Kind::Generalized { q: number("q") },
            "symmetric_cross_entropy" => Kind::Symmetric {
                alpha: number("alpha"),
                beta: number("beta"),
                log_zero: number("log_zero"),
            },
            _ => return None,
        };
        Some(Self {
            kind,
            weights: list("weights"),
            smoothing: config["label_smoothing"].as_f64().unwrap_or(0.0),
            ignored: config["ignore_index"].as_i64(),
        })
    }
}

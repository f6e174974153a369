//! Every loss of rows in every variant, and random inputs for it.

use super::{Kind, RowCall, RowLoss, RowOracle, Targets};
use crate::support::{Dtype, Method, Random, random::round};

/// A variant of a loss of rows.
#[derive(Clone, Copy)]
pub struct RowCase {
    pub name: &'static str,
    /// The oracle for a number of classes.
    of_classes: fn(usize) -> RowOracle,
}

/// Every loss of rows in every variant.
pub fn row_cases() -> Vec<RowCase> {
    let case = |name, of_classes| RowCase { name, of_classes };
    vec![
        case("ce", |_| entropy()),
        case("ce, weights", |n| entropy().weighted(class_weights(n))),
        case("ce, smoothing", |_| entropy().smoothed(0.1)),
        case("ce, weights, smoothing, ignoring 255", |n| {
            entropy()
                .weighted(class_weights(n))
                .smoothed(0.2)
                .ignoring(Some(255))
        }),
        case("ce, ignoring class 0", |_| entropy().ignoring(Some(0))),
        case("ce, ignoring nothing", |_| entropy().ignoring(None)),
        case("softmax focal", |_| focal(None, 2.0)),
        case("softmax focal, gamma 0", |_| focal(None, 0.0)),
        case("softmax focal, gamma 0.5", |_| focal(None, 0.5)),
        case("softmax focal, gamma 1, one alpha", |_| {
            focal(Some(vec![0.25]), 1.0)
        }),
        case("softmax focal, gamma 1.5, alpha", |n| {
            focal(Some(spread(n, 0.0, 1.0)), 1.5)
        }),
        case("softmax focal, gamma 5, everything", |n| {
            focal(Some(spread(n, 0.1, 0.9)), 5.0)
                .weighted(class_weights(n))
                .smoothed(0.1)
                .ignoring(Some(255))
        }),
        case("poly", |_| poly(1.0)),
        case("poly, epsilon -1", |_| poly(-1.0)),
        case("poly, everything", |n| {
            poly(2.5).weighted(class_weights(n)).smoothed(0.1)
        }),
        case("balanced softmax", |n| {
            RowOracle::new(Kind::BalancedSoftmax { counts: counts(n) })
        }),
        case("balanced softmax, everything", |n| {
            RowOracle::new(Kind::BalancedSoftmax { counts: counts(n) })
                .weighted(class_weights(n))
                .smoothed(0.1)
                .ignoring(Some(255))
        }),
        case("logit adjusted", |n| adjusted(n, 1.0)),
        case("logit adjusted, tau 0", |n| adjusted(n, 0.0)),
        case("logit adjusted, everything", |n| {
            adjusted(n, 0.5).weighted(class_weights(n)).smoothed(0.2)
        }),
        case("ldam", |n| ldam(n, 0.5, 30.0)),
        case("ldam, weights", |n| {
            ldam(n, 1.0, 4.0).weighted(class_weights(n))
        }),
        case("ldam, no margin", |n| ldam(n, 0.0, 1.0).ignoring(Some(255))),
        case("gce", |_| generalized(0.7)),
        case("gce, q 1", |_| generalized(1.0)),
        case("gce, q 0.1, weights", |n| {
            generalized(0.1).weighted(class_weights(n))
        }),
        case("sce", |_| symmetric(0.1, 1.0, -4.0)),
        case("sce, weights", |n| {
            symmetric(6.0, 0.1, -7.0)
                .weighted(class_weights(n))
                .ignoring(Some(255))
        }),
    ]
}

/// The cases that take shares of classes.
pub fn share_cases() -> Vec<RowCase> {
    let mut cases = row_cases();
    cases.retain(|case| case.oracle(1).takes_shares());
    cases
}

/// The case of this name.
pub fn row_case(name: &str) -> RowCase {
    let mut cases = row_cases().into_iter();
    cases.find(|case| case.name == name).expect(name)
}

pub fn entropy() -> RowOracle {
    RowOracle::new(Kind::CrossEntropy)
}

pub fn focal(alpha: Option<Vec<f64>>, gamma: f64) -> RowOracle {
    RowOracle::new(Kind::Focal { alpha, gamma })
}

pub fn poly(epsilon: f64) -> RowOracle {
    RowOracle::new(Kind::Poly { epsilon })
}

fn adjusted(classes: usize, tau: f64) -> RowOracle {
    let counts = counts(classes);
    RowOracle::new(Kind::LogitAdjusted { counts, tau })
}

fn ldam(classes: usize, max_margin: f64, scale: f64) -> RowOracle {
    RowOracle::new(Kind::Ldam {
        counts: counts(classes),
        max_margin,
        scale,
    })
}

pub fn generalized(q: f64) -> RowOracle {
    RowOracle::new(Kind::Generalized { q })
}

pub fn symmetric(alpha: f64, beta: f64, log_zero: f64) -> RowOracle {
    RowOracle::new(Kind::Symmetric {
        alpha,
        beta,
        log_zero,
    })
}

/// `count` numbers from `low` to `high`, exact in every type.
fn spread(count: usize, low: f64, high: f64) -> Vec<f64> {
    let step = (high - low) / count.max(2).saturating_sub(1) as f64;
    let numbers = (0..count).map(|i| low + step * i as f64);
    numbers.map(|number| round(number, Dtype::BF16)).collect()
}

/// Weights from 1/4 to 3, every seventh one 0.
fn class_weights(classes: usize) -> Vec<f64> {
    let mut weights = spread(classes, 0.25, 3.0);
    weights.iter_mut().skip(3).step_by(7).for_each(|w| *w = 0.0);
    weights
}

/// Counts that fall from 1000 to 1.
fn counts(classes: usize) -> Vec<usize> {
    (0..classes)
        .map(|class| 1 + 999 / (1 + class * class))
        .collect()
}

impl RowCase {
    /// The oracle for a number of classes.
    pub fn oracle(&self, classes: usize) -> RowOracle {
        (self.of_classes)(classes)
    }

    /// The loss for a call.
    pub fn loss(&self, call: &RowCall) -> RowLoss {
        RowLoss::like(&self.oracle(call.classes()), call.method.reduction())
    }

    /// A call with random logits and classes, some of which are ignored if the loss ignores any.
    pub fn call(&self, method: Method, shape: &[usize], dtype: Dtype) -> RowCall {
        let mut random = self.random(method, shape, dtype);
        let count = shape.iter().product();
        let logits = random.list(count, dtype, |random| random.normal(3.0));
        let mut call = RowCall::new(method, shape, logits, Targets::Classes(Vec::new()));
        call.dtype = dtype;
        let (classes, ignored) = (call.classes(), self.oracle(call.classes()).ignored);
        let targets = (0..call.rows()).map(|_| match ignored {
            Some(ignored) if random.chance(0.15) => ignored,
            _ => (random.bits() % classes as u64) as i64,
        });
        call.targets = Targets::Classes(targets.collect());
        call
    }

    /// [`Self::call`] with a random upstream gradient, and weights of rows of which a quarter are 0.
    pub fn full_call(
        &self,
        method: Method,
        shape: &[usize],
        weighted: bool,
        dtype: Dtype,
    ) -> RowCall {
        self.call(method, shape, dtype)
            .filled(weighted, &mut Random::of(self.name))
    }

    /// [`Self::full_call`] with shares of classes, of which one in five is exactly 0.
    pub fn share_call(
        &self,
        method: Method,
        shape: &[usize],
        weighted: bool,
        dtype: Dtype,
    ) -> RowCall {
        let mut call = self.call(method, shape, dtype);
        let mut random = Random::of(self.name);
        let top = (2.0 / call.classes() as f64).min(1.0);
        let shares = random.list(call.logits.len(), dtype, |random| {
            if random.chance(0.2) {
                0.0
            } else {
                random.uniform(0.0, top)
            }
        });
        call.targets = Targets::Shares(shares);
        call.filled(weighted, &mut random)
    }

    fn random(&self, method: Method, shape: &[usize], dtype: Dtype) -> Random {
        Random::of(&format!("{} {method:?} {shape:?} {dtype:?}", self.name))
    }
}

impl RowCall {
    /// The call, with everything tracked, a random upstream gradient and perhaps weights of rows.
    fn filled(mut self, weighted: bool, random: &mut Random) -> Self {
        let (rows, dtype) = (self.rows(), self.dtype);
        self.upstream = match self.method {
            Method::NoReduction => random.list(rows, dtype, |random| random.normal(2.0)),
            // 3.7, as near as half precision has it.
            _ => random.list(1, dtype, |_| 3.7),
        };
        if weighted {
            self.weights = Some(random.list(rows, dtype, |random| {
                if random.chance(0.25) {
                    0.0
                } else {
                    random.uniform(0.1, 2.0)
                }
            }));
        }
        let mut call = self.tracked();
        // A gradient of weights takes another path; tests of it ask for it.
        call.tracked.weights = false;
        call
    }
}

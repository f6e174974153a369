//! Cross entropies whose terms in the probability are weighted otherwise, two of them for noisy labels.

use super::{ClassFormula, Real, miss};
use crate::formula::excess::{NEAR_0, exp_m1_minus};

/// `-entropy l + miss (1 - e^l)`: cross entropy with a term that is linear in the probability.
#[derive(Clone, Copy, Debug)]
pub struct EntropyAndMiss {
    /// The factor of the cross entropy.
    pub entropy: f64,
    /// The factor of what the probability lacks of 1.
    pub miss: f64,
}

/// `-l + epsilon (1 - e^l)`: Poly-1 (Leng et al., 2022).
#[derive(Clone, Copy, Debug)]
pub struct Poly {
    /// What is added to the first coefficient of the series of the cross entropy.
    pub epsilon: f64,
}

/// `-alpha l - beta A (1 - e^l)` for the logarithm `A` that stands for that of 0 (Wang et al., 2019).
#[derive(Clone, Copy, Debug)]
pub struct SymmetricCrossEntropy {
    /// The factor of the cross entropy.
    pub alpha: f64,
    /// The factor of the reverse cross entropy.
    pub beta: f64,
    /// A
    pub log_zero: f64,
}

/// `(1 - e^(q l)) / q`: between cross entropy (q towards 0) and the mean absolute error (q = 1)
/// (Zhang and Sabuncu, 2018).
#[derive(Clone, Copy, Debug)]
pub struct GeneralizedCrossEntropy {
    /// In `(0, 1]`.
    pub q: f64,
}

impl ClassFormula for EntropyAndMiss {
    #[inline(always)]
    fn is_linear(&self) -> bool {
        self.entropy == 1.0 && self.miss == 0.0
    }

    #[inline(always)]
    fn value<R: Real>(&self, l: R) -> R {
        let missing = miss(l.clone()) * self.miss;
        if self.entropy == 0.0 {
            // 0 times an infinite logarithm would be no number.
            return missing;
        }
        let sum = l.clone() * -self.entropy + missing;
        if self.miss >= 0.0 {
            return sum;
        }
        // Near 0 the terms are almost opposite: what they share is taken out of both.
        let near = l.clone().at_least(-NEAR_0);
        let rest = exp_m1_minus(near.clone()) * -self.miss;
        let near = near * -(self.entropy + self.miss) + rest;
        l.where_below(-NEAR_0, sum, near)
    }
}

impl Poly {
    #[inline(always)]
    fn terms(&self) -> EntropyAndMiss {
        EntropyAndMiss {
            entropy: 1.0,
            miss: self.epsilon,
        }
    }
}

impl ClassFormula for Poly {
    #[inline(always)]
    fn is_linear(&self) -> bool {
        self.terms().is_linear()
    }

    #[inline(always)]
    fn value<R: Real>(&self, l: R) -> R {
        self.terms().value(l)
    }
}

impl SymmetricCrossEntropy {
    #[inline(always)]
    fn terms(&self) -> EntropyAndMiss {
        EntropyAndMiss {
            entropy: self.alpha,
            miss: -self.beta * self.log_zero,
        }
    }
}

impl ClassFormula for SymmetricCrossEntropy {
    #[inline(always)]
    fn is_linear(&self) -> bool {
        self.terms().is_linear()
    }

    #[inline(always)]
    fn value<R: Real>(&self, l: R) -> R {
        self.terms().value(l)
    }
}

impl ClassFormula for GeneralizedCrossEntropy {
    #[inline(always)]
    fn value<R: Real>(&self, l: R) -> R {
        miss(l * self.q) * (1.0 / self.q)
    }
}

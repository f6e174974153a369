//! Losses of rates and of what is counted, which are not below 0.

use super::{Formula, Real};
use core::f64::consts::PI;

/// The negative logarithm of a Poisson probability of the count t, without the terms of t alone: `e^x - t x` for the
/// logarithm x of the rate, `x - t ln(x + epsilon)` for a rate x.
#[derive(Clone, Copy, Debug)]
pub struct PoissonNll {
    /// Whether x is the logarithm of the rate.
    pub log_input: bool,
    /// Whether Stirling's approximation of `ln t!` is added where t is above 1.
    pub full: bool,
    /// What is added to a rate in the logarithm, above 0.
    pub epsilon: f64,
}

impl Formula for PoissonNll {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let loss = if self.log_input {
            // A rate of 0, or an infinite one, times a count of 0 is nothing.
            let below = x.clone().at_most(f32::MAX as f64);
            let finite = below.clone().at_least(f32::MIN as f64);
            let log_rate = t.where_equal(0.0, finite, below);
            x.exp() - t.clone() * log_rate
        } else {
            x.clone() - t.clone() * (x + self.epsilon).ln()
        };
        if !self.full {
            return loss;
        }
        let many = t.clone().at_least(1.0);
        let stirling = (many.clone() + 0.5) * many.clone().ln() - many + 0.5 * (2.0 * PI).ln();
        loss + (-t.clone()).where_below(-1.0, stirling, t.constant(0.0))
    }
}

/// `(ln(1 + x) - ln(1 + t))²` of numbers above -1.
///
/// The difference is the logarithm of the ratio of the larger to the smaller, `ln(1 + |x - t| / (1 + min(x, t)))`, which
/// keeps its digits where both are nearly the same.
#[derive(Clone, Copy, Debug)]
pub struct SquaredLogRatio;

impl Formula for SquaredLogRatio {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let d = x.clone() - t.clone();
        let smaller = d.where_below(0.0, x, t) + 1.0;
        // Scaled, the divisor is 1: tensors square divisors in the backward pass, which would overflow.
        let scale = smaller.clone().detach();
        let excess = d.abs() / scale.clone() / (smaller / scale.clone());
        let ln = excess.ln_1p();
        scale.where_below(0.0, ln.constant(f64::NAN), ln.clone() * ln)
    }
}

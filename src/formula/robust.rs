//! Losses of a difference that large errors cannot pull far, or that small errors pull harder than usual.

use super::{
    Formula, Real,
    excess::{NEAR_0, exp_m1_minus},
    focal::TINY,
};

/// `1 - exp(-(d / c)²/2)` with `d = x - t` (Dennis and Welsch, 1978).
#[derive(Clone, Copy, Debug)]
pub struct Welsch {
    /// The error at which the derivative is largest, above 0.
    pub c: f64,
}

impl Formula for Welsch {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        // The ratio from which the exponential is 0 in `f64` too.
        const FAR: f64 = 64.0;
        let ratio = ((x - t).abs() * (1.0 / self.c)).at_most(FAR);
        -(ratio.clone() * ratio * -0.5).exp_m1()
    }
}

/// `2 (d / c)² / ((d / c)² + 4)` with `d = x - t` (Geman and McClure, 1985).
///
/// With `r = |d| / (2 c)` it is `2 r² / (1 + r²)` up to 1, and `2 / (1 + 1/r²)` beyond, where no square overflows.
#[derive(Clone, Copy, Debug)]
pub struct GemanMcClure {
    /// The width of the parabola, above 0.
    pub c: f64,
}

impl Formula for GemanMcClure {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let ratio = (x - t).abs() * (0.5 / self.c);
        let inside = ratio.clone().at_most(1.0);
        let square = inside.clone() * inside;
        let near = square.clone() / (square + 1.0);
        let outside = ratio.clone().at_least(1.0);
        let inverse = outside.constant(1.0) / outside;
        let far = inverse.constant(1.0) / (inverse.clone() * inverse + 1.0);
        ratio.where_below(1.0, near, far) * 2.0
    }
}

/// `w ln(1 + |d| / e)` for `|d| < w`, `|d| - w + w ln(1 + w / e)` beyond, with `d = x - t` (Feng et al., 2018).
#[derive(Clone, Copy, Debug)]
pub struct Wing {
    /// Where the logarithm turns into a line, above 0.
    pub width: f64,
    /// The curvature near 0, above 0; `width / epsilon` within the range of `f32`.
    pub epsilon: f64,
}

impl Formula for Wing {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let a = (x - t).abs();
        let inside = a.clone().at_most(self.width) * (1.0 / self.epsilon);
        let near = inside.ln_1p() * self.width;
        let gap = self.width * (self.width / self.epsilon).ln_1p() - self.width;
        a.where_below(self.width, near, a.clone() + gap)
    }
}

/// Wing with an exponent that the target chooses (Wang et al., 2019), with `d = x - t` and `k = alpha - t`:
/// `omega ln(1 + |d / epsilon|^k)` for `|d| < theta`, beyond that the tangent there.
#[derive(Clone, Copy, Debug)]
pub struct AdaptiveWing {
    /// The height of the curve, above 0.
    pub omega: f64,
    /// Where the curve turns into a line, above 0.
    pub theta: f64,
    /// The width of the curve, above 0.
    pub epsilon: f64,
    /// The exponent at a target of 0, 2 or above.
    pub alpha: f64,
}

impl Formula for AdaptiveWing {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let a = (x - t.clone()).abs();
        let exponent = -(t - self.alpha);
        // The power less one factor goes through the logarithm, so that its slope is finite at 0 and has digits near it.
        let ratio = a.clone().at_most(self.theta) * (1.0 / self.epsilon);
        let ln_ratio = ratio.clone().at_least(TINY).ln();
        let power = ratio * ((exponent.clone() - 1.0) * ln_ratio).exp();
        let near = power.ln_1p() * self.omega;
        // The power at theta, and the slope there.
        let edge = (exponent.clone() * (self.theta / self.epsilon).ln()).exp();
        let slope = edge.clone() / (edge.clone() + 1.0) * exponent * (self.omega / self.theta);
        let far = slope * (a.clone() - self.theta) + edge.ln_1p() * self.omega;
        a.where_below(self.theta, near, far)
    }
}

/// The loss whose derivative is `alpha ln(1 + b |d| / beta)` for `|d| < beta` and `gamma` beyond, with
/// `b = exp(gamma / alpha) - 1` and `d = x - t` (Pang et al., 2019).
#[derive(Clone, Copy, Debug)]
pub struct BalancedL1 {
    /// How much small errors pull, above 0.
    pub alpha: f64,
    /// The derivative of large errors, above 0; `gamma / alpha` is at most 80.
    pub gamma: f64,
    /// The error from which the loss is a line, above 0.
    pub beta: f64,
}

impl Formula for BalancedL1 {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let Self { alpha, gamma, beta } = *self;
        let b = (gamma / alpha).exp_m1();
        let a = (x - t).abs();
        let u = a.clone().at_most(beta) * (b / beta);
        // (1 + u) ln(1 + u) - u, which cancels for small u. There it is by how much e^-ln(1 + u) lies above its tangent.
        let ln = u.clone().ln_1p();
        let rise = u.clone() + 1.0;
        let near = rise.clone() * exp_m1_minus(-ln.clone().at_most(NEAR_0));
        let far = rise * ln.clone() - u;
        let curve = ln.where_below(NEAR_0, near, far) * (alpha * beta / b);
        let line = (a.clone() - beta) * gamma + beta * (gamma + gamma / b - alpha);
        a.where_below(beta, curve, line)
    }
}

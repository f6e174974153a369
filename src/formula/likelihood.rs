//! Negative log-likelihoods of an observation under a distribution whose parameters are predicted.

use super::{Real, TupleFormula, heavy_tail::ln_1p_square};
use core::f64::consts::{LN_2, PI};

/// `x`, and `least` where it is less, with the derivative of `x` in both cases: what is too small can grow.
#[inline(always)]
fn floored<R: Real>(x: R, least: f64) -> R {
    let bounded = x.clone().at_least(least).detach();
    // Infinity less infinity would be NaN.
    let finite = x.at_least(f32::MIN as f64).at_most(f32::MAX as f64);
    bounded + (finite.clone() - finite.detach())
}

/// `ln Gamma(x + 1/2) - ln Gamma(x) - ln(x) / 2` for x above 0, which goes to 0 as x grows: no difference of large
/// logarithms.
///
/// Stirling's series, its terms from `-(2 - 2^(1 - n)) B_n / (n (n - 1))`, to 14 digits from 8 on. Below that at `x + 8`, and 8
/// steps down to x, each of `-ln(1 + 1 / (4 x (x + 1))) / 2`: all terms and all their slopes have the same sign, so none cancels.
#[inline(always)]
fn ln_gamma_step<R: Real>(x: R) -> R {
    const STEPS: u32 = 8;
    const SERIES: [f64; 5] = [
        -31.0 / 18_432.0,
        17.0 / 14_336.0,
        -1.0 / 640.0,
        1.0 / 192.0,
        -1.0 / 8.0,
    ];
    let bound = f64::from(STEPS);
    let far = x.where_below(bound, x.clone() + bound, x.clone());
    let inverse = far.constant(1.0) / far;
    let square = inverse.clone() * inverse.clone();
    let mut series = square.constant(691.0 / 180_224.0);
    for coefficient in SERIES {
        series = series * square.clone() + coefficient;
    }
    // Squares of large x leave the range.
    let near = x.where_below(bound, x.clone(), x.constant(bound));
    // What the product of the steps has beyond 1.
    let mut excess = x.constant(0.0);
    for step in 0..STEPS {
        let step = f64::from(step);
        let term = near.constant(0.25) / (near.clone() + step) / (near.clone() + (step + 1.0));
        excess = excess.clone() + term.clone() + excess * term;
    }
    let steps = excess.ln_1p() * 0.5;
    series * inverse - x.where_below(bound, steps.clone(), steps.constant(0.0))
}

/// `(ln v + d²/v) / 2` of a mean and a variance `v`, `d` being what was observed less the mean; times `v^beta`, without a derivative
/// (beta-NLL: Seitzer et al., 2022).
#[derive(Clone, Copy, Debug)]
pub struct GaussianNll {
    /// Whether the logarithm of the variance is given.
    pub log_variance: bool,
    /// Whether `ln(2 pi) / 2` is added.
    pub full: bool,
    /// The least variance, above 0.
    pub eps: f64,
    /// From 0, the likelihood, to 1, the squared error.
    pub beta: f64,
}

impl TupleFormula<2, 1> for GaussianNll {
    #[inline(always)]
    fn value<R: Real>(&self, [mean, spread]: [R; 2], [t]: [R; 1]) -> R {
        let d = mean - t;
        let (logarithm, share) = match self.log_variance {
            true => {
                let logarithm = floored(spread, self.eps.ln());
                (logarithm.clone(), d.clone() * (-logarithm).exp() * d)
            }
            false => {
                let variance = floored(spread, self.eps);
                (variance.clone().ln(), d.clone() / variance * d)
            }
        };
        let constant = if self.full { (2.0 * PI).ln() } else { 0.0 };
        let loss = (logarithm.clone() + share + constant) * 0.5;
        match self.beta {
            0.0 => loss,
            beta => loss * (logarithm * beta).exp().detach(),
        }
    }
}

/// `ln(2 b) + |d| / b` of a location and a scale `b`.
#[derive(Clone, Copy, Debug)]
pub struct LaplaceNll {
    /// Whether the logarithm of the scale is given.
    pub log_scale: bool,
    /// The least scale, above 0.
    pub eps: f64,
}

impl TupleFormula<2, 1> for LaplaceNll {
    #[inline(always)]
    fn value<R: Real>(&self, [location, spread]: [R; 2], [t]: [R; 1]) -> R {
        let size = (location - t).abs();
        let (logarithm, share) = match self.log_scale {
            true => {
                let logarithm = floored(spread, self.eps.ln());
                (logarithm.clone(), size * (-logarithm).exp())
            }
            false => {
                let scale = floored(spread, self.eps);
                (scale.clone().ln(), size / scale)
            }
        };
        logarithm + share + LN_2
    }
}

/// Student's t with a location, a scale `s` and degrees of freedom `n`:
/// `ln s + ln(n pi)/2 + ln Gamma(n/2) - ln Gamma((n + 1)/2) + (n + 1)/2 ln(1 + d²/(n s²))`.
#[derive(Clone, Copy, Debug)]
pub struct StudentTNll {
    /// The least scale, and the least degrees of freedom, above 0.
    pub eps: f64,
}

impl TupleFormula<3, 1> for StudentTNll {
    #[inline(always)]
    fn value<R: Real>(&self, [location, scale, freedom]: [R; 3], [t]: [R; 1]) -> R {
        let scale = floored(scale, self.eps);
        let freedom = floored(freedom, self.eps);
        let ratio = (location - t).abs() / scale.clone() / freedom.clone().sqrt();
        let tail = (freedom.clone() + 1.0) * 0.5 * ln_1p_square(ratio);
        // The square root of n goes into the step of the gamma function: both grow, and cancel.
        scale.ln() + tail - ln_gamma_step(freedom * 0.5) + 0.5 * (2.0 * PI).ln()
    }
}

/// Deep evidential regression: the likelihood of an observation under a normal distribution whose mean and variance are
/// drawn from a normal-inverse-gamma distribution `(gamma, nu, alpha, beta)`, plus `coefficient |d| (2 nu + alpha)` (Amini
/// et al., 2020).
#[derive(Clone, Copy, Debug)]
pub struct Evidential {
    /// What the evidence of wrong predictions costs, 0 or above.
    pub coefficient: f64,
    /// The least `nu` and `beta`, above 0.
    pub eps: f64,
}

impl TupleFormula<4, 1> for Evidential {
    #[inline(always)]
    fn value<R: Real>(&self, [gamma, nu, alpha, beta]: [R; 4], [t]: [R; 1]) -> R {
        let (nu, beta) = (floored(nu, self.eps), floored(beta, self.eps));
        let alpha = floored(alpha, 1.0);
        let size = (gamma - t).abs();
        let omega = beta * (nu.clone() + 1.0) * 2.0;
        let ratio = size.clone() * (nu.clone() / omega.clone()).sqrt();
        // alpha ln(omega) is taken out of the logarithm, so that none is subtracted from another.
        let tail = (alpha.clone() + 0.5) * ln_1p_square(ratio);
        let scale = (omega.ln() - nu.clone().ln() - alpha.clone().ln() + PI.ln()) * 0.5;
        let likelihood = scale - ln_gamma_step(alpha.clone()) + tail;
        likelihood + size * (nu * 2.0 + alpha) * self.coefficient
    }
}

/// `[margin - t (a - b)]` where that is above 0, else 0: of two scores and which is to be the larger, the first (`t` 1) or the second (-1).
#[derive(Clone, Copy, Debug)]
pub struct MarginRanking {
    /// By how much it is to be larger.
    pub margin: f64,
}

impl TupleFormula<2, 1> for MarginRanking {
    #[inline(always)]
    fn value<R: Real>(&self, [a, b]: [R; 2], [t]: [R; 1]) -> R {
        (t * (b - a) + self.margin).positive_part()
    }
}

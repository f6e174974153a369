//! Losses of a difference between a prediction and a real-valued target.

use super::{ColumnFormula, Formula, Real, heavy_tail::ln_1p_square};
use core::f64::consts::LN_2;

/// `(x - t)²`
#[derive(Clone, Copy, Debug)]
pub struct Squared;

impl Formula for Squared {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let d = x - t;
        d.clone() * d
    }
}

/// `|x - t|`, with derivative 0 at 0.
#[derive(Clone, Copy, Debug)]
pub struct Absolute;

impl Formula for Absolute {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        (x - t).abs()
    }
}

/// `d²/2` for `|d| < delta`, `delta (|d| - delta/2)` beyond, with `d = x - t` (Huber, 1964).
#[derive(Clone, Copy, Debug)]
pub struct Huber {
    /// Where the parabola turns into a line, above 0.
    pub delta: f64,
}

impl Formula for Huber {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let a = (x - t).abs();
        // Beyond delta the parabola is not used; held at delta it cannot overflow either.
        let near = a.clone().at_most(self.delta);
        let parabola = near.clone() * (near * 0.5);
        let line = (a.clone() - 0.5 * self.delta) * self.delta;
        a.where_below(self.delta, parabola, line)
    }
}

/// `d²/(2 beta)` for `|d| < beta`, `|d| - beta/2` beyond, with `d = x - t` (Girshick, 2015):
/// [`Huber`] divided by its width, and `|d|` for a width of 0.
#[derive(Clone, Copy, Debug)]
pub struct SmoothL1 {
    /// Where the parabola turns into a line, 0 or above.
    pub beta: f64,
}

impl Formula for SmoothL1 {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        // A width below what f32 can divide by is no width.
        if self.beta < f32::MIN_POSITIVE as f64 {
            return Absolute.value(x, t);
        }
        let a = (x - t).abs();
        let near = a.clone().at_most(self.beta);
        let parabola = near.clone() * (near * (0.5 / self.beta));
        a.where_below(self.beta, parabola, a.clone() - 0.5 * self.beta)
    }
}

/// `ln cosh(x - t)`.
///
/// Far from 0 it is `|d| + ln(1 + exp(-2|d|)) - ln 2`, which never overflows. Near 0 that
/// difference cancels; there it is `ln(1 + 2 sinh²(d/2))`, with the series of sinh.
#[derive(Clone, Copy, Debug)]
pub struct LogCosh;

impl LogCosh {
    /// Where the series hands over.
    const SERIES_BELOW: f64 = 1.0;

    /// Coefficients of `y, y³, y⁵, ..` in the Taylor series of `sinh y`: exact to the last digit of
    /// `f64` for `y <= 1/2`.
    const SINH: [f64; 8] = [
        1.0,
        1.0 / 6.0,
        1.0 / 120.0,
        1.0 / 5040.0,
        1.0 / 362_880.0,
        1.0 / 39_916_800.0,
        1.0 / 6_227_020_800.0,
        1.0 / 1_307_674_368_000.0,
    ];
}

impl Formula for LogCosh {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let a = (x - t).abs();
        let far = a.clone() + (a.clone() * -2.0).exp().ln_1p() - LN_2;

        let half = a.clone().at_most(Self::SERIES_BELOW) * 0.5;
        let square = half.clone() * half.clone();
        let [lower @ .., highest] = Self::SINH;
        // A loop: a fold from the right is not inlined, and lanes would go through memory.
        let mut series = square.constant(highest);
        for &coefficient in lower.iter().rev() {
            series = series * square.clone() + coefficient;
        }
        let sinh = half * series;
        let near = (sinh.clone() * sinh * 2.0).ln_1p();
        a.where_below(Self::SERIES_BELOW, near, far)
    }
}

/// `max(q d, (q - 1) d)` with `d = t - x` and the quantile `q` of the column: the pinball loss
/// (Koenker and Bassett, 1978). Its derivative at 0 is 0.
#[derive(Clone, Copy, Debug)]
pub struct Quantile;

impl ColumnFormula for Quantile {
    #[inline(always)]
    fn value_in_column<R: Real>(&self, x: R, t: R, quantile: R) -> R {
        let d = t - x;
        // The two sides are added, each of them 0 with slope 0 where it does not apply.
        let below = d.clone().positive_part();
        let above = (-d).positive_part();
        below * quantile.clone() + above * (-(quantile - 1.0))
    }
}

/// `sqrt((x - t)² + epsilon²)` (Charbonnier et al., 1994).
#[derive(Clone, Copy, Debug)]
pub struct Charbonnier {
    /// The smoothing width, above 0.
    pub epsilon: f64,
}

impl Formula for Charbonnier {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        // The larger of |d| and epsilon is taken out of the root, so that no square overflows or
        // vanishes. The result does not depend on that scale, so it goes without a derivative.
        let a = (x - t).abs();
        let finite = a.clone().at_most(f32::MAX as f64);
        let scale = finite.clone().detach().at_least(self.epsilon);
        let error = finite / scale.clone();
        let width = scale.constant(self.epsilon) / scale.clone();
        let root = scale * (error.clone() * error + width.clone() * width).sqrt();
        a.where_below(f32::MAX as f64, root, a.clone())
    }
}

/// `ln(1 + (d / c)²)` with `d = x - t` (Black and Anandan, 1996).
///
/// Up to `c` it is that; beyond, `2 ln(|d| / c) + ln(1 + (c / d)²)`, where no square overflows; far out
/// `2 (ln |d| - ln c)`, where the ratio might.
#[derive(Clone, Copy, Debug)]
pub struct Cauchy {
    /// Where the parabola turns into a logarithm, above 0.
    pub c: f64,
}

impl Formula for Cauchy {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        // The ratio from which its square is all there is.
        const FAR: f64 = (1u128 << 64) as f64;
        let bound = self.c * FAR;
        let a = (x - t).abs();
        let ratio = a.clone().at_most(bound) * (1.0 / self.c);
        let far = (a.clone().at_least(bound).ln() - self.c.ln()) * 2.0;
        a.where_below(bound, ln_1p_square(ratio), far)
    }
}

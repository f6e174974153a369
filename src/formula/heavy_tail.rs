//! Logarithms that heavy tails are made of, and the loss that has any of them.

use super::{Formula, Real, TupleFormula};

/// `ln(1 + r²)` of a ratio that is 0 or above: from 1 on `2 ln r + ln(1 + 1/r²)`, where no square overflows.
#[inline(always)]
pub(crate) fn ln_1p_square<R: Real>(ratio: R) -> R {
    let inside = ratio.clone().at_most(1.0);
    let near = (inside.clone() * inside).ln_1p();
    let outside = ratio.clone().at_least(1.0);
    let inverse = outside.constant(1.0) / outside.clone();
    let beyond = outside.ln() * 2.0 + (inverse.clone() * inverse).ln_1p();
    ratio.where_below(1.0, near, beyond)
}

/// Barron's loss of a residual of that size in units of the scale, for a finite shape `alpha` other than 2.
///
/// With `b = |alpha - 2|`, which is given besides, `L = ln(1 + r²/b)` and `u = alpha L / 2` it is `b/alpha (e^u - 1)`. Near `u = 0`
/// that is `b L/2 (1 + u/2 (1 + u/3 (1 + ..`, where nothing is divided by a shape near 0.
#[inline(always)]
pub(crate) fn barron<R: Real>(size: R, alpha: R, b: R) -> R {
    const NEAR: f64 = 0.5;
    const TERMS: u32 = 14;
    let half = ln_1p_square(size / b.clone().sqrt()) * 0.5;
    let u = alpha.clone() * half.clone();
    let distance = u.clone().abs();
    let small = distance.where_below(NEAR, u.clone(), u.constant(0.0));
    let mut series = u.constant(1.0);
    for n in (2..=TERMS).rev() {
        series = series * small.clone() * (1.0 / f64::from(n)) + 1.0;
    }
    let near = b.clone() * half * series;
    let divisor = distance.where_below(NEAR, alpha.constant(1.0), alpha);
    let far = b / divisor * u.exp_m1();
    distance.where_below(NEAR, near, far)
}

/// `|a - 2|/a ((z/|a - 2| + 1)^(a/2) - 1)` with `z = ((x - t) / c)²`, the shape `a` and the scale `c` (Barron, 2019). Limits:
/// `z/2` at 2, `ln(1 + z/2)` at 0, `1 - e^(-z/2)` at minus infinity.
#[derive(Clone, Copy, Debug)]
pub struct Barron {
    /// The shape: how little an outlier costs, the less the smaller. Minus infinity is the least.
    pub alpha: f64,
    /// The error from which a residual is an outlier, above 0.
    pub scale: f64,
}

impl Formula for Barron {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        // Beyond, the loss is its limit at minus infinity to twelve digits.
        const LOWEST: f64 = -1e12;
        let size = (x - t).abs() * (1.0 / self.scale);
        if self.alpha < LOWEST {
            let bounded = size.at_most(1e9);
            return -(bounded.clone() * bounded * -0.5).exp_m1();
        }
        if self.alpha == 2.0 {
            return size.clone() * size * 0.5;
        }
        let alpha = size.constant(self.alpha);
        let b = size.constant((self.alpha - 2.0).abs());
        barron(size, alpha, b)
    }
}

/// The negative log-likelihood of the distribution whose loss is Barron's, with a shape below 2 and a scale of their own for
/// each sample: `rho(x - t, alpha, c) + ln c + ln Z`. The logarithm of `Z(alpha)`, by which the density is divided, is the
/// last of the numbers.
#[derive(Clone, Copy, Debug)]
pub struct BarronNll;

impl TupleFormula<4, 1> for BarronNll {
    #[inline(always)]
    fn value<R: Real>(&self, [x, alpha, scale, ln_z]: [R; 4], [t]: [R; 1]) -> R {
        let size = (x - t).abs() / scale.clone();
        let b = -(alpha.clone() - 2.0);
        barron(size, alpha, b) + scale.ln() + ln_z
    }
}

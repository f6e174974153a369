//! Losses of a score that should be above 0 for one of two sides, and of two scores one of which should be larger.

use super::{Formula, Real, anchors::softplus};

/// `[1 - s x]_+`, or its square, for the side s, -1 or 1; its derivative at the margin is 0.
#[derive(Clone, Copy, Debug)]
pub struct Hinge {
    /// Whether the square is taken.
    pub squared: bool,
    /// Whether targets are 0 and 1 in place of -1 and 1.
    pub from_zero: bool,
}

impl Formula for Hinge {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let side = if self.from_zero { t * 2.0 - 1.0 } else { t };
        let short = (-(side * x) + 1.0).positive_part();
        if self.squared {
            short.clone() * short
        } else {
            short
        }
    }
}

/// `ln(1 + e^(-t x))` for the side t, -1 or 1.
#[derive(Clone, Copy, Debug)]
pub struct SoftMargin;

impl Formula for SoftMargin {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        softplus(-(t * x))
    }
}

/// `x` where t is above 0, `[margin - x]_+` where it is below, NaN where it is neither.
#[derive(Clone, Copy, Debug)]
pub struct HingeEmbedding {
    /// How far apart what differs should be.
    pub margin: f64,
}

impl Formula for HingeEmbedding {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let apart = (-(x.clone() - self.margin)).positive_part();
        let neither = x.constant(f64::NAN);
        let together = (-t.clone()).where_below(0.0, x, neither);
        // The target is in it, so that a target that wants a gradient gets one, of 0.
        t.where_below(0.0, apart, together) + t * 0.0
    }
}

/// `ln(1 + e^(t - x))`: minus the logarithm of the probability that x is preferred to t.
#[derive(Clone, Copy, Debug)]
pub struct Preference;

impl Formula for Preference {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        softplus(t - x)
    }
}

//! Cross entropy that fades where the prediction is already right.

use super::{Formula, Real, binary::Logit};

/// The least number that has a finite reciprocal in `f32`.
pub(super) const TINY: f64 = f32::MIN_POSITIVE as f64;

/// A whole exponent small enough to be multiplied out.
#[inline(always)]
fn whole(gamma: f64) -> Option<u32> {
    (gamma.fract() == 0.0 && gamma <= 8.0).then_some(gamma as u32)
}

/// `miss^gamma` for a `miss` in `[0, 1]`, with finite derivatives in every factor.
#[inline(always)]
pub(super) fn power<R: Real>(miss: R, gamma: f64) -> R {
    match whole(gamma) {
        Some(gamma) => miss.powi(gamma),
        None => {
            let power = (miss.clone().at_least(TINY).ln() * gamma).exp();
            miss.where_equal(0.0, miss.constant(0.0), power)
        }
    }
}

/// An entropy times what it fades by. An infinite one is that of a certain miss, where that is 1 and flat.
#[inline(always)]
pub(super) fn faded<R: Real>(entropy: R, modulation: R) -> R {
    let finite = entropy.clone().at_most(f32::MAX as f64);
    entropy.where_below(f64::INFINITY, finite * modulation, entropy.clone())
}

/// `alpha_t (1 - p_t)^gamma CE(x, t)` with `p = sigmoid(x)` (Lin et al., 2017), where
/// `p_t = p t + (1 - p)(1 - t)` and `alpha_t = alpha t + (1 - alpha)(1 - t)`.
#[derive(Clone, Copy, Debug)]
pub struct SigmoidFocal {
    /// The weight of positives, in `[0, 1]`; negatives weigh `1 - alpha`. `None` weighs both 1.
    pub alpha: Option<f64>,
    /// How fast right predictions fade, 0 or above.
    pub gamma: f64,
}

impl SigmoidFocal {
    /// `(1 - p_t)^gamma`, or `None` where it is 1 for every prediction.
    #[inline(always)]
    fn modulation<R: Real>(&self, logit: &Logit<R>) -> Option<R> {
        // 1 - p_t = (against + towards z) / (1 + z): a sum of what is not negative.
        let numerator = logit.against.clone() + logit.towards() * logit.decay.clone();
        if self.gamma == 0.0 {
            None
        } else if let Some(gamma) = whole(self.gamma) {
            let miss = numerator / (logit.decay.clone() + 1.0);
            Some(miss.powi(gamma))
        } else {
            // miss^(gamma - 1) in a derivative would be infinite at 0, while the product it
            // stands in is finite. Through the logarithm every factor is bounded. Where the
            // numerator leaves the range of f32, only z is left of it and ln z = -|x|. (Of a
            // derivative with respect to the target, at most a share gamma / |x| is lost there.)
            let inside = numerator.clone().at_least(TINY);
            let ln_numerator = numerator.where_below(TINY, -logit.distance.clone(), inside.ln());
            let ln_miss = ln_numerator - logit.decay.clone().ln_1p();
            Some((ln_miss * self.gamma).exp())
        }
    }
}

impl Formula for SigmoidFocal {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let logit = Logit::new(x, t.clone());
        let entropy = logit.cross_entropy();
        let faded = match self.modulation(&logit) {
            Some(modulation) => faded(entropy, modulation),
            None => entropy,
        };
        match self.alpha {
            Some(alpha) => (-(t.clone() - 1.0) * (1.0 - alpha) + t * alpha) * faded,
            None => faded,
        }
    }
}

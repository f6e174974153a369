//! Cross entropy of one logit that fades faster for negatives.

use super::{Formula, Real, binary::Logit, focal::power};

/// `-t (1 - p)^(gamma+) ln p - (1 - t) p_m^(gamma-) ln(1 - p_m)` with `p = sigmoid(x)` and
/// `p_m = max(p - clip, 0)` (Ridnik et al., 2021).
#[derive(Clone, Copy, Debug)]
pub struct Asymmetric {
    /// How fast right positives fade, 0 or above.
    pub gamma_positive: f64,
    /// How fast right negatives fade, 0 or above.
    pub gamma_negative: f64,
    /// Negatives of a probability up to this are left out, in `[0, 1)`.
    pub clip: f64,
}

impl Formula for Asymmetric {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let zero = x.constant(0.0);
        let logit = Logit::new(x.clone(), t.clone());
        let near = logit.decay.clone() / (logit.decay.clone() + 1.0);
        let far = -(near.clone() - 1.0);
        // p and 1 - p, neither by subtraction from 1 where it is small.
        let p = x.where_below(0.0, near.clone(), far.clone());
        let rest = x.where_below(0.0, far, near);
        let tail = logit.decay.clone().ln_1p();
        let ln_p = -(x.where_below(0.0, logit.distance.clone(), zero.clone()) + tail.clone());

        let others = -(t.clone() - 1.0);
        let positive = faded(-ln_p, power(rest.clone(), self.gamma_positive), &t);
        let negative = if self.clip == 0.0 {
            let ln_rest = -(x.where_below(0.0, zero, logit.distance.clone()) + tail);
            faded(-ln_rest, power(p, self.gamma_negative), &others)
        } else {
            let shifted = (p - self.clip).at_least(0.0);
            // Towards 1 without the subtraction, which would lose what a small clip adds to 1 - p.
            let near = (-shifted.clone().at_most(0.5)).ln_1p();
            let ln_rest = shifted.where_below(0.5, near, (rest + self.clip).ln());
            -(power(shifted, self.gamma_negative) * ln_rest)
        };
        t * positive + others * negative
    }
}

/// An entropy times what it fades by. An infinite one is that of a certain miss, which does not fade;
/// where its share of the target is 0 it is finite.
#[inline(always)]
fn faded<R: Real>(entropy: R, power: R, share: &R) -> R {
    let finite = entropy.clone().at_most(f32::MAX as f64);
    let certain = share.where_equal(0.0, finite.clone(), entropy.clone());
    entropy.where_below(f64::INFINITY, finite * power, certain)
}

//! Cross entropy of a logit that should say how good something is, not only whether it is there.

use super::{
    BinaryCrossEntropy, Formula, Real, SigmoidFocal,
    binary::Logit,
    focal::{faded, power},
};

/// `|t - p|^beta CE(x, t)` with `p = sigmoid(x)` (Li et al., 2020).
#[derive(Clone, Copy, Debug)]
pub struct QualityFocal {
    /// How fast right predictions fade, 0 or above.
    pub beta: f64,
}

impl Formula for QualityFocal {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let logit = Logit::new(x, t);
        // |t - p| = |against - towards z| / (1 + z)
        let gap = logit.against.clone() - logit.towards() * logit.decay.clone();
        let miss = gap.abs() / (logit.decay.clone() + 1.0);
        faded(logit.cross_entropy(), power(miss, self.beta))
    }
}

/// `t CE(x, t)` where t is above 0 (or `CE(x, t)`), `alpha p^gamma CE(x, 0)` where it is 0, with `p = sigmoid(x)` (Zhang et
/// al., 2021).
#[derive(Clone, Copy, Debug)]
pub struct Varifocal {
    /// The weight of negatives, 0 or above.
    pub alpha: f64,
    /// How fast right negatives fade, 0 or above.
    pub gamma: f64,
    /// Whether positives are weighted by their target.
    pub iou_weighted: bool,
}

impl Formula for Varifocal {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let negative = fading(x.clone(), t.constant(0.0), self.gamma) * self.alpha;
        let entropy = BinaryCrossEntropy.value(x, t.clone());
        let positive = if self.iou_weighted {
            faded(entropy, t.clone())
        } else {
            entropy
        };
        t.where_equal(0.0, negative, positive)
    }
}

/// `-(1 - p)^alpha ln p` where t is 1, `-(1 - t)^gamma p^alpha ln(1 - p)` elsewhere, with `p = sigmoid(x)` (Law and
/// Deng, 2018).
#[derive(Clone, Copy, Debug)]
pub struct GaussianFocal {
    /// How fast right predictions fade, 0 or above.
    pub alpha: f64,
    /// How fast negatives fade towards the centre of an object, 0 or above.
    pub gamma: f64,
}

impl Formula for GaussianFocal {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let one = t.constant(1.0);
        let label = t.where_equal(1.0, one.clone(), t.constant(0.0));
        let rest = -(t.clone() - 1.0);
        // The target is in it whatever the exponent, so that a target that wants a gradient gets one.
        let far = match self.gamma {
            0.0 => rest * 0.0 + 1.0,
            gamma => power(rest, gamma),
        };
        fading(x, label, self.alpha) * t.where_equal(1.0, one, far)
    }
}

/// Focal loss without a weight of its sides, against a label of 0 or 1.
#[inline(always)]
fn fading<R: Real>(x: R, label: R, gamma: f64) -> R {
    SigmoidFocal { alpha: None, gamma }.value(x, label)
}

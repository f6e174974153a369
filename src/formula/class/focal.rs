//! Cross entropy that fades where the prediction is already right.

use super::{Adjustment, ClassFormula, Real, miss};
use crate::formula::focal::power;

/// `-(1 - e^l)^gamma l`: cross entropy that fades where the prediction is right (Lin et al., 2017), times the factor
/// `alpha_c` of the class.
#[derive(Clone, Debug)]
pub struct SoftmaxFocal {
    /// The factor of each class, or one for all; `None` is 1.
    pub alpha: Option<Vec<f64>>,
    /// How fast right predictions fade, 0 or above.
    pub gamma: f64,
}

impl SoftmaxFocal {
    /// Below this, `1 - e^l` is 1 in any type.
    const CERTAIN_MISS: f64 = -150.0;
}

impl ClassFormula for SoftmaxFocal {
    #[inline(always)]
    fn is_linear(&self) -> bool {
        self.gamma == 0.0
    }

    #[inline(always)]
    fn value<R: Real>(&self, l: R) -> R {
        if self.gamma == 0.0 {
            return -l;
        }
        // The product rule would meet infinity times 0 at an infinite l.
        let finite = l.clone().at_least(Self::CERTAIN_MISS);
        let faded = -(power(miss(finite.clone()), self.gamma) * finite);
        l.where_below(Self::CERTAIN_MISS, -l.clone(), faded)
    }

    fn adjustment(&self) -> Adjustment {
        match self.alpha.clone() {
            Some(alpha) => Adjustment::default().with_factors("alpha", alpha),
            None => Adjustment::default(),
        }
    }
}

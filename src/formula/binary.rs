//! Cross entropy of one logit, or one probability, against a target in `[0, 1]`.

use super::{ColumnFormula, Formula, Real};

/// A logit and its target, taken apart into quantities that neither overflow nor cancel.
///
/// With `z = exp(-|x|)` the sigmoid of x is `1 / (1 + z)` or `z / (1 + z)`, and every loss of a
/// logit is made of `|x|`, `z` and the share of the target on the far side of the logit's sign.
pub(super) struct Logit<R> {
    /// `|x|`
    pub distance: R,
    /// `exp(-|x|)`, in `[0, 1]`.
    pub decay: R,
    /// The share of the target that the sign of x speaks against: `1 - t` for `x >= 0`, else `t`.
    pub against: R,
}

impl<R: Real> Logit<R> {
    #[inline(always)]
    pub fn new(x: R, t: R) -> Self {
        let against = x.where_below(0.0, t.clone(), -(t - 1.0));
        // Not `abs`: at 0 the slope has to be that of the side `against` was taken from.
        let distance = x.where_below(0.0, -x.clone(), x.clone());
        Self {
            decay: (-distance.clone()).exp(),
            distance,
            against,
        }
    }

    /// The share of the target that the sign of x speaks for.
    #[inline(always)]
    pub fn towards(&self) -> R {
        -(self.against.clone() - 1.0)
    }

    /// `share · |x|`, where a share of exactly 0 gives 0 also for an infinite logit.
    #[inline(always)]
    pub fn reach(&self, share: R) -> R {
        let finite = self.distance.clone().at_most(f32::MAX as f64);
        let distance = share.where_equal(0.0, finite, self.distance.clone());
        share * distance
    }

    /// `-t ln p - (1 - t) ln(1 - p)` for the sigmoid p of the logit.
    #[inline(always)]
    pub fn cross_entropy(&self) -> R {
        self.reach(self.against.clone()) + self.decay.clone().ln_1p()
    }
}

/// `-t ln p - (1 - t) ln(1 - p)` with `p = sigmoid(x)`: the binary cross entropy of a logit.
#[derive(Clone, Copy, Debug)]
pub struct BinaryCrossEntropy;

impl Formula for BinaryCrossEntropy {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        Logit::new(x, t).cross_entropy()
    }
}

/// `-w t ln p - (1 - t) ln(1 - p)` with `p = sigmoid(x)` and the positive weight `w` of the column.
#[derive(Clone, Copy, Debug)]
pub struct WeightedCrossEntropy;

impl ColumnFormula for WeightedCrossEntropy {
    #[inline(always)]
    fn value_in_column<R: Real>(&self, x: R, t: R, positive_weight: R) -> R {
        let logit = Logit::new(x.clone(), t.clone());
        let against = x.where_below(
            0.0,
            t.clone() * positive_weight.clone(),
            logit.against.clone(),
        );
        // The weights of both sides together; exactly 1 where the weight is 1.
        let total = t.clone() * positive_weight - (t - 1.0);
        logit.reach(against) + total * logit.decay.clone().ln_1p()
    }
}

/// The smallest normal `f32`: below it `1 / p` overflows, so the derivative of `ln p` stops here.
const TINY: f64 = f32::MIN_POSITIVE as f64;

/// The least logarithm of a probability, as PyTorch has it.
const LEAST_LN: f64 = -100.0;

/// `ln p` and `ln(1 - p)` of a probability, each held within `[-100, 0]`, with derivative 0 at both
/// ends.
#[inline(always)]
fn logarithms<R: Real>(p: R) -> (R, R) {
    let ln_p = {
        let low = p.clone().detach().ln().at_least(LEAST_LN);
        let inside = p.clone().at_least(TINY);
        let ln = p.where_equal(1.0, p.constant(0.0), inside.ln());
        p.where_below(TINY, low, ln)
    };
    let ln_rest = {
        // 1 - p is 0 or at least half an ULP of 1, never tiny.
        let inside = p.where_equal(1.0, p.constant(0.0), p.clone());
        let ln = p.where_equal(0.0, p.constant(0.0), (-inside).ln_1p());
        p.where_equal(1.0, p.constant(LEAST_LN), ln)
    };
    (ln_p, ln_rest)
}

/// `-t ln x - (1 - t) ln(1 - x)` for a probability x.
#[derive(Clone, Copy, Debug)]
pub struct ProbabilityCrossEntropy;

impl Formula for ProbabilityCrossEntropy {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let (ln_x, ln_rest) = logarithms(x);
        (t.clone() - 1.0) * ln_rest - t * ln_x
    }
}

/// `-w t ln x - (1 - t) ln(1 - x)` for a probability x and the positive weight `w` of the column.
#[derive(Clone, Copy, Debug)]
pub struct WeightedProbabilityCrossEntropy;

impl ColumnFormula for WeightedProbabilityCrossEntropy {
    #[inline(always)]
    fn value_in_column<R: Real>(&self, x: R, t: R, positive_weight: R) -> R {
        let (ln_x, ln_rest) = logarithms(x);
        (t.clone() - 1.0) * ln_rest - t * positive_weight * ln_x
    }
}

/// Another formula on targets drawn towards one half: `t (1 - s) + s / 2` (Szegedy et al., 2016).
#[derive(Clone, Copy, Debug)]
pub struct Smoothed<F> {
    /// The formula on the smoothed targets.
    pub formula: F,
    /// How much of the target is spread over both sides, in `[0, 1]`.
    pub smoothing: f64,
}

impl<F: ColumnFormula> ColumnFormula for Smoothed<F> {
    #[inline(always)]
    fn value_in_column<R: Real>(&self, x: R, t: R, column: R) -> R {
        let t = if self.smoothing == 0.0 {
            t
        } else {
            t * (1.0 - self.smoothing) + 0.5 * self.smoothing
        };
        self.formula.value_in_column(x, t, column)
    }
}

/// The binary cross entropies, one of them chosen when the program runs. The parameter of a column is the weight of
/// its positives, where there is one.
#[derive(Clone, Copy, Debug)]
pub enum BinaryVariant {
    /// Of logits.
    Logits,
    /// Of logits, with positive weights.
    WeightedLogits,
    /// Of probabilities.
    Probabilities,
    /// Of probabilities, with positive weights.
    WeightedProbabilities,
}

impl ColumnFormula for BinaryVariant {
    #[inline(always)]
    fn value_in_column<R: Real>(&self, x: R, t: R, column: R) -> R {
        match self {
            BinaryVariant::Logits => BinaryCrossEntropy.value(x, t),
            BinaryVariant::WeightedLogits => WeightedCrossEntropy.value_in_column(x, t, column),
            BinaryVariant::Probabilities => ProbabilityCrossEntropy.value(x, t),
            BinaryVariant::WeightedProbabilities => {
                WeightedProbabilityCrossEntropy.value_in_column(x, t, column)
            }
        }
    }
}

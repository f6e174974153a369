//! The loss of a class from the logarithm of its softmax probability, and what may be done to
//! logits before the softmax.

use super::Real;
use core::fmt::Debug;

/// The loss `phi(l)` of a class whose probability is `e^l`.
///
/// A softmax loss is the sum of `phi` over the classes, each weighted with its share of the target.
pub trait ClassFormula: Copy + Debug + Send + Sync + 'static {
    /// Whether this is `-l`: its sums over classes need no function of each.
    fn is_linear(&self) -> bool {
        false
    }

    /// `phi(l)`, for `l <= 0`.
    fn value<R: Real>(&self, l: R) -> R;
}

/// `-l`: cross entropy.
#[derive(Clone, Copy, Debug)]
pub struct CrossEntropy;

impl ClassFormula for CrossEntropy {
    #[inline(always)]
    fn is_linear(&self) -> bool {
        true
    }

    #[inline(always)]
    fn value<R: Real>(&self, l: R) -> R {
        -l
    }
}

/// `1 - e^l`, what a probability lacks of 1.
#[inline(always)]
pub(super) fn miss<R: Real>(l: R) -> R {
    -l.exp_m1()
}

/// `-entropy l + miss (1 - e^l)`: cross entropy with a term that is linear in the probability.
///
/// With `entropy` 1 it is Poly-1 (Leng et al., 2022); symmetric cross entropy (Wang et al., 2019)
/// has `miss = -beta A` for the logarithm `A` that stands for that of 0.
#[derive(Clone, Copy, Debug)]
pub struct EntropyAndMiss {
    /// The factor of the cross entropy.
    pub entropy: f64,
    /// The factor of what the probability lacks of 1.
    pub miss: f64,
}

impl ClassFormula for EntropyAndMiss {
    #[inline(always)]
    fn is_linear(&self) -> bool {
        self.entropy == 1.0 && self.miss == 0.0
    }

    #[inline(always)]
    fn value<R: Real>(&self, l: R) -> R {
        let missing = miss(l.clone()) * self.miss;
        if self.entropy == 0.0 {
            // 0 times an infinite logarithm would be no number.
            missing
        } else {
            l * -self.entropy + missing
        }
    }
}

/// `(1 - e^(q l)) / q`: between cross entropy (q towards 0) and the mean absolute error (q = 1)
/// (Zhang and Sabuncu, 2018).
#[derive(Clone, Copy, Debug)]
pub struct GeneralizedCrossEntropy {
    /// In `(0, 1]`.
    pub q: f64,
}

impl ClassFormula for GeneralizedCrossEntropy {
    #[inline(always)]
    fn value<R: Real>(&self, l: R) -> R {
        miss(l * self.q) * (1.0 / self.q)
    }
}

/// What is done to the logit of the target class alone.
pub trait Margin: Copy + Debug + Send + Sync + 'static {
    /// Whether the logit stays as it is.
    fn is_none(&self) -> bool {
        false
    }

    /// The logit `z` of a target class whose parameter is `parameter`.
    fn value<R: Real>(&self, z: R, parameter: R) -> R;
}

/// The logit as it is.
#[derive(Clone, Copy, Debug)]
pub struct NoMargin;

impl Margin for NoMargin {
    #[inline(always)]
    fn is_none(&self) -> bool {
        true
    }

    #[inline(always)]
    fn value<R: Real>(&self, z: R, _parameter: R) -> R {
        z
    }
}

/// `z - m` with the margin m of the class.
#[derive(Clone, Copy, Debug)]
pub struct AdditiveMargin;

impl Margin for AdditiveMargin {
    #[inline(always)]
    fn value<R: Real>(&self, z: R, parameter: R) -> R {
        z - parameter
    }
}

/// `cos(t + m)` of the angle t whose cosine is z; where that is beyond a half turn, `z - m sin m`, so that
/// it goes on falling (Deng et al., 2019).
#[derive(Clone, Copy, Debug)]
pub struct AngularMargin {
    /// m in radians, from 0 to pi.
    pub margin: f64,
}

impl Margin for AngularMargin {
    #[inline(always)]
    fn value<R: Real>(&self, z: R, _parameter: R) -> R {
        let (sin, cos) = self.margin.sin_cos();
        let beyond = z.clone() - self.margin * sin;
        // Rounding may have made it more than a cosine; at the ends its sine has no slope.
        let square = -(z.clone() * z.clone()) + 1.0;
        let none = square.constant(0.0);
        let one = square.constant(1.0);
        let root = square
            .where_below(f64::from(f32::MIN_POSITIVE), one, square.clone())
            .sqrt();
        let sine = square.where_below(f64::from(f32::MIN_POSITIVE), none, root);
        let turned = z.clone() * cos - sine * sin;
        z.where_below(-cos, beyond, turned)
    }
}

/// `c tanh(z / c)`: logits held within `(-c, c)`.
#[derive(Clone, Copy, Debug)]
pub struct SoftCap {
    /// The bound c, above 0.
    pub cap: f64,
}

impl SoftCap {
    /// The logit that takes the place of `z`.
    #[inline(always)]
    pub fn value<R: Real>(&self, z: R) -> R {
        tanh(z * (1.0 / self.cap)) * self.cap
    }
}

#[inline(always)]
fn tanh<R: Real>(x: R) -> R {
    // Not `abs`: its slope at 0 is 0.
    let distance = x.where_below(0.0, -x.clone(), x.clone());
    let rest = (distance * -2.0).exp_m1();
    let tanh = -(rest.clone() / (rest + 2.0));
    x.where_below(0.0, -tanh.clone(), tanh)
}

/// Everything a loss makes of a softmax row, its target apart.
///
/// With logits z, the activation g (a soft cap, or none), biases b, the scale s and the margin of
/// the target class y:
/// ```text
/// a_c = s (g(z_c) + b_c)       at y with the margin applied to g(z_y)
/// l_c = a_c - ln sum_k e^(a_k)
/// row = f (sum_c q_c w_c phi(l_c) + z_loss (ln sum_k e^(a_k))²)
/// q   = (1 - e) target + e / C        for the label smoothing e
/// ```
#[derive(Clone, Debug)]
pub(crate) struct SoftmaxRow<F, M> {
    /// The name of the loss in messages.
    pub loss: &'static str,
    /// phi
    pub formula: F,
    /// The margin, and its parameter for each class.
    pub margin: (M, Vec<f64>),
    /// g
    pub soft_cap: Option<SoftCap>,
    /// b; empty where there is none.
    pub bias: Vec<f64>,
    /// s
    pub scale: f64,
    /// w; empty where all are 1.
    pub weights: Vec<f64>,
    /// By how much a row counts in a mean, for each class of its target; empty where all are 1.
    pub counts: Vec<f64>,
    /// e
    pub smoothing: f64,
    /// The class that stands for no target.
    pub ignore_index: Option<i64>,
    /// The factor of the squared log-sum-exp.
    pub z_loss: f64,
    /// Whether `sum_c q_c w_c ln q_c` is added: the divergence rather than the cross entropy.
    pub divergence: bool,
    /// f
    pub factor: f64,
}

impl<F: ClassFormula> SoftmaxRow<F, NoMargin> {
    /// Rows with nothing but a formula.
    pub fn new(loss: &'static str, formula: F) -> Self {
        Self {
            loss,
            formula,
            margin: (NoMargin, Vec::new()),
            soft_cap: None,
            bias: Vec::new(),
            scale: 1.0,
            weights: Vec::new(),
            counts: Vec::new(),
            smoothing: 0.0,
            ignore_index: None,
            z_loss: 0.0,
            divergence: false,
            factor: 1.0,
        }
    }

    /// With class weights, that count in a mean; none if the list is empty.
    pub fn weighted(self, weights: Vec<f64>) -> Self {
        Self {
            counts: weights.clone(),
            weights,
            ..self
        }
    }

    /// With a margin, of a parameter for each class.
    pub fn with_margin<M: Margin>(self, margin: M, parameters: Vec<f64>) -> SoftmaxRow<F, M> {
        SoftmaxRow {
            margin: (margin, parameters),
            loss: self.loss,
            formula: self.formula,
            soft_cap: self.soft_cap,
            bias: self.bias,
            scale: self.scale,
            weights: self.weights,
            counts: self.counts,
            smoothing: self.smoothing,
            ignore_index: self.ignore_index,
            z_loss: self.z_loss,
            divergence: self.divergence,
            factor: self.factor,
        }
    }
}

impl<F: ClassFormula, M: Margin> SoftmaxRow<F, M> {
    /// Whether the loss of a row whose target is one class has no term but that of this class.
    pub fn is_of_target_alone(&self) -> bool {
        self.smoothing == 0.0 && self.z_loss == 0.0
    }

    /// Whether a class index stands for no target.
    pub fn is_ignored(&self, class: i64) -> bool {
        self.ignore_index == Some(class)
    }

    /// Whether a row whose target is that class has neither loss nor gradient, whatever its logits: it is
    /// ignored, or its class weighs nothing and there is no other term.
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    pub fn is_nothing_at(&self, class: i64) -> bool {
        let weight = usize::try_from(class)
            .ok()
            .and_then(|class| self.weights.get(class));
        self.is_ignored(class) || self.is_of_target_alone() && weight == Some(&0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formula::{Dual, SoftmaxFocal};

    #[test]
    fn an_infinite_miss_has_a_finite_slope() {
        let l = Dual::variable(f64::NEG_INFINITY);
        for gamma in [0.0, 0.5, 1.0, 2.0, 5.0] {
            let focal = SoftmaxFocal { gamma }.value(l);
            assert_eq!((focal.value, focal.derivative()), (f64::INFINITY, -1.0));
        }
        let poly = EntropyAndMiss {
            entropy: 1.0,
            miss: 0.5,
        };
        let loss = poly.value(l);
        assert_eq!((loss.value, loss.derivative()), (f64::INFINITY, -1.0));
    }

    #[test]
    fn a_soft_cap_is_the_identity_near_0() {
        let capped = SoftCap { cap: 30.0 }.value(Dual::variable(0.0));
        assert_eq!((capped.value, capped.derivative()), (0.0, 1.0));
        let capped = SoftCap { cap: 30.0 }.value(Dual::variable(-1e4));
        assert_eq!(capped.value, -30.0);
        assert!(capped.derivative() < 1e-100, "{capped:?}");
    }
}

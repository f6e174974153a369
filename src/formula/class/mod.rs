//! The loss of a class from the logarithm of its softmax probability, and what may be done to logits
//! before the softmax.

mod adjustment;
mod focal;
mod imbalance;
mod margin;
mod robust;
mod soft_cap;

pub use adjustment::Adjustment;
pub(crate) use adjustment::ClassList;
pub use focal::SoftmaxFocal;
pub use imbalance::{BalancedSoftmax, Ldam, LogitAdjusted};
pub use margin::{AdditiveMargin, AngularMargin, Margin, NoMargin};
pub use robust::{EntropyAndMiss, GeneralizedCrossEntropy, Poly, SymmetricCrossEntropy};
pub use soft_cap::SoftCap;

use super::Real;
use core::fmt::Debug;

/// The loss `phi(l)` of a class whose probability is `e^l`.
///
/// The loss of a sample is the sum of `phi` over the classes, each times its share of the target:
/// ```text
/// loss = sum_c q_c f_c phi(ln p_c)          p = softmax(a)
/// a_c  = s (z_c + b_c), at the target class s (z_y + b_y - m_y)
/// ```
/// for the logits z. Factors f, biases b, margins m and the scale s are those of [`adjustment`](Self::adjustment),
/// none unless the formula says so.
///
/// A formula of your own becomes a loss by [`ClassLoss::new`](crate::ClassLoss::new). It keeps these rules:
///
/// - `value` is defined for every `l <= 0`. At 0 (a probability of 1) the loss and its slope are finite; at minus infinity
///   (a probability of 0) the loss may be infinite, its slope may not.
/// - NaN gives NaN.
/// - Choices are made by value ([`Real::where_below`], [`Real::where_equal`]), and the branch that is not chosen has
///   a finite slope, too. An `if` may look at hyperparameters alone.
/// - Loops are `for` loops: iterator adaptors with closures are not inlined into the kernels, and slow.
/// - `value` is marked `#[inline(always)]`.
pub trait ClassFormula: Clone + Debug + Send + Sync + 'static {
    /// Whether this is `-l`: its sums over classes need no function of each. Not for formulas of your own, which are
    /// right without it.
    #[doc(hidden)]
    fn is_linear(&self) -> bool {
        false
    }

    /// `phi(l)`, for `l <= 0`.
    fn value<R: Real>(&self, l: R) -> R;

    /// What is done to the logits before the softmax, and to the loss of each class after it.
    fn adjustment(&self) -> Adjustment {
        Adjustment::default()
    }
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
fn miss<R: Real>(l: R) -> R {
    -l.exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formula::Dual;

    #[test]
    fn an_infinite_miss_has_a_finite_slope() {
        let l = Dual::variable(f64::NEG_INFINITY);
        for gamma in [0.0, 0.5, 1.0, 2.0, 5.0] {
            let focal = SoftmaxFocal { alpha: None, gamma }.value(l);
            assert_eq!((focal.value, focal.derivative()), (f64::INFINITY, -1.0));
        }
        let loss = Poly { epsilon: 0.5 }.value(l);
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

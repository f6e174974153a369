//! What a loss of a list sums up over pairs of its items.

use super::{Real, softplus};
use core::fmt::Debug;

/// Which items of its list an item is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Those of less relevance.
    Lower,
    /// All others.
    Others,
}

/// The relevance of what is no item: the lowest number there is.
pub(crate) const PADDED: f32 = f32::MIN;

/// What an item costs beside each of those it is compared with, by the difference of their scores.
///
/// # Contract
/// - The value and its derivative are finite for any finite difference: pairs that are left out are evaluated, too.
/// - Choices are made by value, with [`Real::where_below`] and its like. Choices by hyperparameters may be an `if`.
/// - The function is marked `#[inline(always)]`.
pub trait ListFormula: Clone + Debug + Send + Sync + 'static {
    /// What an item is compared with.
    const COMPARED: Compared;

    /// What a pair costs whose scores differ by `d = s_i - s_j`, for the item i.
    fn value<R: Real>(&self, d: R) -> R;
}

/// `ln(1 + e^(-sigma d))`: RankNet (Burges et al., 2005).
#[derive(Clone, Copy, Debug)]
pub struct PairwiseLogistic {
    /// sigma
    pub sigma: f64,
}

impl ListFormula for PairwiseLogistic {
    const COMPARED: Compared = Compared::Lower;

    #[inline(always)]
    fn value<R: Real>(&self, d: R) -> R {
        softplus(d * -self.sigma)
    }
}

/// `max(0, margin - d)`, or its square: the margins between classes (Crammer and Singer, 2001; Weston and Watkins, 1999).
#[derive(Clone, Copy, Debug)]
pub struct PairwiseHinge {
    /// The margin.
    pub margin: f64,
    /// Whether it is squared.
    pub squared: bool,
}

impl ListFormula for PairwiseHinge {
    const COMPARED: Compared = Compared::Lower;

    #[inline(always)]
    fn value<R: Real>(&self, d: R) -> R {
        let short = (-d + self.margin).positive_part();
        if self.squared {
            short.clone() * short
        } else {
            short
        }
    }
}

/// 1 for each item of less relevance.
#[derive(Clone, Copy, Debug)]
pub struct LowerItems;

impl ListFormula for LowerItems {
    const COMPARED: Compared = Compared::Lower;

    #[inline(always)]
    fn value<R: Real>(&self, d: R) -> R {
        d.constant(1.0)
    }
}

/// `1 / (1 + e^(alpha d))`: how far an item is behind another, which makes a rank that has a slope (Qin et al., 2010).
#[derive(Clone, Copy, Debug)]
pub struct Precedence {
    /// alpha
    pub alpha: f64,
}

impl ListFormula for Precedence {
    const COMPARED: Compared = Compared::Others;

    #[inline(always)]
    fn value<R: Real>(&self, d: R) -> R {
        let x = d * self.alpha;
        // Not by `abs`: at 0 the slope has to be that of the side that is taken.
        let decay = x.where_below(0.0, x.clone(), -x.clone()).exp();
        let ahead = x.where_below(0.0, x.constant(1.0), decay.clone());
        ahead / (decay + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formula::Dual;

    #[test]
    fn far_pairs_are_exact() {
        let of = |d: f64| {
            let y = PairwiseLogistic { sigma: 1.0 }.value(Dual::variable(d));
            (y.value, y.derivative())
        };
        assert_eq!(of(-2e4), (2e4, -1.0));
        assert_eq!(of(2e4), (0.0, 0.0));
        assert_eq!(of(0.0), (2f64.ln(), -0.5));
    }

    #[test]
    fn precedence_is_a_sigmoid() {
        for d in [-800.0, -3.0, 0.0, 1e-3, 2.5, 800.0] {
            let y = Precedence { alpha: 2.0 }.value(Dual::variable(d));
            let p = 1.0 / (1.0 + (2.0 * d).exp());
            assert!((y.value - p).abs() < 1e-15 * p.max(1e-300) + 1e-16, "{d}");
            let slope = -2.0 * p * (1.0 - p);
            assert!((y.derivative() - slope).abs() < 1e-14, "{d}");
        }
    }

    #[test]
    fn a_hinge_at_its_kink_has_no_slope() {
        for squared in [false, true] {
            let hinge = PairwiseHinge {
                margin: 1.0,
                squared,
            };
            let y = hinge.value(Dual::variable(1.0));
            assert_eq!((y.value, y.derivative()), (0.0, 0.0));
        }
    }
}

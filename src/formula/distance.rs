//! How far apart two points are.

use super::{Real, binary::Logit};

/// A number of two points from which their distance follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// `a · b`
    Dot,
    /// `sum_k (a_k - b_k)²`
    SquaredEuclidean,
    /// `(sum_k |a_k - b_k|^p)^(1/p)`, p at least 1
    Lp(f64),
}

/// What makes a distance of a measure. The smaller it is, the closer are the points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gap {
    /// The measure itself.
    Same,
    /// Its square root, with slope 0 at 0.
    Root,
    /// `1 - x`
    Missing,
    /// `-x`
    Negative,
}

impl Gap {
    /// The distance of two points whose measure is `x`.
    #[inline(always)]
    pub fn value<R: Real>(&self, x: R) -> R {
        match self {
            Gap::Same => x,
            Gap::Root => {
                let (zero, one) = (x.constant(0.0), x.constant(1.0));
                let root = x.where_equal(0.0, one, x.clone()).sqrt();
                x.where_equal(0.0, zero, root)
            }
            Gap::Missing => -x + 1.0,
            Gap::Negative => -x,
        }
    }
}

/// What a triplet costs whose positive is `x` farther away than its negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TripletPenalty {
    /// `[x + m]_+`
    Hinge {
        /// m
        margin: f64,
    },
    /// `ln(1 + e^x)`
    Soft,
}

impl TripletPenalty {
    /// A hinge with a margin, or the soft penalty, which has none.
    pub fn new(margin: f64, is_soft: bool) -> Self {
        match is_soft {
            true => TripletPenalty::Soft,
            false => TripletPenalty::Hinge { margin },
        }
    }

    /// The cost.
    #[inline(always)]
    pub fn value<R: Real>(&self, x: R) -> R {
        match self {
            TripletPenalty::Hinge { margin } => (x + *margin).at_least(0.0),
            TripletPenalty::Soft => {
                let nothing = x.constant(0.0);
                Logit::new(x, nothing).cross_entropy()
            }
        }
    }
}

/// Which pairs of an anchor its triplets are made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PairSelection {
    /// All.
    All,
    /// Positives that are farther away than the nearest negative, less epsilon, and negatives nearer than
    /// the farthest positive, more epsilon (Wang et al., 2019).
    MultiSimilarity {
        /// epsilon
        epsilon: f64,
    },
}

/// The cost of all triplets of an anchor.
#[derive(Clone, Copy, Debug)]
pub struct AllTriplets {
    /// What a triplet costs.
    pub penalty: TripletPenalty,
    /// Which pairs they are made of.
    pub selection: PairSelection,
    /// What makes a distance of a measure.
    pub gap: Gap,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formula::Dual;

    #[test]
    fn points_that_coincide_have_no_slope() {
        let d = Gap::Root.value(Dual::variable(0.0));
        assert_eq!((d.value, d.derivative()), (0.0, 0.0));
        let d = Gap::Root.value(Dual::variable(4.0));
        assert_eq!((d.value, d.derivative()), (2.0, 0.25));
    }

    #[test]
    fn a_soft_penalty_is_right_far_out() {
        for (x, value, slope) in [(1e4, 1e4, 1.0), (-1e4, 0.0, 0.0), (0.0, 2f64.ln(), 0.5)] {
            let penalty = TripletPenalty::Soft.value(Dual::variable(x));
            assert!((penalty.value - value).abs() < 1e-12, "{x}");
            assert!((penalty.derivative() - slope).abs() < 1e-12, "{x}");
        }
    }

    #[test]
    fn a_hinge_ends_where_it_costs_nothing() {
        let penalty = TripletPenalty::Hinge { margin: 0.5 };
        for (x, value, slope) in [(-0.75, 0.0, 0.0), (-0.25, 0.25, 1.0), (1.0, 1.5, 1.0)] {
            let cost = penalty.value(Dual::variable(x));
            assert_eq!((cost.value, cost.derivative()), (value, slope));
        }
    }
}

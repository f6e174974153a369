//! What triplets cost, and which pairs they are made of.

use super::{Gap, Kind, Real, softplus};

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
            TripletPenalty::Hinge { margin } => (x + *margin).positive_part(),
            TripletPenalty::Soft => softplus(x),
        }
    }
}

/// How much a cost counts among those that are not 0: 1, or 0. One that is NaN counts: it must show.
#[inline(always)]
pub fn counts<R: Real>(cost: R) -> R {
    let [no, yes] = [0.0, 1.0].map(|value| cost.constant(value));
    cost.where_equal(0.0, no, yes)
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

impl PairSelection {
    /// Whether triplets are made of a pair of that kind: 1, or 0. `other` is the distance of the hardest pair
    /// of the other kind: that of the nearest negative for a positive, that of the farthest positive for a
    /// negative. A pair is kept where one of the two is NaN: it must show.
    #[inline(always)]
    pub fn keeps<R: Real>(&self, kind: Kind, distance: R, other: R) -> R {
        let [no, yes] = [0.0, 1.0].map(|value| distance.constant(value));
        let PairSelection::MultiSimilarity { epsilon } = *self else {
            return yes;
        };
        let hardness = match kind {
            Kind::Positive => distance + epsilon - other,
            Kind::Negative => other - (distance - epsilon),
        };
        let yes = hardness.where_equal(0.0, no.clone(), yes);
        hardness.where_below(0.0, no, yes)
    }

    /// Leaves those points next to an anchor that its triplets are made of: all of them where the distance of
    /// one is NaN.
    pub(crate) fn select<T>(
        &self,
        positives: &mut Vec<T>,
        negatives: &mut Vec<T>,
        distances: &impl Rounded<T>,
    ) {
        let is_nan = |one: &T| distances.around(one).0.is_nan();
        if *self == PairSelection::All || positives.iter().chain(&*negatives).any(is_nan) {
            return;
        }
        let nearest = extreme(
            negatives,
            |one| distances.around(one),
            |one| distances.exact(one),
        );
        let farthest = -extreme(
            positives,
            |one| {
                let (least, most) = distances.around(one);
                (-most, -least)
            },
            |one| -distances.exact(one),
        );
        let keeps = |kind: Kind, one: &T, other: f64| {
            let keeps = |distance: f64| self.keeps(kind, distance, other) != 0.0;
            let (least, most) = distances.around(one);
            match (keeps(least), keeps(most)) {
                (one, other) if one == other => one,
                _ => keeps(distances.exact(one)),
            }
        };
        positives.retain(|one| keeps(Kind::Positive, one, nearest));
        negatives.retain(|one| keeps(Kind::Negative, one, farthest));
    }
}

/// Distances whose last digits are rounding, but for which they can be had exactly.
pub(crate) trait Rounded<T> {
    /// The least and the most that a distance may be; NaN where it is.
    fn around(&self, one: &T) -> (f64, f64);

    /// The distance.
    fn exact(&self, one: &T) -> f64;
}

/// The least number; infinity where there is none. Only what may be the least is asked for exactly.
fn extreme<T>(all: &[T], around: impl Fn(&T) -> (f64, f64), exact: impl Fn(&T) -> f64) -> f64 {
    let most = all.iter().map(|one| around(one).1);
    let reach = most.fold(f64::INFINITY, f64::min);
    let candidates = all.iter().filter(|one| around(one).0 <= reach);
    candidates.map(exact).fold(f64::INFINITY, f64::min)
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

    #[test]
    fn a_cost_of_0_does_not_count_and_one_of_nan_does() {
        let costs = [0.0, -0.0, 1e-300, 2.0, f64::INFINITY, f64::NAN];
        assert_eq!(costs.map(counts), [0.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
    }

    fn selected(positives: &[f64], negatives: &[f64]) -> [Vec<f64>; 2] {
        let [mut positives, mut negatives] = [positives, negatives].map(<[f64]>::to_vec);
        let selection = PairSelection::MultiSimilarity { epsilon: 0.25 };
        selection.select(&mut positives, &mut negatives, &Unrounded);
        [positives, negatives]
    }

    struct Unrounded;

    impl Rounded<f64> for Unrounded {
        fn around(&self, one: &f64) -> (f64, f64) {
            (*one, *one)
        }

        fn exact(&self, one: &f64) -> f64 {
            *one
        }
    }

    /// Distances rounded to whole numbers.
    struct Whole;

    impl Rounded<f64> for Whole {
        fn around(&self, one: &f64) -> (f64, f64) {
            (one.round() - 0.5, one.round() + 0.5)
        }

        fn exact(&self, one: &f64) -> f64 {
            *one
        }
    }

    #[test]
    fn what_rounding_hides_is_looked_at() {
        let (mut positives, mut negatives) = (vec![1.2, 1.3, 9.0], vec![9.4, 9.1, 8.9, 1.4]);
        let selection = PairSelection::MultiSimilarity { epsilon: 0.15 };
        selection.select(&mut positives, &mut negatives, &Whole);
        assert_eq!(positives, [1.3, 9.0]);
        assert_eq!(negatives, [9.1, 8.9, 1.4]);
    }

    #[test]
    fn hard_pairs_are_selected() {
        // Those at 0.5 and at 1.5 are just as hard as is not hard enough.
        let [positives, negatives] = selected(&[0.25, 0.5, 1.25], &[0.75, 1.0, 1.5]);
        assert_eq!(positives, [1.25]);
        assert_eq!(negatives, [0.75, 1.0]);
    }

    #[test]
    fn without_pairs_of_the_other_kind_none_is_hard() {
        const NONE: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
        assert_eq!(selected(&[0.5], &[]), NONE);
        assert_eq!(selected(&[], &[0.5]), NONE);
    }

    #[test]
    fn a_distance_that_is_nan_keeps_all_pairs() {
        let [positives, negatives] = selected(&[0.25, f64::NAN], &[5.0]);
        assert_eq!((positives.len(), negatives.len()), (2, 1));
        let selection = PairSelection::MultiSimilarity { epsilon: 0.25 };
        for kind in [Kind::Positive, Kind::Negative] {
            assert_eq!(selection.keeps(kind, f64::NAN, 1.0), 1.0);
            assert_eq!(selection.keeps(kind, 1.0, f64::NAN), 1.0);
        }
    }
}

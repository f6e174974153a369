//! How far apart two points are.

use super::Real;

/// A number of two points from which their distance follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// `a · b`
    Dot,
    /// `1 - a · b` of points of norm 1, which is `|a - b|² / 2`: near points keep their digits. A point of zeros is at 1
    /// from all others.
    Cosine,
    /// `sum_k (a_k - b_k)²`
    SquaredEuclidean,
    /// `(sum_k |a_k - b_k|^p)^(1/p)`, p finite and at least 1
    Lp(f64),
}

impl Measure {
    /// The norm of the differences of coordinates that it follows from; `None` for a product.
    pub fn norm(self) -> Option<Norm> {
        match self {
            Measure::Dot => None,
            Measure::Cosine | Measure::SquaredEuclidean => Some(Norm::Squared),
            Measure::Lp(p) => Some(Norm::Lp(p)),
        }
    }

    /// Whether it is defined for points of norm 1 alone.
    pub fn is_of_unit_points(self) -> bool {
        self == Measure::Cosine
    }
}

/// A number of the differences of coordinates: a function of the sum of what each of them adds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Norm {
    /// `sum_k d_k²`
    Squared,
    /// `(sum_k |d_k|^p)^(1/p)`, p finite and at least 1
    Lp(f64),
}

impl Norm {
    /// Whether differences are taken relative to the largest of them, so that no power is out of range.
    /// Where they are not, their unit is 1 and need not be known.
    pub fn is_relative(self) -> bool {
        !matches!(self, Norm::Squared | Norm::Lp(1.0))
    }

    /// What differences are taken relative to, from the largest of their absolute values: 1 where that is 0
    /// or infinite.
    #[inline(always)]
    pub fn unit<R: Real>(largest: R) -> R {
        let one = largest.constant(1.0);
        let finite = largest.where_equal(f64::INFINITY, one.clone(), largest.clone());
        largest.where_equal(0.0, one, finite)
    }

    /// What a difference adds to the sum, if it has a unit, relative to that. At 0 it has slope 0.
    #[inline(always)]
    pub fn share<R: Real>(self, difference: R, unit: Option<R>) -> R {
        match self {
            Norm::Squared => difference.clone() * difference,
            Norm::Lp(1.0) => difference.abs(),
            Norm::Lp(p) => {
                let size = match unit {
                    Some(unit) => difference.abs() / unit,
                    None => difference.abs(),
                };
                let [zero, one] = [0.0, 1.0].map(|value| size.constant(value));
                let power = size.where_equal(0.0, one, size.clone()).powf(p);
                size.where_equal(0.0, zero, power)
            }
        }
    }

    /// The norm whose shares sum up to this. At 0 it has slope 0.
    #[inline(always)]
    pub fn of_sum<R: Real>(self, sum: R, unit: Option<R>) -> R {
        match self {
            Norm::Squared | Norm::Lp(1.0) => sum,
            Norm::Lp(p) => {
                let [zero, one] = [0.0, 1.0].map(|value| sum.constant(value));
                let root = sum.where_equal(0.0, one, sum.clone()).powf(1.0 / p);
                let norm = match unit {
                    Some(unit) => root * unit,
                    None => root,
                };
                sum.where_equal(0.0, zero, norm)
            }
        }
    }
}

/// What makes a distance of a measure. The smaller it is, the closer are the points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gap {
    /// The measure itself.
    Same,
    /// Its square root, with slope 0 at 0.
    Root,
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
            Gap::Negative => -x,
        }
    }

    /// The least and the most that a distance may be, from those of the measure; NaN where they are.
    pub(crate) fn between(self, least: f64, most: f64) -> (f64, f64) {
        // Not by `max`, which passes over NaN.
        let root = |x: f64| if x < 0.0 { 0.0 } else { x.sqrt() };
        match self {
            Gap::Same => (least, most),
            Gap::Root => (root(least), root(most)),
            Gap::Negative => (-most, -least),
        }
    }

    /// Whether the distance grows with the measure; it falls with one that is a similarity.
    pub fn grows(self) -> bool {
        match self {
            Gap::Same | Gap::Root => true,
            Gap::Negative => false,
        }
    }
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
    fn a_distance_lies_between_those_of_rounded_measures() {
        for gap in [Gap::Same, Gap::Root, Gap::Negative] {
            let (least, most) = gap.between(0.24, 0.26);
            assert!(least < gap.value(0.25) && gap.value(0.25) < most, "{gap:?}");
            let (least, most) = gap.between(f64::NAN, f64::NAN);
            assert!(least.is_nan() && most.is_nan(), "{gap:?}");
        }
        assert_eq!(Gap::Root.between(-1e-9, 4.0), (0.0, 2.0));
    }

    #[test]
    fn a_distance_grows_with_the_measure_or_falls() {
        for gap in [Gap::Same, Gap::Root, Gap::Negative] {
            assert_eq!(gap.grows(), gap.value(0.5) > gap.value(0.25), "{gap:?}");
        }
    }

    /// The norm of differences, and its slope by the first.
    fn norm(norm: Norm, differences: &[f64]) -> (f64, f64) {
        let largest = differences.iter().fold(0.0, |most, d| d.abs().max(most));
        let unit = norm.is_relative().then(|| Norm::unit(largest));
        let sum: f64 = differences.iter().map(|&d| norm.share(d, unit)).sum();
        let unit = unit.map(Dual::constant);
        let by_sum = norm.of_sum(Dual::variable(sum), unit);
        let by_first = norm.share(Dual::variable(differences[0]), unit);
        (by_sum.value, by_sum.derivative() * by_first.derivative())
    }

    #[test]
    fn norms_are_right_at_any_size() {
        for size in [1e-200, 1.0, 1e200] {
            for (p, value, slope) in [
                (1.0, 7.0, -1.0),
                (2.0, 5.0, -0.6),
                (3.0, 91f64.cbrt(), -9.0 / 91f64.cbrt().powi(2)),
            ] {
                let (found, by_first) = norm(Norm::Lp(p), &[-3.0 * size, 4.0 * size]);
                assert!((found / size - value).abs() < 1e-12, "{p} {size}: {found}");
                assert!((by_first - slope).abs() < 1e-12, "{p} {size}: {by_first}");
            }
        }
        assert_eq!(norm(Norm::Squared, &[-3.0, 4.0]), (25.0, -6.0));
    }

    #[test]
    fn differences_of_0_have_no_slope() {
        for p in [1.0, 1.5, 3.0] {
            assert_eq!(norm(Norm::Lp(p), &[0.0, 0.0]), (0.0, 0.0));
            assert_eq!(norm(Norm::Lp(p), &[0.0, 2.0]), (2.0, 0.0));
        }
    }

    #[test]
    fn what_is_no_number_or_infinite_shows() {
        for p in [1.0, 1.5, 3.0] {
            assert!(norm(Norm::Lp(p), &[1.0, f64::NAN]).0.is_nan());
            assert!(norm(Norm::Lp(p), &[f64::NAN, 0.0]).0.is_nan());
            assert_eq!(norm(Norm::Lp(p), &[1.0, f64::INFINITY]).0, f64::INFINITY);
        }
    }
}

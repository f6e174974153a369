//! Measures of single pairs in `f64`, and by how much the measures of all pairs may be off from them.
//!
//! Measures of all pairs come from products in `f32`, whose last digits are rounding. Where a choice hangs on these, the
//! pair is measured once more by the functions here.

#[cfg(any(feature = "flex", feature = "ndarray"))]
use crate::formula::Dual;
use crate::{
    formula::{Measure, Norm},
    summed::summed,
};
use core::ops::Range;

/// A number of either type, wide enough for the other.
pub(crate) trait Number: Copy + Into<f64> + Send + Sync {}

impl Number for f32 {}
impl Number for f64 {}

/// The differences of two points, of which the norm is taken.
pub(crate) struct Differences<'a, E> {
    norm: Norm,
    a: &'a [E],
    b: &'a [E],
    /// What they are taken relative to, if to anything.
    unit: Option<f64>,
}

impl<'a, E: Number> Differences<'a, E> {
    pub fn new(norm: Norm, a: &'a [E], b: &'a [E]) -> Self {
        let mut differences = Self {
            norm,
            a,
            b,
            unit: None,
        };
        if norm.is_relative() {
            let sizes = differences.iter().map(f64::abs);
            differences.unit = Some(Norm::unit(sizes.fold(0.0, f64::max)));
        }
        differences
    }

    fn iter(&self) -> impl Iterator<Item = f64> + use<'a, E> {
        let pairs = self.a.iter().zip(self.b);
        pairs.map(|(&a, &b)| a.into() - b.into())
    }

    fn sum(&self) -> f64 {
        self.iter()
            .map(|difference| self.norm.share(difference, self.unit))
            .sum()
    }

    pub fn norm(&self) -> f64 {
        self.norm.of_sum(self.sum(), self.unit)
    }

    /// The slope of the norm by each difference.
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    pub fn slopes(&self) -> impl Iterator<Item = f64> {
        let unit = self.unit.map(Dual::constant);
        let by_sum = match self.norm.is_relative() {
            true => self
                .norm
                .of_sum(Dual::variable(self.sum()), unit)
                .derivative(),
            false => 1.0,
        };
        let by_share = move |difference: f64| {
            let share = self.norm.share(Dual::variable(difference), unit);
            by_sum * share.derivative()
        };
        self.iter().map(by_share)
    }
}

/// The sum over the coordinates of two points.
#[inline(always)]
fn of_all<E: Number>(a: &[E], b: &[E], of: impl Fn(f64, f64) -> f64) -> f64 {
    summed::<8, _, _, _>(a, b, |a, b| of(a.into(), b.into()))
}

fn square_of_difference(a: f64, b: f64) -> f64 {
    (a - b) * (a - b)
}

/// The measure of two points.
pub(crate) fn exact<E: Number>(measure: Measure, a: &[E], b: &[E]) -> f64 {
    match measure {
        Measure::Dot => of_all(a, b, |a, b| a * b),
        Measure::Cosine => {
            let is_zero = |point: &[E]| point.iter().all(|&x| x.into() == 0.0);
            match is_zero(a) || is_zero(b) {
                true => of_all(a, b, |a, b| a * b) + 1.0, // NaN where one holds NaN.
                false => of_all(a, b, square_of_difference) / 2.0,
            }
        }
        Measure::SquaredEuclidean => of_all(a, b, square_of_difference),
        Measure::Lp(p) => Differences::new(Norm::Lp(p), a, b).norm(),
    }
}

/// The square of each point.
fn squares<E: Number>(points: &[E], width: usize) -> impl Iterator<Item = f64> {
    let points = points.chunks(width.max(1));
    points.map(|point| of_all(point, point, |a, b| a * b))
}

/// Points whose pairs are measured one by one.
pub(crate) struct ExactPairs<'a, E> {
    pub measure: Measure,
    pub width: usize,
    pub rows: &'a [E],
    pub columns: &'a [E],
    /// The largest square of a column, where rounding depends on it.
    largest: f64,
}

impl<'a, E: Number> ExactPairs<'a, E> {
    pub fn new(measure: Measure, width: usize, rows: &'a [E], columns: &'a [E]) -> Self {
        let largest = match measure {
            Measure::Dot | Measure::SquaredEuclidean => squares(columns, width).fold(0.0, f64::max),
            Measure::Cosine | Measure::Lp(_) => 0.0,
        };
        Self {
            measure,
            width,
            rows,
            columns,
            largest,
        }
    }

    fn place(&self, index: usize) -> Range<usize> {
        index * self.width..(index + 1) * self.width
    }

    /// The measure of a pair.
    pub fn of(&self, row: usize, column: usize) -> f64 {
        let (row, column) = (self.place(row), self.place(column));
        exact(self.measure, &self.rows[row], &self.columns[column])
    }

    /// By how much the measures of a row with all columns may be off.
    pub fn rounding(&self, row: usize) -> Rounding {
        let point = &self.rows[self.place(row)];
        let square = of_all(point, point, |a, b| a * b);
        Rounding::new(self.measure, self.width, square, self.largest)
    }
}

/// By how much a measure computed in `f32` may be off: by the smaller of the two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rounding {
    /// Of the measure.
    relative: f64,
    absolute: f64,
    /// In any case, since numbers have a least one.
    least: f64,
}

impl Rounding {
    /// Of the pairs of a point with others whose squares are at most `largest`.
    ///
    /// A product of points is off by as many roundings as it has summands. A squared distance that is less than 1/64 of
    /// the squares it is the difference of does not come from a product, so it is off by 64 times as much at most.
    fn new(measure: Measure, width: usize, square: f64, largest: f64) -> Self {
        const UNIT: f64 = f32::EPSILON as f64;
        /// Roundings of what is done next to the sum.
        const OTHERS: f64 = 8.0;
        /// A distance is never off by more of itself.
        const MOST: f64 = 0.5;
        let sum = (width as f64 + OTHERS) * UNIT;
        let (relative, absolute) = match measure {
            // It may be next to nothing, whatever it is off by.
            Measure::Dot => (f64::INFINITY, sum * (square * largest).sqrt()),
            Measure::Cosine => (MOST.min(64.0 * sum), sum),
            Measure::SquaredEuclidean => (MOST.min(64.0 * sum), sum * (square + largest)),
            Measure::Lp(_) => (MOST.min(4.0 * sum), f64::INFINITY),
        };
        Self {
            relative,
            absolute,
            least: width as f64 * f64::from(f32::MIN_POSITIVE),
        }
    }

    /// The least and the most that a measure may be which was rounded to `x`. Both grow with `x`.
    pub fn around(&self, x: f32) -> (f64, f64) {
        let x = f64::from(x);
        // Infinite is what is more than `f32` holds.
        if x == f64::INFINITY {
            return (f64::from(f32::MAX), x);
        }
        if x == f64::NEG_INFINITY {
            return (x, f64::from(f32::MIN));
        }
        // 0 times infinity is no number, and passed over by `min`.
        let off = (self.relative * x.abs()).min(self.absolute) + self.least;
        (x - off, x + off)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_those_of_their_formulas() {
        let (a, b) = ([3.0, 0.0, 4.0], [0.0, 0.0, 8.0]);
        for (measure, expected) in [
            (Measure::Dot, 32.0),
            (Measure::SquaredEuclidean, 25.0),
            (Measure::Lp(1.0), 7.0),
            (Measure::Lp(2.0), 5.0),
        ] {
            assert_eq!(exact(measure, &a, &b), expected, "{measure:?}");
        }
        let (a, b, zero) = ([0.6f32, 0.8], [0.0, 1.0], [0.0; 2]);
        assert!((exact(Measure::Cosine, &a, &b) - 0.2).abs() < 1e-7);
        assert_eq!(exact(Measure::Cosine, &a, &a), 0.0);
        assert_eq!(exact(Measure::Cosine, &zero, &b), 1.0);
        assert_eq!(exact(Measure::Cosine, &zero, &zero), 1.0);
    }

    #[test]
    fn what_is_rounded_is_within_its_bounds() {
        let points: Vec<f32> = (0..60).map(|i| ((i * i % 17) as f32 - 8.0) * 1e3).collect();
        for measure in [Measure::Dot, Measure::SquaredEuclidean, Measure::Lp(1.0)] {
            let pairs = ExactPairs::new(measure, 3, &points, &points);
            for (row, column) in (0..20).flat_map(|row| (0..20).map(move |column| (row, column))) {
                let exact = pairs.of(row, column);
                let (least, most) = pairs.rounding(row).around(exact as f32);
                assert!(least <= exact && exact <= most, "{measure:?} {exact}");
            }
        }
    }

    #[test]
    fn bounds_grow_with_the_measure() {
        let numbers = [
            f32::NEG_INFINITY,
            f32::MIN,
            -1.0,
            0.0,
            1e-30,
            1.0,
            2.0,
            f32::MAX,
        ];
        for measure in [Measure::Dot, Measure::Cosine, Measure::Lp(3.0)] {
            let rounding = Rounding::new(measure, 128, 4.0, 9.0);
            let bounds = numbers.iter().chain(&[f32::INFINITY]);
            let bounds: Vec<_> = bounds.map(|&x| rounding.around(x)).collect();
            assert!(bounds.is_sorted_by_key(|bounds| bounds.0), "{measure:?}");
            assert!(bounds.is_sorted_by_key(|bounds| bounds.1), "{measure:?}");
        }
    }
}

//! Measures of the pairs of a list, from the differences of coordinates, and their gradient.
//!
//! In the backward pass every point adds up what its pairs say, in their order and in `f64`: points are shared out over
//! threads, so nobody else adds to the same one, and the bits do not depend on the number of threads.

use super::near::{PARTS, squared_distance};
use crate::{
    formula::Measure,
    kernel::cpu::{fresh::zeros, indices::Indices, scale::is_zero, threads::map},
    summed::summed,
};

/// How many pairs, and how many points, one task takes.
const PER_TASK: usize = 256;

/// Pairs of a list.
#[derive(Clone, Copy)]
pub(crate) struct Listed<'a> {
    measure: Measure,
    rows: &'a [f32],
    /// `None`: the rows themselves.
    columns: Option<&'a [f32]>,
    /// The dimension of the points.
    width: usize,
    /// The row and the column of each pair.
    places: [Indices<'a>; 2],
}

/// One of the two points of a pair.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    Rows,
    Columns,
}

impl<'a> Listed<'a> {
    /// Pairs of these rows and columns; `None` for a measure that takes more than a sum of products or of squares.
    ///
    /// # Panics
    /// If there is not a column for each row of a pair.
    pub fn new(
        measure: Measure,
        (rows, columns): (&'a [f32], Option<&'a [f32]>),
        width: usize,
        places: [Indices<'a>; 2],
    ) -> Option<Self> {
        assert_eq!(places[0].len(), places[1].len(), "two points for each pair");
        let has_kernel = !matches!(measure, Measure::Lp(_));
        has_kernel.then_some(Self {
            measure,
            rows,
            columns,
            width,
            places,
        })
    }

    /// The measure of each pair.
    ///
    /// # Panics
    /// If a point is not there.
    pub fn measures(&self) -> Vec<f32> {
        let pairs = self.places[0].len();
        let tasks = (0..pairs).step_by(PER_TASK);
        let parts = map(tasks, &|_, first| {
            let pairs = first..pairs.min(first + PER_TASK);
            pairs.map(|pair| self.of_pair(pair)).collect::<Vec<f32>>()
        });
        parts.concat()
    }

    /// What upstream gradients of the measures are to rows and columns, each where it is wanted. Where these are the
    /// same there is one, the first. A pair whose gradient is 0 may hold anything.
    ///
    /// # Panics
    /// If there is not a gradient for each pair.
    pub fn gradients(&self, upstream: &[f32], wanted: [bool; 2]) -> [Option<Vec<f32>>; 2] {
        assert_eq!(
            upstream.len(),
            self.places[0].len(),
            "a gradient for each pair"
        );
        let [to_rows, to_columns] = wanted;
        let sides: &[Of] = match self.columns {
            Some(_) => &[Of::Rows],
            None => &[Of::Rows, Of::Columns],
        };
        let by_columns = self.columns.filter(|_| to_columns);
        [
            to_rows.then(|| self.gradient(self.rows.len(), sides, upstream)),
            by_columns.map(|columns| self.gradient(columns.len(), &[Of::Columns], upstream)),
        ]
    }

    fn point(&self, of: Of, pair: usize) -> &'a [f32] {
        let (points, places) = match of {
            Of::Rows => (self.rows, &self.places[0]),
            Of::Columns => (self.columns.unwrap_or(self.rows), &self.places[1]),
        };
        let place = places.at(pair) as usize;
        &points[place * self.width..][..self.width]
    }

    fn of_pair(&self, pair: usize) -> f32 {
        let (a, b) = (self.point(Of::Rows, pair), self.point(Of::Columns, pair));
        match self.measure {
            Measure::Dot => dot(a, b),
            Measure::Cosine => 0.5 * (squared_distance(a, b) + lacking(a) + lacking(b)),
            Measure::SquaredEuclidean | Measure::Lp(_) => squared_distance(a, b),
        }
    }

    /// What the pairs say to so many numbers of points, that are in them as these.
    fn gradient(&self, numbers: usize, sides: &[Of], upstream: &[f32]) -> Vec<f32> {
        let mut out = zeros(numbers);
        if self.width == 0 {
            return out; // Nothing has a gradient.
        }
        let points = numbers / self.width;
        let of_sides: Vec<(Of, ByPoint)> = sides
            .iter()
            .map(|&of| (of, ByPoint::new(&self.places[of as usize], points)))
            .collect();
        map(out.chunks_mut(PER_TASK * self.width), &|task, out| {
            let mut sum = vec![0f64; self.width];
            for (index, out) in out.chunks_mut(self.width).enumerate() {
                sum.fill(0.0);
                for (of, by_point) in &of_sides {
                    for &pair in by_point.of(task * PER_TASK + index) {
                        self.add_slopes(*of, pair as usize, upstream[pair as usize], &mut sum);
                    }
                }
                for (out, sum) in out.iter_mut().zip(&sum) {
                    *out = *sum as f32;
                }
            }
        });
        out
    }

    /// Adds what a gradient of the measure of a pair is to one of its points.
    fn add_slopes(&self, of: Of, pair: usize, gradient: f32, sum: &mut [f64]) {
        if gradient == 0.0 {
            return;
        }
        let other = match of {
            Of::Rows => Of::Columns,
            Of::Columns => Of::Rows,
        };
        let (own, others) = (self.point(of, pair), self.point(other, pair));
        let points = sum.iter_mut().zip(own.iter().zip(others));
        let factor = match self.measure {
            Measure::Dot => {
                points.for_each(|(sum, (_, b))| *sum += f64::from(gradient * b));
                return;
            }
            Measure::Cosine => gradient,
            Measure::SquaredEuclidean | Measure::Lp(_) => 2.0 * gradient,
        };
        points.for_each(|(sum, (a, b))| *sum += f64::from(factor * (a - b)));
    }
}

/// Pairs by one of their points, each point's in their order.
struct ByPoint {
    /// Where those of each point begin.
    starts: Vec<u32>,
    pairs: Vec<u32>,
}

impl ByPoint {
    fn new(places: &Indices<'_>, points: usize) -> Self {
        let mut starts = vec![0u32; points + 1];
        for pair in 0..places.len() {
            starts[places.at(pair) as usize + 1] += 1;
        }
        for point in 0..points {
            starts[point + 1] += starts[point];
        }
        let mut next = starts.clone();
        let mut pairs = vec![0; places.len()];
        for pair in 0..places.len() {
            let place = &mut next[places.at(pair) as usize];
            pairs[*place as usize] = pair as u32;
            *place += 1;
        }
        Self { starts, pairs }
    }

    fn of(&self, point: usize) -> &[u32] {
        &self.pairs[self.starts[point] as usize..self.starts[point + 1] as usize]
    }
}

/// What the square of a point lacks of 1: 1 for one of zeros, 0 for one of norm 1.
fn lacking(point: &[f32]) -> f32 {
    match is_zero(point) {
        true => 1.0,
        false => 0.0,
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    summed::<PARTS, _, _, _>(a, b, |a, b| a * b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points without coordinates are all the same.
    #[test]
    fn points_may_have_no_coordinates() {
        let places = [&[0i64, 1, 2][..], &[1, 2, 0]];
        for (measure, expected) in [
            (Measure::SquaredEuclidean, 0.0),
            (Measure::Dot, 0.0),
            (Measure::Cosine, 1.0),
        ] {
            for columns in [None, Some(&[][..])] {
                let places = places.map(Indices::I64);
                let pairs = Listed::new(measure, (&[], columns), 0, places).expect("a kernel");
                assert_eq!(pairs.measures(), [expected; 3]);
                let of_columns = columns.map(|_| Vec::new());
                let gradients = pairs.gradients(&[1.0; 3], [true; 2]);
                assert_eq!(gradients, [Some(Vec::new()), of_columns]);
            }
        }
    }
}

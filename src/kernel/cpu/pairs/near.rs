//! Distances from products, and pairs too near for that.

use super::measure::{Side, each, each_row};
use crate::{
    kernel::cpu::{
        gemm::Workers,
        isa::Choice,
        simd::{All, Body, Isa, WIDTH},
    },
    summed::summed,
};

/// Below this share of what it is the difference of, a distance is computed from the differences of coordinates.
const NEAR: f32 = 1.0 / 64.0;

/// How many columns one task takes.
const COLUMNS: usize = 64;

/// Pairs of a block, by row and column, whose distance came from the differences of coordinates; in order.
pub(super) type Near = Vec<(u32, u32)>;

/// What is to be added to rows and to columns, each where it is wanted.
pub(super) type Out<'a> = (Option<&'a mut [f32]>, Option<&'a mut [f32]>);

/// Squared distances of points, or the halves of those of points of norm 1.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// `|a - b|² = |a|² + |b|² - 2 a · b`
    Squared,
    /// `|a - b|² / 2 = 1 - a · b`
    OfUnitPoints,
}

/// The distances of a block of pairs.
pub(super) struct Distances<'a> {
    pub kind: Kind,
    pub rows: Side<'a>,
    pub columns: Side<'a>,
}

impl Distances<'_> {
    /// Turns the products of a row with all columns into distances, and says which pairs are near.
    pub fn finish(&self, i: usize, row: &mut [f32]) -> Near {
        let chunks = Choice::current().run(Finish {
            kind: self.kind,
            square: self.rows.squares.get(i).copied().unwrap_or_default(),
            squares: self.columns.squares,
            row: &mut *row,
        });
        let mut near = Near::new();
        let a = self.rows.point(i);
        for first in chunks {
            let chunk = row[first..].iter_mut().take(WIDTH);
            for (j, x) in (first..).zip(chunk) {
                let is_near = match self.kind {
                    Kind::Squared => is_near(*x, self.rows.squares[i] + self.columns.squares[j]),
                    Kind::OfUnitPoints => *x < NEAR,
                };
                if is_near {
                    *x = self.kind.factor() * squared_distance(a, self.columns.point(j));
                    near.push((i as u32, j as u32));
                }
            }
        }
        near
    }

    /// Adds what a gradient of the distances is to the near points, and makes of it the gradient of the products of the
    /// others.
    ///
    /// The gradient of `|a - b|²` is `2 (a - b)` to a: of all pairs `2 (sum_j G_ij) a_i - 2 G B`. Points of norm 1 have
    /// no use for the first part, which is along themselves.
    pub fn spread(
        &self,
        (gradient, step): (&mut [f32], usize),
        near: &Near,
        workers: Workers,
        (mut to_rows, mut to_columns): Out<'_>,
    ) {
        if !near.is_empty() {
            let out = (to_rows.as_deref_mut(), to_columns.as_deref_mut());
            self.spread_near((&*gradient, step), near, workers, out);
            for &(i, j) in near {
                gradient[i as usize * step + j as usize] = 0.0;
            }
        }
        // The sum of each row, scaled like the gradient.
        let factor = -2.0 * self.kind.factor();
        let columns = self.columns.count;
        let of_rows = each_row((gradient, step), self.rows.count, workers, &|_, row| {
            let mut sum = 0.0f64;
            for slope in &mut row[..columns] {
                *slope *= factor;
                sum += f64::from(*slope);
            }
            sum
        });
        if let Kind::OfUnitPoints = self.kind {
            return;
        }
        let width = self.rows.width;
        if let Some(out) = to_rows {
            each_row((out, width), self.rows.count, workers, &|i, out| {
                add_scaled(out, -of_rows[i] as f32, self.rows.point(i));
            });
        }
        if let Some(out) = to_columns {
            let stretches = out.chunks_mut(COLUMNS * width.max(1));
            each(stretches, workers, &|stretch, out: &mut [f32]| {
                let first = stretch * COLUMNS;
                let mut sums = [0.0f64; COLUMNS];
                let sums = &mut sums[..COLUMNS.min(columns - first)];
                for row in gradient.chunks(step.max(1)).take(self.rows.count) {
                    let slopes = &row[first..][..sums.len()];
                    for (sum, slope) in sums.iter_mut().zip(slopes) {
                        *sum += f64::from(*slope);
                    }
                }
                for (j, (out, sum)) in out.chunks_mut(width).zip(&*sums).enumerate() {
                    add_scaled(out, -*sum as f32, self.columns.point(first + j));
                }
            });
        }
    }

    /// Adds what the gradient of near pairs is to their points: each thread adds to points of its own.
    fn spread_near(
        &self,
        (gradient, step): (&[f32], usize),
        near: &Near,
        workers: Workers,
        (to_rows, to_columns): Out<'_>,
    ) {
        let (rows, columns, width) = (self.rows, self.columns, self.rows.width);
        let factor = 2.0 * self.kind.factor();
        let slope = |i: usize, j: usize| factor * gradient[i * step + j];
        let starts: Vec<usize> = (0..=rows.count)
            .map(|i| near.partition_point(|pair| (pair.0 as usize) < i))
            .collect();
        if let Some(out) = to_rows {
            each_row((out, width), rows.count, workers, &|i, out| {
                for &(_, j) in &near[starts[i]..starts[i + 1]] {
                    let j = j as usize;
                    add_difference(out, slope(i, j), rows.point(i), columns.point(j));
                }
            });
        }
        if let Some(out) = to_columns {
            let per_stretch = match workers {
                Workers::All => COLUMNS,
                Workers::One => columns.count.max(1),
            };
            let stretches = out.chunks_mut(per_stretch * width.max(1));
            each(stretches, workers, &|stretch, out: &mut [f32]| {
                let first = stretch * per_stretch;
                for i in 0..rows.count {
                    let of_row = &near[starts[i]..starts[i + 1]];
                    let from = of_row.partition_point(|pair| (pair.1 as usize) < first);
                    for &(_, j) in &of_row[from..] {
                        let j = j as usize;
                        let place = (j - first) * width..(j - first + 1) * width;
                        let Some(out) = out.get_mut(place) else {
                            break; // Of another stretch.
                        };
                        add_difference(out, slope(i, j), columns.point(j), rows.point(i));
                    }
                }
            });
        }
    }
}

impl Kind {
    /// What a squared distance is multiplied by.
    fn factor(self) -> f32 {
        match self {
            Kind::Squared => 1.0,
            Kind::OfUnitPoints => 0.5,
        }
    }
}

/// Adds `factor (a - b)`.
fn add_difference(out: &mut [f32], factor: f32, a: &[f32], b: &[f32]) {
    let points = a.iter().zip(b);
    out.iter_mut()
        .zip(points)
        .for_each(|(out, (a, b))| *out += factor * (a - b));
}

/// Adds `factor a`.
fn add_scaled(out: &mut [f32], factor: f32, a: &[f32]) {
    out.iter_mut()
        .zip(a)
        .for_each(|(out, a)| *out += factor * a);
}

/// Whether a squared distance is better computed from the differences: where it is little next to the squares
/// together, and where these are more than `f32` holds.
#[inline(always)]
fn is_near(x: f32, squares: f32) -> bool {
    let is_far = x >= NEAR * squares && squares < f32::INFINITY;
    !is_far
}

/// The products of a point with others, to be turned into distances. Returns where the chunks of [`WIDTH`] begin that
/// have a near one.
struct Finish<'a> {
    kind: Kind,
    /// `|a|²`, and that of each of the others; of points of norm 1 neither.
    square: f32,
    squares: &'a [f32],
    row: &'a mut [f32],
}

impl Body for Finish<'_> {
    type Output = Vec<usize>;

    type Widest = All;

    #[inline(always)]
    fn run<I: Isa>(self, _isa: I) -> Vec<usize> {
        let mut found = Vec::new();
        let (whole, rest) = self.row.as_chunks_mut::<WIDTH>();
        let end = whole.len() * WIDTH;
        match self.kind {
            Kind::Squared => {
                let (squares, of_rest) = self.squares.as_chunks::<WIDTH>();
                for (index, (chunk, squares)) in whole.iter_mut().zip(squares).enumerate() {
                    if finish_squares(chunk, self.square, squares) {
                        found.push(index * WIDTH);
                    }
                }
                if finish_squares(rest, self.square, of_rest) {
                    found.push(end);
                }
            }
            Kind::OfUnitPoints => {
                for (index, chunk) in whole.iter_mut().enumerate() {
                    if finish_halves(chunk) {
                        found.push(index * WIDTH);
                    }
                }
                if finish_halves(rest) {
                    found.push(end);
                }
            }
        }
        found
    }
}

/// Turns the products of a point with a few others into squared distances. Returns whether one of them is near.
#[inline(always)]
fn finish_squares(chunk: &mut [f32], square: f32, squares: &[f32]) -> bool {
    let mut any = false;
    for (x, other) in chunk.iter_mut().zip(squares) {
        let both = square + other;
        *x = both - 2.0 * *x;
        any |= is_near(*x, both);
    }
    any
}

/// Turns the products of a point of norm 1 with a few others into `1 - x`. Returns whether one of them is near.
#[inline(always)]
fn finish_halves(chunk: &mut [f32]) -> bool {
    let mut any = false;
    for x in chunk {
        *x = 1.0 - *x;
        any |= *x < NEAR;
    }
    any
}

/// How many sums of `f32` run side by side.
pub(super) const PARTS: usize = 16;

/// `|a - b|²`
pub(super) fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    summed::<PARTS, _, _, _>(a, b, |a, b| (a - b) * (a - b))
}

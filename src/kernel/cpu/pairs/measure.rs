//! Measures of all pairs of a block of points, and what their gradient is to the points.
//!
//! Squared distances come from products: `|a|² + |b|² - 2 a · b`. Where that is little next to the
//! squares, subtracting has cost most digits; such pairs are computed once more from the differences,
//! forward and backward.

use crate::{
    formula::{Dual, Measure, Norm},
    kernel::cpu::{
        gemm::{Existing, Matrix, Workers, product_with_step},
        threads,
    },
};

/// Below this share of `|a|² + |b|²` a squared distance is computed from the differences.
const NEAR: f32 = 1.0 / 64.0;

/// Points of a block, in row-major order, with the square of each where the measure needs it.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub elements: &'a [f32],
    pub squares: &'a [f32],
    pub width: usize,
    pub count: usize,
}

impl<'a> Side<'a> {
    fn matrix(&self) -> Matrix<'a> {
        Matrix::new(self.elements, self.count, self.width)
    }

    fn point(&self, index: usize) -> &'a [f32] {
        &self.elements[index * self.width..][..self.width]
    }
}

/// The squares `|a|²` of points, where the measure needs them; otherwise none.
pub(super) fn squares(measure: Measure, elements: &[f32], width: usize) -> Vec<f32> {
    match measure {
        Measure::SquaredEuclidean => {
            const POINTS: usize = 256;
            let square = |point: &[f32]| {
                let squares = point.iter().map(|&x| f64::from(x) * f64::from(x));
                squares.sum::<f64>() as f32
            };
            let width = width.max(1);
            let squares = threads::map(elements.chunks(POINTS * width), &|_, points| {
                points.chunks(width).map(square).collect::<Vec<_>>()
            });
            squares.concat()
        }
        Measure::Dot | Measure::Lp(_) => Vec::new(),
    }
}

/// Pairs of a block, by row and column, whose squared distance came from the differences.
pub(super) type Near = Vec<(u32, u32)>;

/// The measures of a block of pairs.
pub(super) struct Block<'a> {
    pub measure: Measure,
    pub rows: Side<'a>,
    pub columns: Side<'a>,
    pub workers: Workers,
}

/// Works on rows of a block, on all threads or on this one.
fn each_row<T: Send>(
    (elements, step): (&mut [f32], usize),
    count: usize,
    workers: Workers,
    work: &(dyn Fn(usize, &mut [f32]) -> T + Sync),
) -> Vec<T> {
    let rows = elements.chunks_mut(step.max(1)).take(count);
    match workers {
        Workers::All => threads::map(rows, work),
        Workers::One => rows
            .enumerate()
            .map(|(index, row)| work(index, row))
            .collect(),
    }
}

impl Block<'_> {
    /// Writes the measures to rows that begin `step` elements apart, and notes which pairs are near.
    pub fn fill(&self, (out, step): (&mut [f32], usize), near: &mut Near) {
        near.clear();
        let (rows, columns) = (self.rows, self.columns);
        if let Measure::Lp(p) = self.measure {
            each_row((out, step), rows.count, self.workers, &|i, row| {
                let a = rows.point(i);
                for (j, x) in row[..columns.count].iter_mut().enumerate() {
                    *x = Differences::new(Norm::Lp(p), a, columns.point(j)).norm() as f32;
                }
            });
            return;
        }
        let (a, b) = (rows.matrix(), columns.matrix().transposed());
        product_with_step(a, b, (out, step), Existing::Overwritten, self.workers);
        if self.measure == Measure::Dot {
            return;
        }
        let found = each_row((out, step), rows.count, self.workers, &|i, row| {
            let row = &mut row[..columns.count];
            let columns_squares = &columns.squares[..row.len()];
            if !squared_distances(row, rows.squares[i], columns_squares) {
                return Near::new();
            }
            let a = rows.point(i);
            let mut near = Near::new();
            for (j, x) in row.iter_mut().enumerate() {
                if is_near(*x, rows.squares[i] + columns.squares[j]) {
                    *x = squared_distance(a, columns.point(j));
                    near.push((i as u32, j as u32));
                }
            }
            near
        });
        near.extend(found.into_iter().flatten());
    }

    /// Adds what a gradient of the measures is to the points of both sides, each where it is wanted.
    /// What the gradient holds is lost.
    pub fn spread(
        &self,
        (gradient, step): (&mut [f32], usize),
        near: &Near,
        to_rows: Option<&mut [f32]>,
        to_columns: Option<&mut [f32]>,
    ) {
        match self.measure {
            Measure::Dot => self.multiply((gradient, step), to_rows, to_columns),
            Measure::SquaredEuclidean => {
                self.spread_distances((gradient, step), near, to_rows, to_columns);
            }
            Measure::Lp(p) => {
                let (rows, columns) = (self.rows, self.columns);
                let slope = |i: usize, j: usize| gradient[i * step + j];
                if let Some(out) = to_rows {
                    spread_norms(rows, columns, p, self.workers, out, &slope);
                }
                if let Some(out) = to_columns {
                    spread_norms(columns, rows, p, self.workers, out, &|j, i| slope(i, j));
                }
            }
        }
    }

    /// `G B` for the rows, `Gᵀ A` for the columns.
    fn multiply(
        &self,
        (gradient, step): (&[f32], usize),
        to_rows: Option<&mut [f32]>,
        to_columns: Option<&mut [f32]>,
    ) {
        let (rows, columns, width) = (self.rows, self.columns, self.rows.width);
        let matrix = Matrix::with_step(gradient, rows.count, columns.count, step);
        for (matrix, points, out) in [
            (matrix, columns, to_rows),
            (matrix.transposed(), rows, to_columns),
        ] {
            if let Some(out) = out {
                let out = (out, width);
                product_with_step(
                    matrix,
                    points.matrix(),
                    out,
                    Existing::AddedTo,
                    self.workers,
                );
            }
        }
    }

    /// The gradient of `|a - b|²` is `2 (a - b)` to a: of all pairs `2 (sum_j G_ij) a_i - 2 G B`.
    fn spread_distances(
        &self,
        (gradient, step): (&mut [f32], usize),
        near: &Near,
        mut to_rows: Option<&mut [f32]>,
        mut to_columns: Option<&mut [f32]>,
    ) {
        let add = |out: &mut Option<&mut [f32]>, at: usize, factor: f32, a: &[f32], b: &[f32]| {
            let Some(out) = out else { return };
            let out = out[at * a.len()..].iter_mut();
            out.zip(a)
                .zip(b)
                .for_each(|((out, a), b)| *out += factor * (a - b));
        };
        let (rows, columns, width) = (self.rows, self.columns, self.rows.width);
        for &(i, j) in near {
            let (i, j) = (i as usize, j as usize);
            let slope = 2.0 * std::mem::take(&mut gradient[i * step + j]);
            let (a, b) = (rows.point(i), columns.point(j));
            add(&mut to_rows, i, slope, a, b);
            add(&mut to_columns, j, slope, b, a);
        }
        let mut of_columns = vec![0.0f64; columns.count];
        let mut of_rows = Vec::with_capacity(rows.count);
        for row in gradient.chunks_mut(step.max(1)).take(rows.count) {
            let mut sum = 0.0f64;
            for (slope, of_column) in row[..columns.count].iter_mut().zip(&mut of_columns) {
                sum += f64::from(*slope);
                *of_column += f64::from(*slope);
                *slope *= -2.0;
            }
            of_rows.push(sum);
        }
        let scaled = |out: &mut Option<&mut [f32]>, points: Side<'_>, sums: Vec<f64>| {
            let Some(out) = out else { return };
            for (i, sum) in sums.into_iter().enumerate() {
                let factor = (2.0 * sum) as f32;
                let out = out[i * width..][..width].iter_mut();
                out.zip(points.point(i))
                    .for_each(|(out, a)| *out += factor * a);
            }
        };
        scaled(&mut to_rows, rows, of_rows);
        scaled(&mut to_columns, columns, of_columns);
        self.multiply((gradient, step), to_rows, to_columns);
    }
}

/// Whether a squared distance is better computed from the differences: where it is little next to the squares
/// together, and where these are more than `f32` holds.
#[inline(always)]
fn is_near(x: f32, squares: f32) -> bool {
    let is_far = x >= NEAR * squares && squares < f32::INFINITY;
    !is_far
}

/// Turns the products of a point with others into squared distances. Returns whether any of them is near.
#[inline(always)]
fn squared_distances(row: &mut [f32], square: f32, squares: &[f32]) -> bool {
    const WIDTH: usize = 16;
    let mut near = [false; WIDTH];
    let mut chunks = row.chunks_exact_mut(WIDTH);
    let mut others = squares.chunks_exact(WIDTH);
    for (row, squares) in chunks.by_ref().zip(others.by_ref()) {
        for ((x, other), near) in row.iter_mut().zip(squares).zip(&mut near) {
            let both = square + other;
            *x = both - 2.0 * *x;
            *near |= is_near(*x, both);
        }
    }
    let mut any = near.contains(&true);
    for (x, other) in chunks.into_remainder().iter_mut().zip(others.remainder()) {
        let both = square + other;
        *x = both - 2.0 * *x;
        any |= is_near(*x, both);
    }
    any
}

/// `|a - b|²`
fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    const WIDTH: usize = 16;
    let (whole, a_rest) = a.as_chunks::<WIDTH>();
    let (others, b_rest) = b.as_chunks::<WIDTH>();
    let mut sums = [0.0f32; WIDTH];
    for (a, b) in whole.iter().zip(others) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += (a - b) * (a - b);
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| (a - b) * (a - b));
    sums.into_iter().chain(rest).sum()
}

/// The differences of two points, of which the norm is taken.
struct Differences<'a> {
    norm: Norm,
    a: &'a [f32],
    b: &'a [f32],
    /// What they are taken relative to, if to anything.
    unit: Option<f64>,
}

impl<'a> Differences<'a> {
    fn new(norm: Norm, a: &'a [f32], b: &'a [f32]) -> Self {
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

    fn iter(&self) -> impl Iterator<Item = f64> + use<'a> {
        let pairs = self.a.iter().zip(self.b);
        pairs.map(|(&a, &b)| f64::from(a) - f64::from(b))
    }

    fn sum(&self) -> f64 {
        self.iter()
            .map(|difference| self.norm.share(difference, self.unit))
            .sum()
    }

    fn norm(&self) -> f64 {
        self.norm.of_sum(self.sum(), self.unit)
    }

    /// The slope of the norm by each difference.
    fn slopes(&self) -> impl Iterator<Item = f64> {
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

/// Adds what a gradient of the norms of all differences is to the points of one side.
fn spread_norms(
    points: Side<'_>,
    others: Side<'_>,
    p: f64,
    workers: Workers,
    out: &mut [f32],
    slope: &(dyn Fn(usize, usize) -> f32 + Sync),
) {
    each_row((out, points.width), points.count, workers, &|i, out| {
        for j in 0..others.count {
            let slope = slope(i, j);
            // A pair that counts nothing may hold anything.
            if slope == 0.0 {
                continue;
            }
            let differences = Differences::new(Norm::Lp(p), points.point(i), others.point(j));
            let slopes = differences.slopes();
            out.iter_mut()
                .zip(slopes)
                .for_each(|(out, by)| *out += slope * by as f32);
        }
    });
}

//! Measures of all pairs of a block of points, and what their gradient is to the points.
//!
//! Squared distances come from products: `|a|² + |b|² - 2 a · b`; those of points of norm 1 by their cosine, too: `1 - a · b`.
//! Where that is little next to what it is the difference of, subtracting has cost most digits; such pairs
//! are computed once more from the differences of coordinates, forward and backward.

use super::{
    near::{Distances, Kind, Near},
    norms::{fill_norms, spread_norms},
};
use crate::{
    formula::Measure,
    kernel::cpu::{
        gemm::{Existing, Matrix, Workers, product_with_step},
        threads,
    },
};

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

    pub fn point(&self, index: usize) -> &'a [f32] {
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
        Measure::Dot | Measure::Cosine | Measure::Lp(_) => Vec::new(),
    }
}

/// The measures of a block of pairs.
pub(super) struct Block<'a> {
    pub measure: Measure,
    pub rows: Side<'a>,
    pub columns: Side<'a>,
    pub workers: Workers,
}

/// Works on rows of a block, on all threads or on this one.
pub(super) fn each_row<T: Send>(
    (elements, step): (&mut [f32], usize),
    count: usize,
    workers: Workers,
    work: &(dyn Fn(usize, &mut [f32]) -> T + Sync),
) -> Vec<T> {
    let rows = elements.chunks_mut(step.max(1)).take(count);
    each(rows, workers, work)
}

/// Works on items, on all threads or on this one.
pub(super) fn each<I: Send, T: Send>(
    items: impl Iterator<Item = I>,
    workers: Workers,
    work: &(dyn Fn(usize, I) -> T + Sync),
) -> Vec<T> {
    match workers {
        Workers::All => threads::map(items, work),
        Workers::One => items
            .enumerate()
            .map(|(index, item)| work(index, item))
            .collect(),
    }
}

impl Block<'_> {
    /// Writes the measures to rows that begin `step` elements apart, and notes which pairs are near.
    pub fn fill(&self, (out, step): (&mut [f32], usize), near: &mut Near) {
        near.clear();
        let (rows, columns) = (self.rows, self.columns);
        if let Measure::Lp(p) = self.measure {
            return fill_norms(rows, columns, p, self.workers, (out, step));
        }
        let (a, b) = (rows.matrix(), columns.matrix().transposed());
        product_with_step(a, b, (out, step), Existing::Overwritten, self.workers);
        if let Some(pairs) = self.distances() {
            let found = each_row((out, step), rows.count, self.workers, &|i, row| {
                pairs.finish(i, &mut row[..columns.count])
            });
            near.extend(found.into_iter().flatten());
        }
    }

    /// What makes distances of products.
    fn distances(&self) -> Option<Distances<'_>> {
        let kind = match self.measure {
            Measure::Dot | Measure::Lp(_) => return None,
            Measure::Cosine => Kind::OfUnitPoints,
            Measure::SquaredEuclidean => Kind::Squared,
        };
        Some(Distances {
            kind,
            rows: self.rows,
            columns: self.columns,
        })
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
        if let Measure::Lp(p) = self.measure {
            let (rows, columns) = (self.rows, self.columns);
            let slope = |i: usize, j: usize| gradient[i * step + j];
            if let Some(out) = to_rows {
                spread_norms(rows, columns, p, self.workers, out, &slope);
            }
            if let Some(out) = to_columns {
                spread_norms(columns, rows, p, self.workers, out, &|j, i| slope(i, j));
            }
            return;
        }
        let (mut to_rows, mut to_columns) = (to_rows, to_columns);
        if let Some(pairs) = self.distances() {
            let out = (to_rows.as_deref_mut(), to_columns.as_deref_mut());
            pairs.spread((gradient, step), near, self.workers, out);
        }
        self.multiply((gradient, step), to_rows, to_columns);
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
}

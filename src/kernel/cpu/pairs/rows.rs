//! Whole rows of measures, a block of them at a time.
//!
//! Where a gradient is wanted, blocks are taken one after the other, each by all threads; where rows are looked at alone, each
//! thread takes blocks of its own. Results do not depend on the number of threads.

use super::{
    Pairs, Points,
    measure::{Block, squares},
    near::Near,
};
use crate::kernel::cpu::{fresh::zeros, gemm::Workers, threads};
use core::ops::Range;

/// How many measures a block has at most, unless a single row has more: 8 MB.
const BLOCK: usize = 2 << 20;

/// How many rows a block has at most.
const ROWS: usize = 256;

/// How many rows a thread takes at least, unless that is more measures than a block has.
const MIN_ROWS: usize = 32;

/// What is done with a row: its index and its measures with all columns.
pub(super) type Work<'a, T> = dyn Fn(usize, &mut [f32]) -> T + Sync + 'a;

/// Calls `work` with every row and its measures with all columns, on all threads, and returns what it
/// returns, in order.
///
/// # Panics
/// If the lengths do not fit.
pub(crate) fn pair_rows<T: Send>(pairs: &Pairs<'_>, work: &Work<'_, T>) -> Vec<T> {
    let walk = Walk::of(pairs, 0);
    let (rows, step) = (pairs.rows.labels.len(), walk.step);
    // Not by the number of threads: how a product is rounded depends on its shape.
    let most = (BLOCK / 2 / step).max(1);
    let per_task = (rows / 8).clamp(MIN_ROWS, ROWS).min(most);
    let tasks = (0..rows).step_by(per_task);
    let parts = threads::map(tasks, &|_, first| {
        let range = first..rows.min(first + per_task);
        let mut measures = vec![0.0; range.len() * step];
        let block = walk.block(&range, Workers::One);
        block.fill((&mut measures, step), &mut Near::new());
        let columns = walk.columns.labels.len();
        let of_rows = range.zip(measures.chunks_mut(step));
        let results = of_rows.map(|(row, measures)| work(row, &mut measures[..columns]));
        results.collect::<Vec<T>>()
    });
    parts.into_iter().flatten().collect()
}

/// What a gradient of all measures is to rows and columns, each where it is wanted. `work` is called with
/// every row and its measures, and leaves the gradient in their place. Of the same points there is one
/// gradient, the first.
///
/// # Panics
/// If the lengths do not fit.
pub(super) fn row_gradients(
    pairs: &Pairs<'_>,
    [to_rows, to_columns]: [bool; 2],
    work: &Work<'_, ()>,
) -> [Option<Vec<f32>>; 2] {
    let mut walk = Walk::new(pairs);
    let same = pairs.columns.is_none();
    let mut by_rows = to_rows.then(|| zeros(pairs.rows.elements.len()));
    let to_columns = to_columns || (same && to_rows);
    let mut by_columns = to_columns.then(|| zeros(walk.columns.elements.len()));
    for block in walk.blocks() {
        walk.fill(&block);
        walk.rows_of(&block, work);
        let own = block.start * pairs.width..block.end * pairs.width;
        let to_rows = by_rows.as_mut().map(|rows| &mut rows[own]);
        walk.spread(&block, to_rows, by_columns.as_deref_mut());
    }
    match (same, by_rows, by_columns) {
        (true, Some(mut rows), Some(columns)) => {
            rows.iter_mut()
                .zip(columns)
                .for_each(|(row, column)| *row += column);
            [Some(rows), None]
        }
        (_, by_rows, by_columns) => [by_rows, by_columns],
    }
}

struct Walk<'a> {
    pairs: &'a Pairs<'a>,
    columns: Points<'a>,
    row_squares: Vec<f32>,
    /// Those of other columns.
    column_squares: Vec<f32>,
    /// How far apart rows begin.
    step: usize,
    measures: Vec<f32>,
    near: Near,
}

impl<'a> Walk<'a> {
    fn new(pairs: &'a Pairs<'a>) -> Self {
        Self::of(pairs, ROWS)
    }

    /// With room for so many rows of measures at most.
    fn of(pairs: &'a Pairs<'a>, rows_held: usize) -> Self {
        let columns = pairs.checked_columns();
        let squares = |points: Points<'_>| squares(pairs.measure, points.elements, pairs.width);
        let step = columns.labels.len().max(1);
        let rows = pairs.rows.labels.len();
        let per_block = (BLOCK / step).max(1).min(rows_held).min(rows);
        Self {
            pairs,
            columns,
            row_squares: squares(pairs.rows),
            column_squares: pairs.columns.map(squares).unwrap_or_default(),
            step,
            measures: vec![0.0; per_block * step],
            near: Near::new(),
        }
    }

    fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let rows = self.pairs.rows.labels.len();
        let per_block = (self.measures.len() / self.step).max(1);
        (0..rows)
            .step_by(per_block)
            .map(move |first| first..rows.min(first + per_block))
    }

    fn block(&self, range: &Range<usize>, workers: Workers) -> Block<'_> {
        let pairs = self.pairs;
        let column_squares = match pairs.columns {
            Some(_) => &self.column_squares,
            None => &self.row_squares,
        };
        let all = 0..self.columns.labels.len();
        Block {
            measure: pairs.measure,
            rows: pairs
                .rows
                .side(range.clone(), pairs.width, &self.row_squares),
            columns: self.columns.side(all, pairs.width, column_squares),
            workers,
        }
    }

    fn fill(&mut self, range: &Range<usize>) {
        let mut measures = std::mem::take(&mut self.measures);
        let mut near = std::mem::take(&mut self.near);
        self.block(range, Workers::All)
            .fill((&mut measures, self.step), &mut near);
        (self.measures, self.near) = (measures, near);
    }

    fn spread(
        &mut self,
        range: &Range<usize>,
        to_rows: Option<&mut [f32]>,
        to_columns: Option<&mut [f32]>,
    ) {
        let mut measures = std::mem::take(&mut self.measures);
        let gradient = (&mut measures[..], self.step);
        self.block(range, Workers::All)
            .spread(gradient, &self.near, to_rows, to_columns);
        self.measures = measures;
    }

    fn rows_of<T: Send>(&mut self, range: &Range<usize>, work: &Work<'_, T>) -> Vec<T> {
        let (first, count) = (range.start, self.columns.labels.len());
        let rows = self.measures.chunks_mut(self.step).take(range.len());
        threads::map(rows, &|index, row: &mut [f32]| {
            work(first + index, &mut row[..count])
        })
    }
}

//! Sums over all pairs of two sets of points, and their gradients, without ever holding all
//! similarities.
//!
//! The similarities (dot products, or another measure) are walked in tiles of [`SIDE`] by [`SIDE`]. Rows of tiles are taken
//! one after the other; the tiles of one row of them are shared out over threads. Each tile owns what
//! it adds to its columns; what it adds to its rows is put together afterwards, in order, so that
//! results do not depend on the number of threads. Where both sets of points are the same, a tile and
//! its mirror image are one piece of work.
//!
//! The backward pass computes each tile once more, turns it into its gradient G in place, and
//! multiplies that on: of dot products `G B` is what the rows get, `Gᵀ A` what the columns get.
//!
//! What has to see a whole row at once is in `rows`, pairs of a list in `listed`.

mod listed;
mod measure;
mod near;
mod norms;
mod rows;
mod sums;
mod tile;
mod triplets;

use super::{fresh::zeros, gemm::Workers, isa::Choice, threads};
use crate::formula::Measure;
use core::ops::Range;
use measure::{Block, Side as PointsOf, squares};
use near::Near;
use std::sync::Mutex;
use sums::Sums;
use tile::{Axis, Tile};

pub(crate) use listed::Listed;
pub(crate) use rows::pair_rows;
pub(crate) use tile::PairKernel;
pub(crate) use triplets::{triplet_gradients, triplet_terms};

/// How many rows and columns a tile has at most: 256 KB of similarities.
const SIDE: usize = 256;

/// How many numbers the parts may have, all together, that are put together after a row of tiles: 8 MB.
const PARTS: usize = 2 << 20;

/// Points, in row-major order, and a number for each: equal numbers make a positive pair, NaN is in no pair.
#[derive(Clone, Copy)]
pub(crate) struct Points<'a> {
    pub elements: &'a [f32],
    pub labels: &'a [f32],
}

/// Pairs of points.
#[derive(Clone, Copy)]
pub(crate) struct Pairs<'a> {
    pub rows: Points<'a>,
    /// `None`: the rows themselves, of which none is paired with itself.
    pub columns: Option<Points<'a>>,
    /// The dimension of the points.
    pub width: usize,
    /// What is taken of each pair.
    pub measure: Measure,
}

impl<'a> Points<'a> {
    /// Some of the points.
    fn side(&self, range: Range<usize>, width: usize, squares: &'a [f32]) -> PointsOf<'a> {
        PointsOf {
            elements: &self.elements[range.start * width..range.end * width],
            squares: squares.get(range.clone()).unwrap_or_default(),
            width,
            count: range.len(),
        }
    }
}

impl<'a> Pairs<'a> {
    /// What the rows are paired with.
    ///
    /// # Panics
    /// If the lengths do not fit.
    fn checked_columns(&self) -> Points<'a> {
        let columns = self.columns.unwrap_or(self.rows);
        for points in [self.rows, columns] {
            let expected = points.labels.len() * self.width;
            assert_eq!(points.elements.len(), expected, "points of this dimension");
        }
        columns
    }
}

/// The terms of every row, all of the first term, then all of the next. With `both`, those of the columns
/// are behind those of the rows; the same points have the same terms as rows and as columns.
///
/// # Panics
/// If the lengths do not fit.
pub(crate) fn pair_terms(formula: &dyn PairKernel, both: bool, pairs: &Pairs<'_>) -> Vec<f32> {
    let walk = Walk::new(both, pairs);
    let kinds = formula.terms();
    let terms = kinds.len();
    let empty = |count: usize| -> Vec<Sums> {
        blocks(count)
            .map(|block| Sums::new(terms, block.len()))
            .collect()
    };
    let mut rows = empty(pairs.rows.labels.len());
    let mut columns = empty(match both && !walk.same {
        true => walk.columns.labels.len(),
        false => 0,
    });
    for row in 0..rows.len() {
        let (before, after) = rows.split_at_mut(row + 1);
        let targets = walk.targets(row, after, &mut columns);
        let parts = walk.by_parts(targets, &|group| {
            let mut part = Sums::new(terms, walk.row_block(row).len());
            for (column, mut target) in group {
                walk.with_similarities(row, column, &mut |tile| {
                    formula.sum_rows(walk.choice, tile, &mut part);
                    if let Some(target) = &mut target {
                        formula.sum_columns(walk.choice, tile, target);
                    }
                });
            }
            part
        });
        parts.iter().for_each(|part| before[row].add(part, kinds));
    }
    rows.extend(columns);
    (0..terms)
        .flat_map(|term| {
            rows.iter()
                .flat_map(move |sums| sums.results(term, kinds[term]))
        })
        .collect()
}

/// What an upstream gradient of the terms is to rows and columns, each where it is wanted. Of the same
/// points there is one gradient, the first.
///
/// # Panics
/// If the lengths do not fit.
pub(crate) fn pair_gradients(
    formula: &dyn PairKernel,
    both: bool,
    pairs: &Pairs<'_>,
    terms: &[f32],
    upstream: &[f32],
    wanted: [bool; 2],
) -> [Option<Vec<f32>>; 2] {
    let walk = Walk::new(both, pairs);
    let counted = walk.counted();
    assert_eq!(
        terms.len(),
        formula.terms().len() * counted,
        "terms of these points"
    );
    assert_eq!(upstream.len(), terms.len(), "a gradient for each term");
    let factors = Factors {
        terms,
        upstream,
        stride: counted,
        rows: walk.rows.labels.len(),
    };
    let width = pairs.width;
    let [to_rows, to_columns] = wanted;
    let mut by_rows = to_rows.then(|| zeros(walk.rows.elements.len()));
    let mut by_columns = (to_columns && !walk.same).then(|| zeros(walk.columns.elements.len()));
    if by_rows.is_none() && by_columns.is_none() {
        return [None, None];
    }
    let mut nothing: [Vec<f32>; 2] = Default::default();
    let [no_rows, no_columns] = &mut nothing;
    for row in 0..walk.row_blocks() {
        let block = walk.row_block(row);
        let all_rows = by_rows.as_mut().unwrap_or(no_rows).as_mut_slice();
        let (before, after) = all_rows.split_at_mut(all_rows.len().min(block.end * width));
        let mut after: Vec<_> = after.chunks_mut(SIDE * width.max(1)).collect();
        let all_columns = by_columns.as_mut().unwrap_or(no_columns);
        let mut columns: Vec<_> = all_columns.chunks_mut(SIDE * width.max(1)).collect();
        let targets = walk.targets(row, &mut after, &mut columns);
        let parts = walk.by_parts(targets, &|group| {
            let mut part = vec![0.0; if to_rows { block.len() * width } else { 0 }];
            for (column, mut target) in group {
                walk.with_similarities(row, column, &mut |tile| {
                    formula.differentiate(walk.choice, tile, &factors);
                    let part = to_rows.then_some(&mut part[..]);
                    let target = target.as_mut().map(|target| &mut target[..]);
                    tile.spread(&walk.block(row, column), part, target);
                });
            }
            part
        });
        if to_rows {
            let own = &mut before[block.start * width..];
            for part in parts {
                own.iter_mut()
                    .zip(part)
                    .for_each(|(sum, part)| *sum += part);
            }
        }
    }
    [by_rows, by_columns]
}

/// The terms of points, and the upstream gradients of these.
pub(crate) struct Factors<'a> {
    terms: &'a [f32],
    upstream: &'a [f32],
    /// How many numbers there are of one term.
    stride: usize,
    /// How many of these are those of rows.
    rows: usize,
}

/// The ranges that so many points fall into.
fn blocks(count: usize) -> impl Iterator<Item = Range<usize>> {
    (0..count)
        .step_by(SIDE)
        .map(move |first| first..count.min(first + SIDE))
}

/// A tile of a row of them: the index of its columns, and where what it adds to these goes.
type Target<'t, T> = (usize, Option<&'t mut T>);

/// What a walk needs to know everywhere.
struct Walk<'a> {
    rows: Points<'a>,
    columns: Points<'a>,
    /// Whether both are the same points.
    same: bool,
    both: bool,
    width: usize,
    measure: Measure,
    row_squares: Vec<f32>,
    /// Those of other columns.
    column_squares: Vec<f32>,
    choice: Choice,
    /// Memory for tiles that is not in use.
    tiles: Mutex<Vec<(Vec<f32>, Near)>>,
}

impl<'a> Walk<'a> {
    fn new(both: bool, pairs: &Pairs<'a>) -> Self {
        let columns = pairs.checked_columns();
        let squares = |points: Points<'_>| squares(pairs.measure, points.elements, pairs.width);
        Self {
            rows: pairs.rows,
            columns,
            same: pairs.columns.is_none(),
            both,
            width: pairs.width,
            measure: pairs.measure,
            row_squares: squares(pairs.rows),
            column_squares: pairs.columns.map(squares).unwrap_or_default(),
            choice: Choice::current(),
            tiles: Mutex::default(),
        }
    }

    /// How many numbers there are of each term.
    fn counted(&self) -> usize {
        let columns = match self.both && !self.same {
            true => self.columns.labels.len(),
            false => 0,
        };
        self.rows.labels.len() + columns
    }

    fn row_blocks(&self) -> usize {
        self.rows.labels.len().div_ceil(SIDE)
    }

    fn row_block(&self, index: usize) -> Range<usize> {
        index * SIDE..self.rows.labels.len().min((index + 1) * SIDE)
    }

    fn column_block(&self, index: usize) -> Range<usize> {
        index * SIDE..self.columns.labels.len().min((index + 1) * SIDE)
    }

    /// The tiles of a row of them: the index of each one's columns, and where what it adds to these
    /// goes. Of the same points only those from the diagonal on, whose own target is that of its row.
    fn targets<'t, T>(
        &self,
        row: usize,
        after: &'t mut [T],
        columns: &'t mut [T],
    ) -> Vec<Target<'t, T>> {
        let count = self.columns.labels.len().div_ceil(SIDE);
        let first = if self.same { row } else { 0 };
        let mut targets = match self.same {
            true => after.iter_mut(),
            false => columns.iter_mut(),
        };
        (first..count)
            .map(|column| {
                let is_diagonal = self.same && column == row;
                (column, if is_diagonal { None } else { targets.next() })
            })
            .collect()
    }

    /// Works on groups of tiles, whose number depends on shapes alone, on all threads.
    fn by_parts<'t, T: Send, P: Send>(
        &self,
        targets: Vec<Target<'t, T>>,
        work: &(dyn Fn(Vec<Target<'t, T>>) -> P + Sync),
    ) -> Vec<P> {
        let groups = (PARTS / (SIDE * self.width.max(1))).clamp(2, 64);
        let per_group = targets.len().div_ceil(groups).max(1);
        let mut targets = targets.into_iter().peekable();
        let groups = core::iter::from_fn(|| {
            targets.peek()?;
            Some(targets.by_ref().take(per_group).collect())
        });
        threads::map(groups, &|_, group| work(group))
    }

    /// The points of a tile.
    fn block(&self, row: usize, column: usize) -> Block<'_> {
        let column_squares = match self.same {
            true => &self.row_squares,
            false => &self.column_squares,
        };
        Block {
            measure: self.measure,
            rows: self
                .rows
                .side(self.row_block(row), self.width, &self.row_squares),
            columns: self
                .columns
                .side(self.column_block(column), self.width, column_squares),
            workers: Workers::One,
        }
    }

    /// Computes the similarities of a tile and hands it over.
    fn with_similarities(&self, row: usize, column: usize, work: &mut dyn FnMut(&mut Tile<'_>)) {
        let unused = self.tiles.lock().expect("no panic while it was held").pop();
        let (mut elements, mut near) =
            unused.unwrap_or_else(|| (vec![0.0; SIDE * SIDE], Near::new()));
        let (rows, columns) = (self.row_block(row), self.column_block(column));
        self.block(row, column)
            .fill((&mut elements, SIDE), &mut near);
        let mut tile = Tile {
            is_diagonal: self.same && row == column,
            counts_columns: self.same || self.both,
            same: self.same,
            rows: Axis::new(&self.rows.labels[rows.clone()], rows.start),
            columns: Axis::new(&self.columns.labels[columns.clone()], columns.start),
            elements: &mut elements,
            near: &near,
        };
        work(&mut tile);
        let mut unused = self.tiles.lock().expect("no panic while it was held");
        unused.push((elements, near));
    }
}

//! One tile: what it adds to the terms of its rows and columns, and its gradient.
//!
//! Sixteen columns are worked on at a time. Beyond the last column a tile holds anything; labels there
//! are NaN, and a pair with a NaN in it is none.

use super::{
    Factors, SIDE,
    sums::{Sums, reference},
};
use crate::{
    formula::{Dual, Kind, PairFormula, Summation},
    kernel::{
        gemm::Matrix,
        isa::{Choice, dispatch},
        lane::Lane,
        simd::{Isa, WIDTH},
    },
};

/// The rows of a tile, or its columns.
pub(super) struct Axis {
    /// A label for each point, NaN beyond them.
    labels: [f32; SIDE],
    /// Where the points begin.
    start: usize,
    count: usize,
}

impl Axis {
    pub fn new(labels: &[f32], start: usize) -> Self {
        let mut padded = [f32::NAN; SIDE];
        padded[..labels.len()].copy_from_slice(labels);
        Self {
            labels: padded,
            start,
            count: labels.len(),
        }
    }
}

/// Whose terms are summed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Side {
    Rows,
    Columns,
}

/// Similarities of some rows with some columns, which become their gradient.
pub(super) struct Tile<'a, F> {
    pub formula: F,
    pub choice: Choice,
    /// Whether rows and columns are the same points, so that those on the diagonal are no pairs.
    pub is_diagonal: bool,
    /// Whether columns have terms.
    pub counts_columns: bool,
    /// Whether the terms of columns are those of the rows they are elsewhere.
    pub same: bool,
    pub rows: Axis,
    pub columns: Axis,
    /// Rows begin [`SIDE`] elements apart.
    pub elements: &'a mut Vec<f32>,
}

impl<F: PairFormula> Tile<'_, F> {
    pub fn matrix(&self) -> Matrix<'_> {
        Matrix::with_step(self.elements, self.rows.count, self.columns.count, SIDE)
    }

    /// Adds what the pairs come to for each row, or for each column.
    pub fn sum(&self, side: Side, sums: &mut Sums) {
        assert!(self.elements.len() >= SIDE * SIDE, "a whole tile");
        let choice = self.choice;
        let task = &mut Summing { tile: self, sums };
        // What the bodies ask for: the tile is whole.
        match side {
            Side::Rows => {
                dispatch!(choice, sum_rows<F: PairFormula>(task: &mut Summing<'_, '_, F>) -> ())
            }
            Side::Columns => {
                dispatch!(choice, sum_columns<F: PairFormula>(task: &mut Summing<'_, '_, F>) -> ())
            }
        }
    }

    /// Turns the similarities into their gradient.
    pub fn differentiate(&mut self, factors: &Factors<'_>) {
        assert!(self.elements.len() >= SIDE * SIDE, "a whole tile");
        let choice = self.choice;
        let task = &mut Differentiating {
            tile: self,
            factors,
        };
        // What the body asks for: the tile is whole.
        dispatch!(choice, differentiate<F: PairFormula>(task: &mut Differentiating<'_, '_, F>) -> ());
    }
}

struct Summing<'s, 'a, F> {
    tile: &'s Tile<'a, F>,
    sums: &'s mut Sums,
}

struct Differentiating<'s, 'a, F> {
    tile: &'s mut Tile<'a, F>,
    factors: &'s Factors<'s>,
}

/// Sixteen labels.
#[inline(always)]
fn labels_at<I: Isa>(labels: &[f32; SIDE], start: usize) -> Lane<I> {
    let mut sixteen = [0.0; WIDTH];
    sixteen.copy_from_slice(&labels[start..start + WIDTH]);
    Lane::new(sixteen)
}

/// `then` for pairs of a kind, `otherwise` for others.
#[inline(always)]
fn of_kind<I: Isa>(
    kind: Kind,
    columns: Lane<I>,
    row: Lane<I>,
    then: Lane<I>,
    otherwise: Lane<I>,
) -> Lane<I> {
    match kind {
        Kind::Positive => columns.where_same(row, then, otherwise),
        Kind::Negative => {
            let exists = columns.where_same(columns, then, otherwise);
            columns.where_same(row, otherwise, exists)
        }
    }
}

/// Sixteen elements.
///
/// # Safety
/// There are that many.
#[inline(always)]
unsafe fn load<I: Isa>(from: *const f32) -> Lane<I> {
    // SAFETY: as promised by the caller.
    Lane::new(unsafe { from.cast::<[f32; WIDTH]>().read_unaligned() })
}

/// The largest of sixteen; one that is NaN may be passed over.
#[inline(always)]
fn largest<I: Isa>(lane: Lane<I>) -> f32 {
    lane.into_array().into_iter().fold(
        f32::NEG_INFINITY,
        |most, one| if most < one { one } else { most },
    )
}

/// # Safety
/// The tile is whole.
#[inline(always)]
unsafe fn sum_rows<I: Isa, F: PairFormula>(task: &mut Summing<'_, '_, F>) {
    let tile = task.tile;
    let mut labels = tile.columns.labels;
    let width = tile.columns.count.next_multiple_of(WIDTH);
    let none = Lane::<I>::splat(f32::NEG_INFINITY);
    let zero = Lane::<I>::splat(0.0);
    for row in 0..tile.rows.count {
        let own = tile.rows.labels[row];
        if tile.is_diagonal {
            labels[row] = f32::NAN;
        }
        let row_label = Lane::<I>::splat(own);
        let similarities = tile.elements[row * SIDE..].as_ptr();
        for (index, term) in F::TERMS.iter().enumerate() {
            let value = |start: usize| {
                // SAFETY: rows of a whole tile are a multiple of sixteen long.
                let s = unsafe { load::<I>(similarities.add(start)) };
                tile.formula.value(index, s)
            };
            let mut sum = I::no_sum();
            let mut most = f32::NEG_INFINITY;
            match term.summation {
                Summation::Sum => {
                    for start in (0..width).step_by(WIDTH) {
                        let columns = labels_at(&labels, start);
                        let kept = of_kind(term.kind, columns, row_label, value(start), zero);
                        sum = kept.add_to(sum);
                    }
                }
                Summation::LogSumExp => {
                    let mut lanes = none;
                    for start in (0..width).step_by(WIDTH) {
                        let columns = labels_at(&labels, start);
                        let kept = of_kind(term.kind, columns, row_label, value(start), none);
                        lanes = lanes.larger(kept);
                    }
                    most = largest(lanes);
                    let shift = Lane::<I>::splat(reference(most));
                    for start in (0..width).step_by(WIDTH) {
                        let columns = labels_at(&labels, start);
                        let e = crate::formula::Real::exp(value(start) - shift);
                        sum = of_kind(term.kind, columns, row_label, e, zero).add_to(sum);
                    }
                }
            }
            task.sums
                .add_to(index, row, most, I::sums(sum).iter().sum());
        }
        if tile.is_diagonal {
            labels[row] = own;
        }
    }
}

/// # Safety
/// The tile is whole.
#[inline(always)]
unsafe fn sum_columns<I: Isa, F: PairFormula>(task: &mut Summing<'_, '_, F>) {
    let tile = task.tile;
    let rows = tile.rows.count;
    let none = Lane::<I>::splat(f32::NEG_INFINITY);
    let zero = Lane::<I>::splat(0.0);
    for start in (0..tile.columns.count).step_by(WIDTH) {
        let columns = labels_at::<I>(&tile.columns.labels, start);
        let similarities = tile.elements[start..].as_ptr();
        for (index, term) in F::TERMS.iter().enumerate() {
            let value = |row: usize| {
                // SAFETY: rows of a whole tile are a multiple of sixteen long.
                let s = unsafe { load::<I>(similarities.add(row * SIDE)) };
                tile.formula.value(index, s)
            };
            let row_label = |row: usize| Lane::<I>::splat(tile.rows.labels[row]);
            let mut sum = I::no_sum();
            let mut most = none;
            match term.summation {
                Summation::Sum => {
                    for row in 0..rows {
                        let kept = of_kind(term.kind, columns, row_label(row), value(row), zero);
                        sum = kept.add_to(sum);
                    }
                }
                Summation::LogSumExp => {
                    for row in 0..rows {
                        let kept = of_kind(term.kind, columns, row_label(row), value(row), none);
                        most = most.larger(kept);
                    }
                    let shift = most.where_same(none, zero, most);
                    for row in 0..rows {
                        let e = crate::formula::Real::exp(value(row) - shift);
                        sum = of_kind(term.kind, columns, row_label(row), e, zero).add_to(sum);
                    }
                }
            }
            let (most, sums) = (most.into_array(), I::sums(sum));
            let points = WIDTH.min(tile.columns.count - start);
            for point in 0..points {
                task.sums
                    .add_to(index, start + point, most[point], sums[point]);
            }
        }
    }
}

/// # Safety
/// The tile is whole.
#[inline(always)]
unsafe fn differentiate<I: Isa, F: PairFormula>(task: &mut Differentiating<'_, '_, F>) {
    let factors = task.factors;
    let tile = &mut *task.tile;
    let mut labels = tile.columns.labels;
    let width = tile.columns.count.next_multiple_of(WIDTH);
    let zero = Lane::<I>::splat(0.0);
    // Terms and upstream gradients of the columns, padded.
    let mut of_columns = vec![[[0.0f32; SIDE]; 2]; F::TERMS.len()];
    if tile.counts_columns {
        let first = tile.columns.start + if tile.same { 0 } else { factors.rows };
        for (index, padded) in of_columns.iter_mut().enumerate() {
            let place = index * factors.stride + first;
            let count = tile.columns.count;
            padded[0][..count].copy_from_slice(&factors.terms[place..place + count]);
            padded[1][..count].copy_from_slice(&factors.upstream[place..place + count]);
        }
    }
    for row in 0..tile.rows.count {
        let own = tile.rows.labels[row];
        if tile.is_diagonal {
            labels[row] = f32::NAN;
        }
        let row_label = Lane::<I>::splat(own);
        let similarities = tile.elements[row * SIDE..].as_mut_ptr();
        for start in (0..width).step_by(WIDTH) {
            let columns = labels_at::<I>(&labels, start);
            // SAFETY: rows of a whole tile are a multiple of sixteen long.
            let s = unsafe { load::<I>(similarities.add(start)) };
            let mut gradient = zero;
            for (index, term) in F::TERMS.iter().enumerate() {
                let place = index * factors.stride + tile.rows.start + row;
                let f = tile.formula.value(index, Dual::variable(s));
                let by = |total: Lane<I>, upstream: Lane<I>| match term.summation {
                    Summation::Sum => upstream,
                    Summation::LogSumExp => crate::formula::Real::exp(f.value - total) * upstream,
                };
                let mut share = by(
                    Lane::splat(factors.terms[place]),
                    Lane::splat(factors.upstream[place]),
                );
                if tile.counts_columns {
                    let [total, upstream] = &of_columns[index];
                    share = share + by(labels_at(total, start), labels_at(upstream, start));
                }
                let slope = share * f.derivative();
                gradient = gradient + of_kind(term.kind, columns, row_label, slope, zero);
            }
            // SAFETY: as above.
            unsafe {
                similarities
                    .add(start)
                    .cast::<[f32; WIDTH]>()
                    .write_unaligned(gradient.into_array());
            }
        }
        if tile.is_diagonal {
            labels[row] = own;
        }
    }
}

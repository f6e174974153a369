//! One tile: what it adds to the terms of its rows and columns, and its gradient.
//!
//! Sixteen columns are worked on at a time. Beyond the last column a tile holds anything; labels there
//! are NaN, and a pair with a NaN in it is none.

use super::{
    Factors, SIDE,
    measure::{Block, Near},
    sums::{Sums, reference},
};
use crate::{
    formula::{Dual, Kind, PairFormula, Real, Summation, Term},
    kernel::cpu::{
        isa::Choice,
        lane::Lane,
        simd::{Body, Isa, WIDTH},
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
    pub near: &'a Near,
}

impl<F: PairFormula> Tile<'_, F> {
    /// Adds what the gradient is to rows and columns, each where it is wanted. It is lost.
    pub fn spread(
        &mut self,
        block: &Block<'_>,
        to_rows: Option<&mut [f32]>,
        to_columns: Option<&mut [f32]>,
    ) {
        block.spread((self.elements, SIDE), self.near, to_rows, to_columns);
    }

    /// Adds what the pairs come to for each row, or for each column.
    pub fn sum(&self, side: Side, sums: &mut Sums) {
        assert!(self.elements.len() >= SIDE * SIDE, "a whole tile");
        let tile = self;
        self.choice.run(Summing { tile, side, sums });
    }

    /// Turns the similarities into their gradient.
    pub fn differentiate(&mut self, factors: &Factors<'_>) {
        assert!(self.elements.len() >= SIDE * SIDE, "a whole tile");
        let choice = self.choice;
        choice.run(Differentiating {
            tile: self,
            factors,
        });
    }
}

/// The sums of a whole tile.
struct Summing<'s, 'a, F> {
    tile: &'s Tile<'a, F>,
    side: Side,
    sums: &'s mut Sums,
}

impl<F: PairFormula> Body for Summing<'_, '_, F> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) {
        // SAFETY: the tile is whole; `Tile::sum` has looked.
        unsafe {
            match self.side {
                Side::Rows => sum_rows(isa, &mut self),
                Side::Columns => sum_columns(isa, &mut self),
            }
        }
    }
}

/// The gradient of a whole tile.
struct Differentiating<'s, 'a, F> {
    tile: &'s mut Tile<'a, F>,
    factors: &'s Factors<'s>,
}

impl<F: PairFormula> Body for Differentiating<'_, '_, F> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) {
        // SAFETY: the tile is whole; `Tile::differentiate` has looked.
        unsafe { differentiate(isa, &mut self) };
    }
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

// What follows are functions and macros rather than closures: a closure with two callers need not be
// inlined, and kernels have to be.

/// Sixteen elements.
///
/// # Safety
/// There are that many.
#[inline(always)]
unsafe fn load<I: Isa>(isa: I, from: *const f32) -> Lane<I> {
    // SAFETY: as promised by the caller.
    Lane::new(isa, unsafe { from.cast::<[f32; WIDTH]>().read_unaligned() })
}

/// What a term sums, of sixteen pairs.
///
/// # Safety
/// There are that many similarities.
#[inline(always)]
unsafe fn value<I: Isa, F: PairFormula>(
    isa: I,
    formula: &F,
    term: usize,
    from: *const f32,
) -> Lane<I> {
    // SAFETY: as promised by the caller.
    formula.value(term, unsafe { load(isa, from) })
}

/// What a term's upstream gradient is to what it sums.
#[inline(always)]
fn share<I: Isa>(summation: Summation, f: Lane<I>, total: Lane<I>, upstream: Lane<I>) -> Lane<I> {
    match summation {
        Summation::Sum => upstream,
        Summation::LogSumExp => (f - total).exp() * upstream,
    }
}

/// The largest of sixteen; one that is NaN may be passed over.
#[inline(always)]
fn largest<I: Isa>(lane: Lane<I>) -> f32 {
    let mut most = f32::NEG_INFINITY;
    for one in lane.into_array() {
        most = if most < one { one } else { most };
    }
    most
}

/// Runs a block for every `$step`th number below `$end`.
macro_rules! for_each {
    ($at:ident below $end:expr, by $step:expr, $body:block) => {{
        let end: usize = $end;
        let mut $at = 0;
        while $at < end {
            $body
            $at += $step;
        }
    }};
}

/// # Safety
/// The tile is whole.
#[inline(always)]
unsafe fn sum_rows<I: Isa, F: PairFormula>(isa: I, task: &mut Summing<'_, '_, F>) {
    let tile = task.tile;
    let formula = &tile.formula;
    let mut labels = tile.columns.labels;
    let width = tile.columns.count.next_multiple_of(WIDTH);
    let none = Lane::splat(isa, f32::NEG_INFINITY);
    let zero = Lane::splat(isa, 0.0);
    for_each!(row below tile.rows.count, by 1, {
        let own = tile.rows.labels[row];
        if tile.is_diagonal {
            labels[row] = f32::NAN;
        }
        let row_label = Lane::splat(isa, own);
        let similarities = tile.elements[row * SIDE..][..SIDE].as_ptr();
        let labels_at = labels.as_ptr();
        for_each!(index below F::TERMS.len(), by 1, {
            let term = F::TERMS[index];
            let mut sum = isa.no_sum();
            let mut most = f32::NEG_INFINITY;
            // SAFETY: rows and labels of a whole tile are a multiple of sixteen long.
            unsafe {
                match term.summation {
                    Summation::Sum => {
                        for_each!(start below width, by WIDTH, {
                            let f = value(isa, formula, index, similarities.add(start));
                            let columns = load(isa, labels_at.add(start));
                            sum = of_kind(term.kind, columns, row_label, f, zero).add_to(sum);
                        });
                    }
                    Summation::LogSumExp => {
                        let mut lanes = none;
                        for_each!(start below width, by WIDTH, {
                            let f = value(isa, formula, index, similarities.add(start));
                            let columns = load(isa, labels_at.add(start));
                            lanes = lanes.larger(of_kind(term.kind, columns, row_label, f, none));
                        });
                        most = largest(lanes);
                        let shift = Lane::splat(isa, reference(most));
                        for_each!(start below width, by WIDTH, {
                            let f = value(isa, formula, index, similarities.add(start));
                            let columns = load(isa, labels_at.add(start));
                            let e = (f - shift).exp();
                            sum = of_kind(term.kind, columns, row_label, e, zero).add_to(sum);
                        });
                    }
                }
            }
            task.sums.add_to(index, row, most, total(isa, sum));
        });
        if tile.is_diagonal {
            labels[row] = own;
        }
    });
}

/// # Safety
/// The tile is whole.
#[inline(always)]
unsafe fn sum_columns<I: Isa, F: PairFormula>(isa: I, task: &mut Summing<'_, '_, F>) {
    let tile = task.tile;
    let formula = &tile.formula;
    let rows = tile.rows.count;
    let none = Lane::splat(isa, f32::NEG_INFINITY);
    let zero = Lane::splat(isa, 0.0);
    for_each!(start below tile.columns.count, by WIDTH, {
        // SAFETY: rows and labels of a whole tile are a multiple of sixteen long.
        let columns = unsafe { load(isa, tile.columns.labels[start..][..WIDTH].as_ptr()) };
        let similarities = tile.elements[start..].as_ptr();
        for_each!(index below F::TERMS.len(), by 1, {
            let term = F::TERMS[index];
            let mut sum = isa.no_sum();
            let mut most = none;
            // SAFETY: as above.
            unsafe {
                match term.summation {
                    Summation::Sum => {
                        for_each!(row below rows, by 1, {
                            let f = value(isa, formula, index, similarities.add(row * SIDE));
                            let label = Lane::splat(isa, tile.rows.labels[row]);
                            sum = of_kind(term.kind, columns, label, f, zero).add_to(sum);
                        });
                    }
                    Summation::LogSumExp => {
                        for_each!(row below rows, by 1, {
                            let f = value(isa, formula, index, similarities.add(row * SIDE));
                            let label = Lane::splat(isa, tile.rows.labels[row]);
                            most = most.larger(of_kind(term.kind, columns, label, f, none));
                        });
                        let shift = most.where_same(none, zero, most);
                        for_each!(row below rows, by 1, {
                            let f = value(isa, formula, index, similarities.add(row * SIDE));
                            let label = Lane::splat(isa, tile.rows.labels[row]);
                            let e = (f - shift).exp();
                            sum = of_kind(term.kind, columns, label, e, zero).add_to(sum);
                        });
                    }
                }
            }
            let (most, sums) = (most.into_array(), isa.sums(sum));
            let points = WIDTH.min(tile.columns.count - start);
            for point in 0..points {
                task.sums.add_to(index, start + point, most[point], sums[point]);
            }
        });
    });
}

/// All sums together.
#[inline(always)]
fn total<I: Isa>(isa: I, sum: I::Sum) -> f64 {
    let mut total = 0.0;
    for one in isa.sums(sum) {
        total += one;
    }
    total
}

/// # Safety
/// The tile is whole.
#[inline(always)]
unsafe fn differentiate<I: Isa, F: PairFormula>(isa: I, task: &mut Differentiating<'_, '_, F>) {
    let factors = task.factors;
    let tile = &mut *task.tile;
    let mut labels = tile.columns.labels;
    let width = tile.columns.count.next_multiple_of(WIDTH);
    let zero = Lane::splat(isa, 0.0);
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
    for_each!(row below tile.rows.count, by 1, {
        let own = tile.rows.labels[row];
        if tile.is_diagonal {
            labels[row] = f32::NAN;
        }
        let row_label = Lane::splat(isa, own);
        let similarities = tile.elements[row * SIDE..][..SIDE].as_mut_ptr();
        let labels_at = labels.as_ptr();
        for_each!(start below width, by WIDTH, {
            // SAFETY: rows and labels of a whole tile are a multiple of sixteen long.
            let (columns, s) = unsafe {
                (load(isa, labels_at.add(start)), load(isa, similarities.add(start)))
            };
            let mut gradient = zero;
            for_each!(index below F::TERMS.len(), by 1, {
                let Term { kind, summation } = F::TERMS[index];
                let place = index * factors.stride + tile.rows.start + row;
                let f = tile.formula.value(index, Dual::variable(s));
                let of_row = Lane::splat(isa, factors.terms[place]);
                let by_row = Lane::splat(isa, factors.upstream[place]);
                let mut factor = share(summation, f.value, of_row, by_row);
                if tile.counts_columns {
                    let [of_column, by_column] = &of_columns[index];
                    // SAFETY: these are as long as a row.
                    let (of_column, by_column) = unsafe {
                        let of_column = load(isa, of_column.as_ptr().add(start));
                        (of_column, load(isa, by_column.as_ptr().add(start)))
                    };
                    factor = factor + share(summation, f.value, of_column, by_column);
                }
                let slope = factor * f.derivative();
                gradient = gradient + of_kind(kind, columns, row_label, slope, zero);
            });
            // SAFETY: as above.
            unsafe {
                let place = similarities.add(start).cast::<[f32; WIDTH]>();
                place.write_unaligned(gradient.into_array());
            }
        });
        if tile.is_diagonal {
            labels[row] = own;
        }
    });
}

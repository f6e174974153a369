//! One tile: what it adds to the terms of its rows and columns, and its gradient.
//!
//! Sixteen columns are worked on at a time. Beyond the last column a tile holds anything; labels there
//! are NaN, and a pair with a NaN in it is none. Points in no pair have that label, too.

use super::{Factors, SIDE, measure::Block, near::Near, sums::Sums};
use crate::{
    formula::{Dual, Exponentials, Kind, PairFormula, Real, Summation, Term},
    kernel::cpu::{
        isa::Choice,
        lane::Lane,
        simd::{All, Body, Isa, WIDTH},
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

/// Similarities of some rows with some columns, which become their gradient.
pub(crate) struct Tile<'a> {
    /// Whether rows and columns are the same points, so that those on the diagonal are no pairs.
    pub(super) is_diagonal: bool,
    /// Whether columns have terms.
    pub(super) counts_columns: bool,
    /// Whether the terms of columns are those of the rows they are elsewhere.
    pub(super) same: bool,
    pub(super) rows: Axis,
    pub(super) columns: Axis,
    /// Rows begin [`SIDE`] elements apart.
    pub(super) elements: &'a mut [f32],
    pub(super) near: &'a Near,
}

impl Tile<'_> {
    /// Adds what the gradient is to rows and columns, each where it is wanted. It is lost.
    pub(super) fn spread(
        &mut self,
        block: &Block<'_>,
        to_rows: Option<&mut [f32]>,
        to_columns: Option<&mut [f32]>,
    ) {
        block.spread((self.elements, SIDE), self.near, to_rows, to_columns);
    }

    /// What the bodies ask for.
    fn check(&self) {
        assert!(self.elements.len() >= SIDE * SIDE, "a whole tile");
    }
}

/// A formula as an object: its kernel bodies, compiled for every instruction set. Each is called once for a
/// tile.
///
/// This is where formulas of pairs stop being types. Everything above (the walk, measures, threads, graph
/// nodes) is compiled once for all of them.
pub(crate) trait PairKernel: Send + Sync {
    /// The terms of a row.
    fn terms(&self) -> &[Term];

    /// Adds what the pairs of a tile come to for each row.
    fn sum_rows(&self, choice: Choice, tile: &Tile<'_>, sums: &mut Sums);

    /// Adds what the pairs of a tile come to for each column.
    fn sum_columns(&self, choice: Choice, tile: &Tile<'_>, sums: &mut Sums);

    /// Turns the similarities of a tile into their gradient.
    fn differentiate(&self, choice: Choice, tile: &mut Tile<'_>, factors: &Factors<'_>);
}

impl<F: PairFormula> PairKernel for F {
    fn terms(&self) -> &[Term] {
        PairFormula::terms(self)
    }

    fn sum_rows(&self, choice: Choice, tile: &Tile<'_>, sums: &mut Sums) {
        tile.check();
        let formula = self;
        choice.run(RowSums {
            formula,
            tile,
            sums,
        });
    }

    fn sum_columns(&self, choice: Choice, tile: &Tile<'_>, sums: &mut Sums) {
        tile.check();
        let formula = self;
        choice.run(ColumnSums {
            formula,
            tile,
            sums,
        });
    }

    fn differentiate(&self, choice: Choice, tile: &mut Tile<'_>, factors: &Factors<'_>) {
        tile.check();
        let formula = self;
        choice.run(Gradient {
            formula,
            tile,
            factors,
        });
    }
}

/// The sums of the rows of a whole tile.
struct RowSums<'s, 'a, F> {
    formula: &'s F,
    tile: &'s Tile<'a>,
    sums: &'s mut Sums,
}

/// The sums of the columns of a whole tile.
struct ColumnSums<'s, 'a, F> {
    formula: &'s F,
    tile: &'s Tile<'a>,
    sums: &'s mut Sums,
}

/// The gradient of a whole tile.
struct Gradient<'s, 'a, F> {
    formula: &'s F,
    tile: &'s mut Tile<'a>,
    factors: &'s Factors<'s>,
}

/// `then` for pairs of a kind, `otherwise` for others, of a row that has a label.
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

impl<F: PairFormula> Body for RowSums<'_, '_, F> {
    type Output = ();

    type Widest = All;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let (formula, tile, sums) = (self.formula, self.tile, self.sums);
        let terms = PairFormula::terms(formula);
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
            // A row without a label is in no pair.
            let counted = if own.is_nan() { 0 } else { terms.len() };
            for_each!(index below counted, by 1, {
                let term = terms[index];
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
                            let shift = Exponentials::reference(Lane::splat(isa, most));
                            for_each!(start below width, by WIDTH, {
                                let f = value(isa, formula, index, similarities.add(start));
                                let columns = load(isa, labels_at.add(start));
                                let e = (f - shift).exp();
                                sum = of_kind(term.kind, columns, row_label, e, zero).add_to(sum);
                            });
                        }
                    }
                }
                sums.add_to(index, row, most, total(isa, sum));
            });
            if tile.is_diagonal {
                labels[row] = own;
            }
        });
    }
}

impl<F: PairFormula> Body for ColumnSums<'_, '_, F> {
    type Output = ();

    type Widest = All;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let (formula, tile, sums) = (self.formula, self.tile, self.sums);
        let terms = PairFormula::terms(formula);
        let rows = tile.rows.count;
        let none = Lane::splat(isa, f32::NEG_INFINITY);
        let zero = Lane::splat(isa, 0.0);
        for_each!(start below tile.columns.count, by WIDTH, {
            // SAFETY: rows and labels of a whole tile are a multiple of sixteen long.
            let columns = unsafe { load(isa, tile.columns.labels[start..][..WIDTH].as_ptr()) };
            let similarities = tile.elements[start..].as_ptr();
            for_each!(index below terms.len(), by 1, {
                let term = terms[index];
                let mut sum = isa.no_sum();
                let mut most = none;
                // SAFETY: as above.
                unsafe {
                    match term.summation {
                        Summation::Sum => {
                            for_each!(row below rows, by 1, {
                                if !tile.rows.labels[row].is_nan() {
                                    let f = value(isa, formula, index, similarities.add(row * SIDE));
                                    let label = Lane::splat(isa, tile.rows.labels[row]);
                                    sum = of_kind(term.kind, columns, label, f, zero).add_to(sum);
                                }
                            });
                        }
                        Summation::LogSumExp => {
                            for_each!(row below rows, by 1, {
                                if !tile.rows.labels[row].is_nan() {
                                    let f = value(isa, formula, index, similarities.add(row * SIDE));
                                    let label = Lane::splat(isa, tile.rows.labels[row]);
                                    most = most.larger(of_kind(term.kind, columns, label, f, none));
                                }
                            });
                            let shift = Exponentials::reference(most);
                            for_each!(row below rows, by 1, {
                                if !tile.rows.labels[row].is_nan() {
                                    let f = value(isa, formula, index, similarities.add(row * SIDE));
                                    let label = Lane::splat(isa, tile.rows.labels[row]);
                                    let e = (f - shift).exp();
                                    sum = of_kind(term.kind, columns, label, e, zero).add_to(sum);
                                }
                            });
                        }
                    }
                }
                let (most, of_points) = (most.into_array(), isa.sums(sum));
                let points = WIDTH.min(tile.columns.count - start);
                for point in 0..points {
                    sums.add_to(index, start + point, most[point], of_points[point]);
                }
            });
        });
    }
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

impl<F: PairFormula> Body for Gradient<'_, '_, F> {
    type Output = ();

    type Widest = All;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let (formula, tile, factors) = (self.formula, self.tile, self.factors);
        let terms = PairFormula::terms(formula);
        let mut labels = tile.columns.labels;
        let width = tile.columns.count.next_multiple_of(WIDTH);
        let zero = Lane::splat(isa, 0.0);
        // Terms and upstream gradients of the columns, padded.
        let mut of_columns = vec![[[0.0f32; SIDE]; 2]; terms.len()];
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
            let counted = if own.is_nan() { 0 } else { terms.len() };
            for_each!(start below width, by WIDTH, {
                // SAFETY: rows and labels of a whole tile are a multiple of sixteen long.
                let (columns, s) = unsafe {
                    (load(isa, labels_at.add(start)), load(isa, similarities.add(start)))
                };
                let mut gradient = zero;
                for_each!(index below counted, by 1, {
                    let Term { kind, summation } = terms[index];
                    let place = index * factors.stride + tile.rows.start + row;
                    let f = formula.value(index, Dual::variable(s));
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
}

//! Terms of all pairs as ordinary operations of one backend, below autodiff: a block of rows at a time,
//! so that never more than a block of similarities is held.

use crate::{
    backend::{
        extension::{PairCall, PairOps},
        numbers::{Numbers, bool_dtype},
    },
    formula::{Dual, Kind, PairFormula, Real, Summation},
};
use burn::{
    backend::{
        TensorMetadata, get_or_init_device_settings,
        tensor::{BoolTensor, FloatTensor, IntTensor},
    },
    tensor::{IntDType, Shape, Slice},
};
use core::ops::Range;

/// How many similarities a block has at most, unless a single row has more.
const BLOCK: usize = if cfg!(test) { 64 } else { 4 << 20 };

/// A block of rows with all columns.
struct Block<B: PairOps> {
    rows: Range<usize>,
    /// Their points, and all of those they are paired with.
    points: Numbers<B>,
    columns: Numbers<B>,
    similarities: Numbers<B>,
    /// Which pairs are not positive, and which are not negative.
    outside: [BoolTensor<B>; 2],
}

impl<B: PairOps> Block<B> {
    fn all(call: &PairCall<B>) -> impl Iterator<Item = Self> {
        let rows = call.rows.shape()[0];
        let columns = call.columns.as_ref().unwrap_or(&call.rows).shape()[0];
        let per_block = (BLOCK / columns.max(1)).max(1);
        (0..rows)
            .step_by(per_block)
            .map(move |first| Self::new(call, first..rows.min(first + per_block)))
    }

    fn new(call: &PairCall<B>, rows: Range<usize>) -> Self {
        let columns = call.columns.clone().unwrap_or_else(|| call.rows.clone());
        let [count, width] = [columns.shape()[0], columns.shape()[1]];
        let slices = [Slice::from(rows.clone()), Slice::from(0..width)];
        let points = Numbers::<B>(B::float_slice(call.rows.clone(), &slices));
        let columns = Numbers::<B>(columns);
        let shape = Shape::new([rows.len(), count]);
        let equal = |of_rows: IntTensor<B>, of_columns: IntTensor<B>| {
            let of_rows = B::int_reshape(of_rows, Shape::new([rows.len(), 1]));
            let of_columns = B::int_reshape(of_columns, Shape::new([1, count]));
            B::int_equal(
                B::int_expand(of_rows, shape.clone()),
                B::int_expand(of_columns, shape.clone()),
                bool_dtype::<B>(&call.rows),
            )
        };
        let row_labels = B::int_slice(call.row_labels.clone(), &[Slice::from(rows.clone())]);
        let mut not_negative = equal(row_labels, call.column_labels.clone());
        let mut not_positive = B::bool_not(not_negative.clone());
        if call.columns.is_none() {
            let device = call.rows.device();
            let dtype: IntDType = get_or_init_device_settings::<B>(&device).int_dtype;
            let places = |range: Range<usize>| {
                B::int_arange(range.start as i64..range.end as i64, &device, dtype)
            };
            let itself = equal(places(rows.clone()), places(0..count));
            not_positive = B::bool_or(not_positive, itself.clone());
            not_negative = B::bool_or(not_negative, itself);
        }
        Self {
            similarities: points.clone().matmul(columns.clone().transpose()),
            rows,
            points,
            columns,
            outside: [not_positive, not_negative],
        }
    }

    fn outside(&self, kind: Kind) -> BoolTensor<B> {
        self.outside[match kind {
            Kind::Positive => 0,
            Kind::Negative => 1,
        }]
        .clone()
    }

    /// The logarithm of the sum of exponentials along a dimension, in two parts: what it is relative to,
    /// and the sum.
    fn exponentials(f: Numbers<B>, dim: usize) -> (Numbers<B>, Numbers<B>) {
        let largest = f.clone().max_dim(dim);
        let sum = (f - reference(largest.clone())).exp().sum_dim(dim);
        (largest, sum)
    }
}

/// What exponents are taken relative to: 0 where there was none but minus infinity.
fn reference<B: PairOps>(largest: Numbers<B>) -> Numbers<B> {
    let zero = largest.constant(0.0);
    largest.where_equal(f64::NEG_INFINITY, zero, largest.clone())
}

/// `ln sum` relative to the largest exponent, minus infinity where there is none.
fn log_sum<B: PairOps>(largest: Numbers<B>, sum: Numbers<B>) -> Numbers<B> {
    let none = sum.constant(f64::NEG_INFINITY);
    let log = sum.clone().ln() + reference(largest);
    sum.where_equal(0.0, none, log)
}

/// The terms of every row, and of every column if these have some: `[T, N]` or `[T, N + K]`.
pub(in crate::backend) fn terms<B: PairOps, F: PairFormula>(
    formula: F,
    call: &PairCall<B>,
) -> FloatTensor<B> {
    let has_columns = call.both && call.columns.is_some();
    let mut of_rows: Vec<Vec<Numbers<B>>> = vec![Vec::new(); F::TERMS.len()];
    let mut of_columns: Vec<Option<(Numbers<B>, Numbers<B>)>> = vec![None; F::TERMS.len()];
    for block in Block::all(call) {
        for (index, term) in F::TERMS.iter().enumerate() {
            let f = formula.value(index, block.similarities.clone());
            let outside = block.outside(term.kind);
            match term.summation {
                Summation::Sum => {
                    let f = f.mask_fill(outside, 0.0);
                    of_rows[index].push(f.clone().sum_dim(1));
                    if has_columns {
                        let sum = f.sum_dim(0);
                        of_columns[index] = Some(match of_columns[index].take() {
                            Some((none, before)) => (none, before + sum),
                            None => (sum.clone(), sum),
                        });
                    }
                }
                Summation::LogSumExp => {
                    let f = f.mask_fill(outside, f64::NEG_INFINITY);
                    let (largest, sum) = Block::exponentials(f.clone(), 1);
                    of_rows[index].push(log_sum(largest, sum));
                    if has_columns {
                        let (largest, sum) = Block::exponentials(f, 0);
                        of_columns[index] = Some(match of_columns[index].take() {
                            Some(before) => together(before, (largest, sum)),
                            None => (largest, sum),
                        });
                    }
                }
            }
        }
    }
    let flat = |terms: Numbers<B>| {
        let count = terms.shape().num_elements();
        terms.reshape(Shape::new([1, count]))
    };
    let all = of_rows
        .into_iter()
        .zip(of_columns)
        .zip(F::TERMS)
        .map(|((rows, columns), term)| {
            let rows = flat(Numbers::cat(rows, 0));
            match columns {
                Some((largest, sum)) => {
                    let columns = match term.summation {
                        Summation::Sum => sum,
                        Summation::LogSumExp => log_sum(largest, sum),
                    };
                    Numbers::cat(vec![rows, flat(columns)], 1)
                }
                None => rows,
            }
        });
    Numbers::cat(all.collect(), 0).0
}

/// Sums of exponentials, each relative to its largest, as one.
fn together<B: PairOps>(
    (a, sum_a): (Numbers<B>, Numbers<B>),
    (b, sum_b): (Numbers<B>, Numbers<B>),
) -> (Numbers<B>, Numbers<B>) {
    let largest = a.clone().larger(b.clone());
    let to = reference(largest.clone());
    let scaled = |from: Numbers<B>, sum: Numbers<B>| sum * (from - to.clone()).exp();
    (largest, scaled(a, sum_a) + scaled(b, sum_b))
}

/// The gradients of rows and columns, each where it is wanted. Of the same points there is one, the
/// first.
pub(in crate::backend) fn gradients<B: PairOps, F: PairFormula>(
    formula: F,
    call: &PairCall<B>,
    terms: FloatTensor<B>,
    upstream: FloatTensor<B>,
    [to_rows, to_columns]: [bool; 2],
) -> [Option<FloatTensor<B>>; 2] {
    let same = call.columns.is_none();
    let rows = call.rows.shape()[0];
    let mut by_rows = Vec::new();
    let mut by_columns: Option<Numbers<B>> = None;
    for block in Block::all(call) {
        let count = block.columns.shape()[0];
        let part = |tensor: &FloatTensor<B>, index: usize, range: Range<usize>| {
            let slices = [Slice::from(index..index + 1), Slice::from(range)];
            Numbers::<B>(B::float_slice(tensor.clone(), &slices))
        };
        let mut gradient: Option<Numbers<B>> = None;
        for (index, term) in F::TERMS.iter().enumerate() {
            let f = formula.value(index, Dual::variable(block.similarities.clone()));
            let share = |total: Numbers<B>, upstream: Numbers<B>| match term.summation {
                Summation::Sum => upstream,
                Summation::LogSumExp => (f.value.clone() - total).exp() * upstream,
            };
            let own = block.rows.clone();
            let own_shape = Shape::new([own.len(), 1]);
            let mut shares = share(
                part(&terms, index, own.clone()).reshape(own_shape.clone()),
                part(&upstream, index, own).reshape(own_shape),
            );
            if call.both && !same {
                let columns = rows..rows + count;
                shares = shares
                    + share(
                        part(&terms, index, columns.clone()),
                        part(&upstream, index, columns),
                    );
            }
            let slope = (f.derivative() * shares).mask_fill(block.outside(term.kind), 0.0);
            gradient = Some(match gradient {
                Some(before) => before + slope,
                None => slope,
            });
        }
        let gradient = gradient.expect("a formula has a term");
        if to_rows {
            by_rows.push(gradient.clone().matmul(block.columns));
        }
        if to_columns || (same && to_rows) {
            let add = gradient.transpose().matmul(block.points);
            by_columns = Some(match by_columns {
                Some(before) => before + add,
                None => add,
            });
        }
    }
    let by_rows = to_rows.then(|| Numbers::cat(by_rows, 0));
    match (same, by_rows, by_columns) {
        (true, Some(by_rows), Some(by_columns)) => [Some((by_rows + by_columns).0), None],
        (_, by_rows, by_columns) => [by_rows.map(|by| by.0), by_columns.map(|by| by.0)],
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use crate::{InfoNceLossConfig, NtXentLossConfig, composed};
    use burn::tensor::{Device, Tensor};

    /// Blocks are small in tests, so these embeddings take several.
    #[test]
    fn several_blocks_add_up() {
        let device = Device::flex().autodiff();
        let embeddings = |first: usize, rows: usize| {
            let numbers = (first..first + rows * 3).map(|i| (i * i % 17) as f32 - 8.0);
            let numbers: Vec<f32> = numbers.collect();
            Tensor::<1>::from_floats(&numbers[..], &device)
                .reshape([rows, 3])
                .require_grad()
        };
        let (a, b) = (embeddings(0, 21), embeddings(100, 21));
        let one_view = NtXentLossConfig::new().init(&device);
        let symmetric = InfoNceLossConfig::new().with_symmetric(true).init(&device);
        let loss =
            || one_view.forward(a.clone(), b.clone()) + symmetric.forward(a.clone(), b.clone());
        let results = [loss(), composed(loss)].map(|loss| {
            let value = loss.clone().into_scalar::<f32>();
            let gradients = loss.backward();
            let of = |leaf: &Tensor<2>| {
                let gradient = leaf.grad(&gradients).expect("a gradient");
                gradient.into_data().iter::<f32>().collect::<Vec<_>>()
            };
            [vec![value], of(&a), of(&b)].concat()
        });
        for (fused, composed) in results[0].iter().zip(&results[1]) {
            assert!(
                (fused - composed).abs() <= 1e-5 * (1.0 + fused.abs()),
                "{fused} {composed}"
            );
        }
    }
}

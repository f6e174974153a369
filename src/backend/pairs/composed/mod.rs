//! Pairs of points as ordinary operations of one backend, below autodiff: a block of rows at a time, so
//! that never more than a block of pairs is held.

mod block;
mod listed;
mod measure;
mod triplets;

use crate::{
    backend::{
        extension::{PairCall, PairOps},
        numbers::Numbers,
        pairs::AllPairs,
    },
    formula::{Dual, PairFormula, Real, Summation},
};
use block::{Block, Spread};
use burn::{
    backend::{TensorMetadata, tensor::FloatTensor},
    tensor::{Shape, Slice},
};
use core::ops::Range;

pub(in crate::backend) use listed::{listed, listed_gradients};
pub(in crate::backend) use triplets::{triplet_gradients, triplet_terms};

/// The logarithm of the sum of exponentials along a dimension, in two parts: what it is relative to,
/// and the sum.
fn exponentials<B: PairOps>(f: Numbers<B>, dim: usize) -> (Numbers<B>, Numbers<B>) {
    let largest = f.clone().max_dim(dim);
    let sum = (f - reference(largest.clone())).exp().sum_dim(dim);
    (largest, sum)
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
    pairs: AllPairs<F>,
    call: &PairCall<B>,
) -> FloatTensor<B> {
    let formula = pairs.formula;
    let has_columns = pairs.both && call.columns.is_some();
    let mut of_rows: Vec<Vec<Numbers<B>>> = vec![Vec::new(); F::TERMS.len()];
    let mut of_columns: Vec<Option<(Numbers<B>, Numbers<B>)>> = vec![None; F::TERMS.len()];
    for block in Block::all(call, pairs.measure, 1) {
        for (index, term) in F::TERMS.iter().enumerate() {
            let f = formula.value(index, block.measures.clone());
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
                    let (largest, sum) = exponentials(f.clone(), 1);
                    of_rows[index].push(log_sum(largest, sum));
                    if has_columns {
                        let (largest, sum) = exponentials(f, 0);
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
    pairs: AllPairs<F>,
    call: &PairCall<B>,
    terms: FloatTensor<B>,
    upstream: FloatTensor<B>,
    wanted: [bool; 2],
) -> [Option<FloatTensor<B>>; 2] {
    let formula = pairs.formula;
    let same = call.columns.is_none();
    let rows = call.rows.shape()[0];
    let mut spread = Spread::new(call, wanted);
    for block in Block::all(call, pairs.measure, 1) {
        let count = block.columns.shape()[0];
        let part = |tensor: &FloatTensor<B>, index: usize, range: Range<usize>| {
            let slices = [Slice::from(index..index + 1), Slice::from(range)];
            Numbers::<B>(B::float_slice(tensor.clone(), &slices))
        };
        let mut gradient: Option<Numbers<B>> = None;
        for (index, term) in F::TERMS.iter().enumerate() {
            let f = formula.value(index, Dual::variable(block.measures.clone()));
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
            if pairs.both && !same {
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
        spread.add(block, gradient.expect("a formula has a term"));
    }
    spread.gradients()
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

//! Terms of all pairs.

use super::{
    block::{Block, Spread},
    parts::joined,
};
use crate::{
    backend::{
        log_sum_exp::exponentials,
        pairs::{inputs::PairInputs, operation::AllPairs},
    },
    formula::{Exponentials, Summation},
};
use burn::tensor::{Bool, Tensor};

/// A term, as far as pairs have been seen.
struct Sum {
    /// Of exponentials the largest exponent.
    largest: Option<Tensor<2>>,
    sum: Tensor<2>,
}

impl Sum {
    /// What pairs have for a term, without those that are outside.
    fn inside(summation: Summation, f: Tensor<2>, outside: Tensor<2, Bool>) -> Tensor<2> {
        f.mask_fill(
            outside,
            match summation {
                Summation::Sum => 0.0,
                Summation::LogSumExp => f64::NEG_INFINITY,
            },
        )
    }

    fn along(dim: usize, summation: Summation, inside: Tensor<2>) -> Self {
        match summation {
            Summation::Sum => Self {
                largest: None,
                sum: inside.sum_dim(dim),
            },
            Summation::LogSumExp => exponentials(inside, dim).into(),
        }
    }

    /// Both as one, which are of the same term.
    fn plus(self, other: Self) -> Self {
        match (self.largest, other.largest) {
            (Some(largest), Some(others)) => {
                let own = Exponentials {
                    largest,
                    sum: self.sum,
                };
                let other = Exponentials {
                    largest: others,
                    sum: other.sum,
                };
                own.plus(other).into()
            }
            _ => Self {
                largest: None,
                sum: self.sum + other.sum,
            },
        }
    }

    /// The term, `[1, N]`.
    fn term(self) -> Tensor<2> {
        let sum = self.sum;
        let term = match self.largest {
            Some(largest) => Exponentials { largest, sum }.logarithm(),
            None => sum,
        };
        let count = term.shape().num_elements();
        term.reshape([1, count])
    }
}

impl From<Exponentials<Tensor<2>>> for Sum {
    fn from(Exponentials { largest, sum }: Exponentials<Tensor<2>>) -> Self {
        let largest = Some(largest);
        Self { largest, sum }
    }
}

/// The terms of every row, and of every column if these have some: `[T, N]` or `[T, N + K]`.
pub(super) fn terms(pairs: &AllPairs, inputs: &PairInputs) -> Tensor<2> {
    let all = pairs.formula.terms();
    let has_columns = pairs.both && inputs.columns.is_some();
    let mut of_rows: Vec<Vec<Tensor<2>>> = all.iter().map(|_| Vec::new()).collect();
    let mut of_columns: Vec<Option<Sum>> = all.iter().map(|_| None).collect();
    for block in Block::all(inputs, pairs.measure, 1) {
        for (index, term) in all.iter().enumerate() {
            let f = pairs.formula.value(index, block.measures.clone());
            let inside = Sum::inside(term.summation, f, block.outside(term.kind));
            of_rows[index].push(Sum::along(1, term.summation, inside.clone()).term());
            if has_columns {
                let sum = Sum::along(0, term.summation, inside);
                of_columns[index] = Some(match of_columns[index].take() {
                    Some(before) => before.plus(sum),
                    None => sum,
                });
            }
        }
    }
    let all = of_rows
        .into_iter()
        .zip(of_columns)
        .map(|(mut parts, columns)| {
            parts.extend(columns.map(Sum::term));
            joined(parts, 1)
        });
    joined(all.collect(), 0)
}

/// The gradients of rows and columns, each where it is wanted. Of the same points there is one, the
/// first.
pub(super) fn gradients(
    pairs: &AllPairs,
    inputs: &PairInputs,
    terms: Tensor<2>,
    upstream: Tensor<2>,
    wanted: [bool; 2],
) -> [Option<Tensor<2>>; 2] {
    let rows = inputs.rows.dims()[0];
    let has_columns = pairs.both && inputs.columns.is_some();
    let mut spread = Spread::new(inputs, wanted);
    for block in Block::all(inputs, pairs.measure, 1) {
        let mut gradient: Option<Tensor<2>> = None;
        for (index, term) in pairs.formula.terms().iter().enumerate() {
            let f = pairs.formula.differentiate(index, block.measures.clone());
            let share = |total: Tensor<2>, upstream: Tensor<2>| match term.summation {
                Summation::Sum => upstream,
                Summation::LogSumExp => (f.value.clone() - total).exp() * upstream,
            };
            let part = |all: &Tensor<2>, points: core::ops::Range<usize>| {
                all.clone().slice([index..index + 1, points])
            };
            let [total, by_row] =
                [&terms, &upstream].map(|all| part(all, block.rows.clone()).transpose());
            let mut shares = share(total, by_row);
            if has_columns {
                let columns = rows..rows + block.columns.dims()[0];
                let [total, by_column] = [&terms, &upstream].map(|all| part(all, columns.clone()));
                shares = shares + share(total, by_column);
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

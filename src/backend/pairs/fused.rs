//! Terms of all pairs as one operation on slices.

use crate::{
    backend::{
        extension::{PairCall, PairOps},
        fused::{Host, HostIndices},
    },
    formula::PairFormula,
    kernel::{self, Pairs, Points},
};
use burn::{
    backend::{TensorMetadata, tensor::FloatTensor},
    tensor::Shape,
};
use std::collections::HashMap;

/// The operands of a call, where the CPU can read them.
struct Operands<B: Host<f32>> {
    rows: FloatTensor<B>,
    columns: Option<FloatTensor<B>>,
    row_labels: Vec<f32>,
    column_labels: Vec<f32>,
    both: bool,
}

impl<B: Host<f32> + HostIndices> Operands<B> {
    fn new(call: &PairCall<B>) -> Self {
        let mut names = Names::default();
        Self {
            rows: B::contiguous(call.rows.clone()),
            columns: call.columns.clone().map(B::contiguous),
            row_labels: names.of(&B::indices(call.row_labels.clone())),
            column_labels: match call.columns {
                Some(_) => names.of(&B::indices(call.column_labels.clone())),
                None => Vec::new(),
            },
            both: call.both,
        }
    }

    fn pairs(&self) -> Pairs<'_> {
        Pairs {
            rows: Points {
                elements: B::slice(&self.rows),
                labels: &self.row_labels,
            },
            columns: self.columns.as_ref().map(|columns| Points {
                elements: B::slice(columns),
                labels: &self.column_labels,
            }),
            width: self.rows.shape()[1],
            both: self.both,
        }
    }
}

/// Small numbers for labels, exact in `f32`.
#[derive(Default)]
struct Names(HashMap<i64, f32>);

impl Names {
    fn of(&mut self, labels: &[i64]) -> Vec<f32> {
        const EXACT: usize = 1 << f32::MANTISSA_DIGITS;
        let names = labels.iter().map(|&label| {
            let next = self.0.len();
            *self.0.entry(label).or_insert(next as f32)
        });
        let names = names.collect();
        assert!(self.0.len() <= EXACT, "at most {EXACT} different labels");
        names
    }
}

/// The terms of every row, and of every column if these have some.
pub(in crate::backend) fn terms<B: PairOps + Host<f32> + HostIndices, F: PairFormula>(
    formula: F,
    call: &PairCall<B>,
) -> FloatTensor<B> {
    let operands = Operands::new(call);
    let terms = kernel::pair_terms(formula, &operands.pairs());
    let count = F::TERMS.len();
    let counted = terms.len() / count;
    B::from_vec(terms, Shape::new([count, counted]))
}

/// The gradients of rows and columns, each where it is wanted.
pub(in crate::backend) fn gradients<B: PairOps + Host<f32> + HostIndices, F: PairFormula>(
    formula: F,
    call: &PairCall<B>,
    terms: FloatTensor<B>,
    upstream: FloatTensor<B>,
    wanted: [bool; 2],
) -> [Option<FloatTensor<B>>; 2] {
    let operands = Operands::new(call);
    let (terms, upstream) = (B::contiguous(terms), B::contiguous(upstream));
    let [by_rows, by_columns] = kernel::pair_gradients(
        formula,
        &operands.pairs(),
        B::slice(&terms),
        B::slice(&upstream),
        wanted,
    );
    let columns = operands.columns.as_ref().unwrap_or(&operands.rows);
    [
        by_rows.map(|gradient| B::from_vec(gradient, operands.rows.shape())),
        by_columns.map(|gradient| B::from_vec(gradient, columns.shape())),
    ]
}

//! Terms of all pairs as one operation on slices.

use crate::{
    backend::{
        extension::{PairCall, PairOps},
        fused::{Host, HostIndices},
        pairs::{AllPairs, NO_LABEL, Triplets},
    },
    formula::{Measure, PairFormula},
    kernel::cpu::{self, Pairs, Points},
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
}

impl<B: Host<f32> + HostIndices> Operands<B> {
    fn new(call: &PairCall<B>) -> Self {
        let mut names = Names::default();
        Self {
            rows: B::contiguous(call.rows.clone()),
            columns: call.columns.clone().map(B::contiguous),
            row_labels: names.of(&B::indices(call.row_labels.clone())),
            column_labels: match call.columns {
                Some(_) => names.of_columns(&B::indices(call.column_labels.clone())),
                None => Vec::new(),
            },
        }
    }

    fn pairs(&self, measure: Measure) -> Pairs<'_> {
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
            measure,
        }
    }
}

impl<B: Host<f32>> Operands<B> {
    /// Gradients of rows and columns as tensors.
    fn shaped(&self, gradients: [Option<Vec<f32>>; 2]) -> [Option<FloatTensor<B>>; 2] {
        let [by_rows, by_columns] = gradients;
        let columns = self.columns.as_ref().unwrap_or(&self.rows);
        [
            by_rows.map(|gradient| B::from_vec(gradient, self.rows.shape())),
            by_columns.map(|gradient| B::from_vec(gradient, columns.shape())),
        ]
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

    /// Those of columns: one that is paired with no row has none.
    fn of_columns(&mut self, labels: &[i64]) -> Vec<f32> {
        let mut names = self.of(labels);
        for (name, &label) in names.iter_mut().zip(labels) {
            if label == NO_LABEL {
                *name = f32::NAN;
            }
        }
        names
    }
}

/// The terms of every row, and of every column if these have some.
pub(in crate::backend) fn terms<B: PairOps + Host<f32> + HostIndices, F: PairFormula>(
    pairs: AllPairs<F>,
    call: &PairCall<B>,
) -> FloatTensor<B> {
    let operands = Operands::new(call);
    let terms = cpu::pair_terms(pairs.formula, pairs.both, &operands.pairs(pairs.measure));
    in_rows::<B>(terms, F::TERMS.len())
}

/// Numbers of each row or column, `[count, N]`.
fn in_rows<B: Host<f32>>(numbers: Vec<f32>, count: usize) -> FloatTensor<B> {
    let counted = numbers.len() / count;
    B::from_vec(numbers, Shape::new([count, counted]))
}

/// The gradients of rows and columns, each where it is wanted.
pub(in crate::backend) fn gradients<B: PairOps + Host<f32> + HostIndices, F: PairFormula>(
    pairs: AllPairs<F>,
    call: &PairCall<B>,
    terms: FloatTensor<B>,
    upstream: FloatTensor<B>,
    wanted: [bool; 2],
) -> [Option<FloatTensor<B>>; 2] {
    let operands = Operands::new(call);
    let (terms, upstream) = (B::contiguous(terms), B::contiguous(upstream));
    let gradients = cpu::pair_gradients(
        pairs.formula,
        pairs.both,
        &operands.pairs(pairs.measure),
        B::slice(&terms),
        B::slice(&upstream),
        wanted,
    );
    operands.shaped(gradients)
}

/// What all triplets of every row come to.
pub(in crate::backend) fn triplet_terms<B: PairOps + Host<f32> + HostIndices>(
    triplets: &Triplets,
    call: &PairCall<B>,
) -> FloatTensor<B> {
    let operands = Operands::new(call);
    let terms = cpu::triplet_terms(&triplets.all, &operands.pairs(triplets.measure));
    in_rows::<B>(terms, 3)
}

/// The gradients of rows and columns, each where it is wanted.
pub(in crate::backend) fn triplet_gradients<B: PairOps + Host<f32> + HostIndices>(
    triplets: &Triplets,
    call: &PairCall<B>,
    upstream: FloatTensor<B>,
    wanted: [bool; 2],
) -> [Option<FloatTensor<B>>; 2] {
    let operands = Operands::new(call);
    let upstream = B::contiguous(upstream);
    let pairs = operands.pairs(triplets.measure);
    let gradients = cpu::triplet_gradients(&triplets.all, &pairs, B::slice(&upstream), wanted);
    operands.shaped(gradients)
}

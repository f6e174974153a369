//! Operations on pairs as kernels on slices.

use super::{
    call::{Dispatched, PairCall},
    inputs::NO_LABEL,
    operation::PairOperation,
    paths::FusedPairs,
};
use crate::{
    backend::host::{Host, HostIndices},
    formula::Measure,
    kernel::cpu::{self, Listed, Pairs, Points},
};
use burn::{
    backend::{
        TensorMetadata,
        tensor::{FloatTensor, IntTensor},
    },
    tensor::Shape,
};
use std::collections::HashMap;

impl<B: Dispatched + Host<f32> + HostIndices> FusedPairs for B {
    fn fused_terms(operation: &PairOperation, call: &PairCall<Self>) -> Option<FloatTensor<Self>> {
        let (numbers, count) = match operation {
            PairOperation::All(all) => {
                let operands = Operands::new(call);
                let pairs = operands.pairs(all.measure);
                let numbers = cpu::pair_terms(all.formula.kernel(), all.both, &pairs);
                (numbers, all.formula.terms().len())
            }
            PairOperation::Triplets(triplets) => {
                let operands = Operands::new(call);
                let pairs = operands.pairs(triplets.measure);
                (cpu::triplet_terms(&triplets.all, &pairs), 3)
            }
            // The host lists them.
            PairOperation::SemiHard(_) => return None,
            PairOperation::Listed(listed) => {
                let operands = ListedOperands::new(call);
                (operands.pairs(listed.measure)?.measures(), 1)
            }
        };
        let counted = numbers.len() / count;
        Some(B::from_vec(numbers, Shape::new([count, counted])))
    }

    fn fused_gradients(
        operation: &PairOperation,
        call: &PairCall<Self>,
        terms: &FloatTensor<Self>,
        upstream: &FloatTensor<Self>,
        wanted: [bool; 2],
    ) -> Option<[Option<FloatTensor<Self>>; 2]> {
        let upstream = B::contiguous(upstream.clone());
        let upstream = B::slice(&upstream);
        match operation {
            PairOperation::All(all) => {
                let operands = Operands::new(call);
                let pairs = operands.pairs(all.measure);
                let terms = B::contiguous(terms.clone());
                let gradients = cpu::pair_gradients(
                    all.formula.kernel(),
                    all.both,
                    &pairs,
                    B::slice(&terms),
                    upstream,
                    wanted,
                );
                Some(operands.shaped(gradients))
            }
            PairOperation::Triplets(triplets) => {
                let operands = Operands::new(call);
                let pairs = operands.pairs(triplets.measure);
                let gradients = cpu::triplet_gradients(&triplets.all, &pairs, upstream, wanted);
                Some(operands.shaped(gradients))
            }
            PairOperation::SemiHard(_) => None,
            PairOperation::Listed(listed) => {
                let operands = ListedOperands::new(call);
                let gradients = operands.pairs(listed.measure)?.gradients(upstream, wanted);
                Some(operands.shaped(gradients))
            }
        }
    }
}

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
                Some(_) => names.of(&B::indices(call.column_labels.clone())),
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

    fn shaped(&self, gradients: [Option<Vec<f32>>; 2]) -> [Option<FloatTensor<B>>; 2] {
        shaped::<B>(gradients, &self.rows, self.columns.as_ref())
    }
}

/// Gradients of rows and columns as tensors.
fn shaped<B: Host<f32>>(
    [by_rows, by_columns]: [Option<Vec<f32>>; 2],
    rows: &FloatTensor<B>,
    columns: Option<&FloatTensor<B>>,
) -> [Option<FloatTensor<B>>; 2] {
    let columns = columns.unwrap_or(rows);
    [
        by_rows.map(|gradient| B::from_vec(gradient, rows.shape())),
        by_columns.map(|gradient| B::from_vec(gradient, columns.shape())),
    ]
}

/// The operands of listed pairs, where the CPU can read them.
struct ListedOperands<B: Host<f32> + HostIndices> {
    rows: FloatTensor<B>,
    columns: Option<FloatTensor<B>>,
    places: [IntTensor<B>; 2],
}

impl<B: Host<f32> + HostIndices> ListedOperands<B> {
    fn new(call: &PairCall<B>) -> Self {
        Self {
            rows: B::contiguous(call.rows.clone()),
            columns: call.columns.clone().map(B::contiguous),
            places: [&call.row_labels, &call.column_labels].map(|list| B::readable(list.clone())),
        }
    }

    fn pairs(&self, measure: Measure) -> Option<Listed<'_>> {
        let points = (B::slice(&self.rows), self.columns.as_ref().map(B::slice));
        let places = self.places.each_ref().map(B::view);
        Listed::new(measure, points, self.rows.shape()[1], places)
    }

    fn shaped(&self, gradients: [Option<Vec<f32>>; 2]) -> [Option<FloatTensor<B>>; 2] {
        shaped::<B>(gradients, &self.rows, self.columns.as_ref())
    }
}

/// Small numbers for labels, exact in `f32`.
#[derive(Default)]
struct Names(HashMap<i64, f32>);

impl Names {
    /// What is in no pair has none.
    fn of(&mut self, labels: &[i64]) -> Vec<f32> {
        const EXACT: usize = 1 << f32::MANTISSA_DIGITS;
        let names = labels.iter().map(|&label| {
            if label == NO_LABEL {
                return f32::NAN;
            }
            let next = self.0.len();
            *self.0.entry(label).or_insert(next as f32)
        });
        let names = names.collect();
        assert!(self.0.len() <= EXACT, "at most {EXACT} different labels");
        names
    }
}

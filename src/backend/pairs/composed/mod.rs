//! Operations on pairs as Burn's own operations, a block of rows at a time.
//!
//! Called with tensors that no autodiff tracks, `terms` and `gradients` never hold more than a block of pairs.

mod all;
mod block;
mod listed;
mod measure;
mod parts;
mod triplets;

use super::{inputs::PairInputs, operation::PairOperation};
use burn::tensor::Tensor;
use triplets::Choice;

pub(crate) use block::{Block, row_blocks};
pub(crate) use measure::{between, measures};

/// What an operation makes of its inputs.
pub(super) fn terms(operation: &PairOperation, inputs: &PairInputs) -> Tensor<2> {
    match operation {
        PairOperation::All(pairs) => all::terms(pairs, inputs),
        PairOperation::Triplets(triplets) => triplets::terms(triplets, Choice::All, inputs),
        PairOperation::SemiHard(triplets) => triplets::terms(triplets, Choice::SemiHard, inputs),
        PairOperation::Listed(pairs) => listed::terms(pairs, inputs),
    }
}

/// What an upstream gradient of the terms is to rows and columns, each where it is wanted. Of the same points
/// there is one gradient, the first.
pub(super) fn gradients(
    operation: &PairOperation,
    inputs: &PairInputs,
    terms: Tensor<2>,
    upstream: Tensor<2>,
    wanted: [bool; 2],
) -> [Option<Tensor<2>>; 2] {
    match operation {
        PairOperation::All(pairs) => all::gradients(pairs, inputs, terms, upstream, wanted),
        PairOperation::Triplets(triplets) => {
            triplets::gradients(triplets, Choice::All, inputs, upstream, wanted)
        }
        PairOperation::SemiHard(triplets) => {
            triplets::gradients(triplets, Choice::SemiHard, inputs, upstream, wanted)
        }
        PairOperation::Listed(pairs) => listed::gradients(pairs, inputs, upstream, wanted),
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests;

//! Operations on lists as kernels on slices.

use super::call::{FusedLists, ListCall, ListOperation, Members};
use crate::{
    backend::{
        host::{Host, HostIndices},
        pairs::call::Dispatched,
    },
    kernel::cpu,
};
use burn::{
    backend::{
        TensorMetadata,
        tensor::{FloatTensor, IntTensor},
    },
    tensor::Shape,
};

impl<B: Dispatched + Host<f32> + HostIndices> FusedLists for B {
    fn fused_lists(operation: &ListOperation, call: &ListCall<Self>) -> Option<FloatTensor<Self>> {
        let operands = Operands::new(call);
        let [lists, length] = operands.scores.shape().dims();
        let numbers = operands.numbers(operation, None);
        let per_list = numbers.len() / lists.max(1);
        debug_assert!(per_list == 1 || per_list == length);
        Some(B::from_vec(numbers, Shape::new([lists, per_list])))
    }

    fn fused_list_gradient(
        operation: &ListOperation,
        call: &ListCall<Self>,
        upstream: &FloatTensor<Self>,
    ) -> Option<FloatTensor<Self>> {
        let upstream = B::contiguous(upstream.clone());
        let operands = Operands::new(call);
        let gradient = operands.numbers(operation, Some(B::slice(&upstream)));
        Some(B::from_vec(gradient, operands.scores.shape()))
    }
}

/// The operands of a call, where the CPU can read them.
struct Operands<B: Host<f32>> {
    scores: FloatTensor<B>,
    relevances: Option<FloatTensor<B>>,
    indices: Option<IntTensor<B>>,
}

impl<B: Host<f32> + HostIndices> Operands<B> {
    fn new(call: &ListCall<B>) -> Self {
        let (relevances, indices) = match call.members.clone() {
            Members::Relevances(relevances) => (Some(B::contiguous(relevances)), None),
            Members::Indices(indices) => (None, Some(B::readable(indices))),
        };
        Self {
            scores: B::contiguous(call.scores.clone()),
            relevances,
            indices,
        }
    }

    /// What an operation makes of them, or of an upstream gradient.
    fn numbers(&self, operation: &ListOperation, upstream: Option<&[f32]>) -> Vec<f32> {
        let scores = B::slice(&self.scores);
        let length = self.scores.shape()[1];
        let indices = self.indices.as_ref().map(B::view);
        match operation {
            ListOperation::Pairs(formula) => {
                let members = match (&self.relevances, indices) {
                    (Some(relevances), _) => cpu::Members::Relevances(B::slice(relevances)),
                    (None, classes) => cpu::Members::Classes(classes.expect("one of both")),
                };
                let lists = cpu::Lists {
                    scores,
                    members,
                    length,
                };
                match upstream {
                    None => cpu::list_sums(formula.kernel(), &lists),
                    Some(upstream) => cpu::list_gradient(formula.kernel(), &lists, upstream),
                }
            }
            ListOperation::Cumulative { one_by_one } => {
                let sizes = indices.expect("how many come together").to_vec();
                let order = cpu::Order {
                    sizes: &sizes,
                    one_by_one: *one_by_one,
                    length,
                };
                match upstream {
                    None => cpu::cumulative(scores, order),
                    Some(upstream) => cpu::cumulative_gradient(scores, order, upstream),
                }
            }
        }
    }
}

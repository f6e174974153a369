//! The backward pass of operations on lists.

use super::later::{Later, tracked};
use crate::backend::lists::{
    call::{self, FusedLists, ListCall, ListOperation, Members},
    extension::ListBackend,
};
use burn::backend::{
    Autodiff, autodiff::checkpoint::strategy::CheckpointStrategy, tensor::FloatTensor,
};

/// Visits all pairs once more, now that it is known what each item is multiplied with.
#[derive(Debug)]
struct ListGradient(ListOperation);

impl<B: FusedLists> Later<B> for ListGradient {
    type State = ListCall<B>;

    fn gradient(self, call: Self::State, upstream: FloatTensor<B>) -> FloatTensor<B> {
        call::list_gradient::<B>(&self.0, &call, upstream)
    }
}

impl<B: FusedLists, C: CheckpointStrategy> ListBackend for Autodiff<B, C> {
    fn list_operation(
        operation: ListOperation,
        is_fused: bool,
        scores: FloatTensor<Self>,
        members: Members<Self>,
    ) -> FloatTensor<Self> {
        let (scores, node) = scores.into_parts();
        let call = ListCall::<B> {
            scores,
            members: match members {
                Members::Relevances(relevances) => Members::Relevances(relevances.into_primitive()),
                Members::Indices(indices) => Members::Indices(indices),
            },
            is_fused,
        };
        let sums = call::lists::<B>(&operation, &call);
        tracked::<B, C, _>(ListGradient(operation), node, call, sums)
    }
}

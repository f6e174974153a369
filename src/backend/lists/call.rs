//! Below the dispatch and below autodiff: the inputs as the tensors of one backend, and kernels, where it has some for an
//! operation, or Burn's own operations.

use super::{composed, inputs::ListMembers, object::ListObject};
use crate::backend::pairs::call::Dispatched;
use burn::backend::{
    Backend, ExtensionType,
    tensor::{FloatTensor, IntTensor},
};
use std::sync::Arc;

/// What is computed of lists.
#[derive(Clone, Debug)]
pub(crate) enum ListOperation {
    /// What items, or lists, cost.
    Pairs(Arc<dyn ListObject>),
    /// Terms of cumulative sums. Asked of devices with kernels for that alone.
    #[cfg_attr(not(any(feature = "flex", feature = "ndarray")), allow(dead_code))]
    Cumulative { one_by_one: bool },
}

/// What goes with the scores.
#[derive(ExtensionType, Clone, Debug)]
pub(crate) enum Members<B: Backend> {
    /// How relevant each item is, `[B, L]`.
    Relevances(FloatTensor<B>),
    /// The one item above all others, `[B]`; of cumulative sums how many items come together, `[B, L]`.
    Indices(IntTensor<B>),
}

/// What an operation is computed from.
#[derive(Clone, Debug)]
pub(crate) struct ListCall<B: Backend> {
    pub scores: FloatTensor<B>,
    pub members: Members<B>,
    /// Whether kernels may be used.
    pub is_fused: bool,
}

impl<B: Dispatched> ListCall<B> {
    fn members(&self) -> ListMembers {
        match &self.members {
            Members::Relevances(relevances) => {
                ListMembers::Relevances(B::tensor(relevances.clone()))
            }
            Members::Indices(classes) => ListMembers::Class(B::indices(classes.clone())),
        }
    }
}

/// A backend that may have kernels for operations on lists.
pub(crate) trait FusedLists: Dispatched {
    /// What kernels make of a call; `None` where there are none for the operation.
    #[allow(unused_variables)]
    fn fused_lists(operation: &ListOperation, call: &ListCall<Self>) -> Option<FloatTensor<Self>> {
        None
    }

    /// What an upstream gradient of that is to the scores.
    #[allow(unused_variables)]
    fn fused_list_gradient(
        operation: &ListOperation,
        call: &ListCall<Self>,
        upstream: &FloatTensor<Self>,
    ) -> Option<FloatTensor<Self>> {
        None
    }
}

#[cfg(feature = "tch")]
#[allow(deprecated)] // Burn will drop it; until then it is served.
impl FusedLists for burn::backend::LibTorch {}

#[cfg(feature = "remote")]
impl FusedLists for burn::backend::Remote {}

/// What an operation makes of its inputs.
pub(crate) fn lists<B: FusedLists>(
    operation: &ListOperation,
    call: &ListCall<B>,
) -> FloatTensor<B> {
    let fused = match call.is_fused {
        true => B::fused_lists(operation, call),
        false => None,
    };
    fused.unwrap_or_else(|| {
        let scores = B::tensor(call.scores.clone());
        B::primitive(composed::sums(formula(operation), &scores, &call.members()))
    })
}

/// What an upstream gradient is to the scores.
pub(crate) fn list_gradient<B: FusedLists>(
    operation: &ListOperation,
    call: &ListCall<B>,
    upstream: FloatTensor<B>,
) -> FloatTensor<B> {
    let fused = match call.is_fused {
        true => B::fused_list_gradient(operation, call, &upstream),
        false => None,
    };
    fused.unwrap_or_else(|| {
        let scores = B::tensor(call.scores.clone());
        let upstream = B::tensor(upstream);
        let members = call.members();
        let gradient = composed::gradient(formula(operation), &scores, &members, upstream);
        B::primitive(gradient)
    })
}

/// The formula of an operation without kernels.
fn formula(operation: &ListOperation) -> &dyn ListObject {
    match operation {
        ListOperation::Pairs(formula) => &**formula,
        ListOperation::Cumulative { .. } => unreachable!("it is composed above the dispatch"),
    }
}

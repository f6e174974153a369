//! Operations on lists in the stream.

use super::stream::{Inputs, enqueue};
use crate::{
    backend::lists::call::{FusedLists, ListCall, ListOperation, Members},
    kernel::gpu::{self, Named, TracedList},
};
use burn::{
    backend::{Cube, TensorMetadata, ops::IntTensorOps, tensor::FloatTensor},
    tensor::{IntDType, Shape},
};
use std::sync::Arc;

/// What kernels compute of an operation; `None` for one that is composed above the dispatch.
fn formula(operation: &ListOperation) -> Option<Named<dyn TracedList>> {
    let ListOperation::Pairs(formula) = operation else {
        return None;
    };
    let formula: Arc<dyn TracedList> = formula.clone();
    let name = formula.name();
    Some(Named::new(formula, name))
}

/// The inputs of a call, and whether they have classes.
fn inputs(call: &ListCall<Cube>) -> (Vec<FloatTensor<Cube>>, bool) {
    let (members, of_classes) = match call.members.clone() {
        Members::Relevances(relevances) => (relevances, false),
        // They have been brought near those of classes.
        Members::Indices(classes) => (Cube::int_cast(classes, IntDType::I32), true),
    };
    (vec![call.scores.clone(), members], of_classes)
}

/// The lists that lie next.
fn next(inputs: &mut Inputs<'_>, of_classes: bool) -> gpu::Lists {
    gpu::Lists {
        scores: inputs.float(),
        members: match of_classes {
            true => inputs.int(),
            false => inputs.float(),
        },
        of_classes,
    }
}

impl FusedLists for Cube {
    fn fused_lists(operation: &ListOperation, call: &ListCall<Self>) -> Option<FloatTensor<Self>> {
        let formula = formula(operation)?;
        let (inputs, of_classes) = inputs(call);
        let [count, length] = call.scores.shape().dims();
        let outputs = [Shape::new([count, if of_classes { 1 } else { length }])];
        let work = move |mut inputs: Inputs<'_>| {
            vec![gpu::list_sums(next(&mut inputs, of_classes), &formula)]
        };
        enqueue("burn_losses::lists", inputs, &outputs, work).next()
    }

    fn fused_list_gradient(
        operation: &ListOperation,
        call: &ListCall<Self>,
        upstream: &FloatTensor<Self>,
    ) -> Option<FloatTensor<Self>> {
        let formula = formula(operation)?;
        let (mut inputs, of_classes) = inputs(call);
        inputs.push(upstream.clone());
        let outputs = [call.scores.shape()];
        let work = move |mut inputs: Inputs<'_>| {
            let lists = next(&mut inputs, of_classes);
            vec![gpu::list_gradient(lists, &formula, inputs.float())]
        };
        enqueue("burn_losses::list_gradient", inputs, &outputs, work).next()
    }
}

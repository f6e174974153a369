//! Overlap sums of masks.

use super::{
    in_f32,
    stream::{Inputs, enqueue, enqueue_of},
};
use crate::{
    backend::{
        extension::{RowTarget, Weights},
        fused::FusedOverlap,
        overlap::{OverlapCall, PixelTerm},
    },
    kernel::{
        gpu::{
            self, Named, OverlapKind, Overlaps, RowTargets, TracedClass, TracedElement, TracedTerm,
        },
        place::SUMS,
    },
};
use burn::{
    backend::{Cube, TensorMetadata, tensor::FloatTensor},
    tensor::{DType, Shape},
};
use std::sync::Arc;

/// What kernels sum up of each pixel besides.
fn traced(term: Option<&PixelTerm>) -> TracedTerm {
    match term {
        None => TracedTerm::None,
        Some(PixelTerm::Class(phi)) => {
            let phi: Arc<dyn TracedClass> = phi.clone();
            let name = phi.name();
            TracedTerm::Class(Named::new(phi, name))
        }
        Some(PixelTerm::Element(formula)) => {
            let formula: Arc<dyn TracedElement> = formula.clone();
            let name = formula.name();
            TracedTerm::Element(Named::new(formula, name))
        }
    }
}

/// The inputs of an operation, and how the call of a kernel is made of them.
fn operands(
    call: OverlapCall<Cube>,
) -> (
    Vec<FloatTensor<Cube>>,
    impl Fn(&mut Inputs<'_>) -> Overlaps + Send + Sync + 'static,
) {
    let (target, has_masks) = match call.target {
        RowTarget::Classes(classes) => (classes, false),
        RowTarget::Shares(masks) => (masks, true),
    };
    let is_narrow = target.dtype() == DType::I32;
    let ignored = call.spec.ignore_index;
    let ignored = ignored.filter(|&index| !is_narrow || i32::try_from(index).is_ok());
    let kind = OverlapKind {
        activation: call.spec.activation,
        squared: call.spec.squared,
        term: traced(call.spec.term.as_ref()),
        has_ignored: ignored.is_some(),
    };
    let weights = match call.weights {
        Weights::Equal => None,
        Weights::Each(weights) => Some(in_f32(weights)),
    };
    let is_weighted = weights.is_some();
    let inputs = [Some(call.logits), Some(target), weights];
    let of_inputs = move |inputs: &mut Inputs<'_>| Overlaps {
        kind: kind.clone(),
        ignored,
        logits: inputs.float(),
        targets: match has_masks {
            true => RowTargets::Shares(inputs.float()),
            false => RowTargets::Classes(inputs.int()),
        },
        weights: inputs.float_if(is_weighted),
    };
    (inputs.into_iter().flatten().collect(), of_inputs)
}

impl FusedOverlap for Cube {
    fn sums_of(call: OverlapCall<Self>) -> FloatTensor<Self> {
        let [outer, channels, _] = call.logits.shape().dims();
        let (inputs, of_inputs) = operands(call);
        let outputs = [Shape::new([SUMS, outer, channels])];
        let work = move |mut inputs: Inputs<'_>| vec![gpu::overlap_sums(of_inputs(&mut inputs))];
        let mut sums = enqueue("burn_losses::overlap_sums", inputs, &outputs, work);
        sums.next().expect("an output of the operation")
    }

    fn gradient_of_sums(call: OverlapCall<Self>, upstream: FloatTensor<Self>) -> FloatTensor<Self> {
        let (shape, dtype) = (call.logits.shape(), call.logits.dtype());
        let (mut inputs, of_inputs) = operands(call);
        inputs.push(upstream);
        let work = move |mut inputs: Inputs<'_>| {
            let call = of_inputs(&mut inputs);
            vec![gpu::overlap_gradient(call, inputs.float())]
        };
        let name = "burn_losses::overlap_gradient";
        let mut gradient = enqueue_of(dtype, name, inputs, &[shape], work);
        gradient.next().expect("an output of the operation")
    }
}

//! Element-wise losses.

use super::{in_f32, list_beside, stream::enqueue};
use crate::{
    backend::{
        autodiff::chained,
        element::{Differentiated, ElementCall},
        extension::Weights,
        fold::Fold,
        fused::FusedElements,
    },
    kernel::gpu::{self, Elements, Named, TracedElement},
};
use burn::{
    backend::{Cube, TensorMetadata, ops::FloatTensorOps, tensor::FloatTensor},
    tensor::{DType, Shape},
};
use std::sync::Arc;

impl FusedElements for Cube {
    fn differentiate(call: ElementCall<Self>) -> Differentiated<Self> {
        let shape = call.prediction.shape();
        let weights = match call.weights {
            Weights::Equal => None,
            Weights::Each(weights) => Some(in_f32(weights)),
        };
        let is_weighted = weights.is_some();
        let run = call.parameters.as_ref().map(|parameters| parameters.run);
        let parameters = call
            .parameters
            .map(|parameters| list_beside(&call.prediction, &parameters.values));
        let (by_prediction, by_target) = (call.prediction_gradient, call.target_gradient);
        let outputs = [
            Some(match call.fold {
                Some(_) => Shape::new([1]),
                None => shape.clone(),
            }),
            by_prediction.then(|| shape.clone()),
            by_target.then(|| shape.clone()),
        ];
        let outputs: Vec<_> = outputs.into_iter().flatten().collect();
        let inputs = [
            Some(call.prediction),
            Some(call.target),
            weights,
            parameters,
        ];
        let inputs = inputs.into_iter().flatten().collect();
        let formula: Arc<dyn TracedElement> = call.formula;
        let name = formula.name();
        let formula = Named::new(formula, name);
        let fold = call.fold;
        let outputs = enqueue(
            "burn_losses::elements",
            inputs,
            &outputs,
            move |mut inputs| {
                let evaluated = gpu::elements(Elements {
                    formula: formula.clone(),
                    prediction: inputs.float(),
                    target: inputs.float(),
                    weights: inputs.float_if(is_weighted),
                    parameters: run.map(|run| (inputs.float(), run)),
                    factor: fold.map(Fold::factor),
                    mean: fold.and_then(Fold::shifts),
                    by_prediction,
                    by_target,
                });
                evaluated.into_outputs()
            },
        );
        differentiated(outputs, [by_prediction, by_target])
    }

    fn chain(
        gradient: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        dtype: DType,
    ) -> FloatTensor<Self> {
        let shape = gradient.shape();
        let upstream = match upstream.shape().num_elements() {
            1 => Self::float_reshape(upstream, Shape::from(vec![1; shape.num_dims()])),
            count if count != shape.num_elements() => {
                let mut rows = vec![1; shape.num_dims()];
                rows[0] = count;
                Self::float_reshape(upstream, Shape::from(rows))
            }
            _ => Self::float_reshape(upstream, shape),
        };
        // A derivative of 0 stays 0, whatever comes from upstream.
        let gradient = chained::<Self>(gradient, upstream);
        match dtype {
            DType::F32 => gradient,
            half => Self::float_cast(gradient, half.into()),
        }
    }
}

/// The outputs of an operation in their order: the loss, and those of both gradients that are wanted.
pub(super) fn differentiated(
    mut outputs: impl Iterator<Item = FloatTensor<Cube>>,
    [by_prediction, by_target]: [bool; 2],
) -> Differentiated<Cube> {
    let mut next = || outputs.next().expect("an output of the operation");
    Differentiated {
        loss: next(),
        prediction_gradient: by_prediction.then(&mut next),
        target_gradient: by_target.then(&mut next),
    }
}

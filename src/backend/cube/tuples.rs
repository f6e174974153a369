//! Losses of samples of a few numbers each.

use super::{elements::differentiated, in_f32, stream::enqueue};
use crate::{
    backend::{
        element::Differentiated, extension::Weights, fold::Fold, fused::FusedTuples,
        tuple::TupleCall,
    },
    kernel::gpu::{self, Named, TracedTuple, Tuples},
};
use burn::{
    backend::{Cube, TensorMetadata},
    tensor::Shape,
};
use std::sync::Arc;

impl FusedTuples for Cube {
    fn differentiate_tuples(call: TupleCall<Self>) -> Differentiated<Self> {
        let shapes = [call.prediction.shape(), call.target.shape()];
        let weights = match call.weights {
            Weights::Equal => None,
            Weights::Each(weights) => Some(in_f32(weights)),
        };
        let is_weighted = weights.is_some();
        let (by_prediction, by_target) = (call.prediction_gradient, call.target_gradient);
        let count = match call.fold {
            Some(_) => 1,
            None => shapes[0][0],
        };
        let [of_prediction, of_target] = shapes;
        let outputs = [
            Some(Shape::new([count])),
            by_prediction.then_some(of_prediction),
            by_target.then_some(of_target),
        ];
        let outputs: Vec<_> = outputs.into_iter().flatten().collect();
        let inputs = [Some(call.prediction), Some(call.target), weights];
        let inputs = inputs.into_iter().flatten().collect();
        let formula: Arc<dyn TracedTuple> = call.formula;
        let name = formula.name();
        let formula = Named::new(formula, name);
        let fold = call.fold;
        let outputs = enqueue(
            "burn_losses::tuples",
            inputs,
            &outputs,
            move |mut inputs| {
                let evaluated = gpu::tuples(Tuples {
                    formula: formula.clone(),
                    prediction: inputs.float(),
                    target: inputs.float(),
                    weights: inputs.float_if(is_weighted),
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
}

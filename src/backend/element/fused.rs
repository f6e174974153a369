//! An element-wise loss as one operation on slices.

use super::call::{Differentiated, ElementCall};
use crate::{
    backend::{
        extension::Weights,
        fold::Scale,
        host::{Host, zeros},
    },
    kernel::cpu::{self, Operands, Prediction, Storage, Wanted},
};
use burn::{backend::TensorMetadata, tensor::Shape};

/// An element-wise loss of one element type, with the gradients that are wanted.
pub(in crate::backend) fn differentiate<B: Host<E> + Host<f32>, E: Storage>(
    call: ElementCall<B>,
) -> Differentiated<B> {
    let shape = call.prediction.shape();
    let mut prediction = <B as Host<E>>::contiguous(call.prediction);
    let target = <B as Host<E>>::contiguous(call.target);
    let weights = match call.weights {
        Weights::Equal => None,
        Weights::Each(weights) => Some(<B as Host<f32>>::contiguous(weights)),
    };
    let weights = weights.as_ref().map(<B as Host<f32>>::slice);
    let Some(scale) = Scale::of(call.fold, weights) else {
        let zeros = || zeros::<B>(&shape);
        return Differentiated {
            loss: B::from_vec(vec![0f32], Shape::new([1])),
            prediction_gradient: call.prediction_gradient.then(zeros),
            target_gradient: call.target_gradient.then(zeros),
        };
    };
    let operands = Operands {
        target: <B as Host<E>>::slice(&target),
        weights,
        shift: scale.shift as f32,
        parameters: call.parameters.as_ref().map(|parameters| cpu::PerClass {
            values: &parameters.values,
            run: parameters.run,
        }),
    };
    let wanted = Wanted {
        losses: call.fold.is_none(),
        prediction_gradient: call.prediction_gradient,
        target_gradient: call.target_gradient,
    };
    let run = |prediction: Prediction<'_, E>| {
        let factor = scale.of_derivatives();
        cpu::elements(&*call.formula, prediction, &operands, wanted, factor)
    };
    let owned = match call.prediction_gradient {
        true => <B as Host<E>>::slice_mut(&mut prediction).and_then(E::in_f32),
        false => None,
    };
    let outcome = match owned {
        Some(slice) => run(Prediction::Consumed(slice)),
        None => run(Prediction::Kept(<B as Host<E>>::slice(&prediction))),
    };

    let loss = match outcome.losses {
        Some(losses) => B::from_vec(losses, shape.clone()),
        None => B::from_vec(vec![scale.of_sum(outcome.sum)], Shape::new([1])),
    };
    let prediction_gradient = match outcome.prediction_gradient {
        Some(fresh) => Some(B::from_vec(fresh, shape.clone())),
        // Where it was wanted, it now stands in the prediction's place.
        None => call.prediction_gradient.then_some(prediction),
    };
    Differentiated {
        loss,
        prediction_gradient,
        target_gradient: outcome
            .target_gradient
            .map(|gradient| B::from_vec(gradient, shape)),
    }
}

//! A loss of tuples as one operation on slices.

use super::call::TupleCall;
use crate::{
    backend::{
        element::Differentiated,
        extension::Weights,
        fold::Scale,
        host::{Host, zeros},
    },
    kernel::cpu::{self, Layout, Prediction, Storage, TupleOperands, Wanted},
};
use burn::{
    backend::{TensorMetadata, tensor::FloatTensor},
    tensor::Shape,
};

/// A loss of tuples of one element type, with the gradients that are wanted.
pub(in crate::backend) fn differentiate<B: Host<E> + Host<f32>, E: Storage>(
    call: TupleCall<B>,
) -> Differentiated<B> {
    let shapes = [call.prediction.shape(), call.target.shape()];
    let samples = shapes[0][0];
    let (mut prediction, layout) = laid_out::<B, E>(call.prediction);
    let (target, target_layout) = laid_out::<B, E>(call.target);
    let weights = match call.weights {
        Weights::Equal => None,
        Weights::Each(weights) => Some(<B as Host<f32>>::contiguous(weights)),
    };
    let weights = weights.as_ref().map(<B as Host<f32>>::slice);
    let Some(scale) = Scale::of(call.fold, weights) else {
        let [of_prediction, of_target] = shapes;
        return Differentiated {
            loss: B::from_vec(vec![0f32], Shape::new([1])),
            prediction_gradient: call.prediction_gradient.then(|| zeros::<B>(&of_prediction)),
            target_gradient: call.target_gradient.then(|| zeros::<B>(&of_target)),
        };
    };
    let operands = TupleOperands {
        samples,
        prediction: (call.formula.predicted(), layout),
        target: (
            <B as Host<E>>::slice(&target),
            call.formula.targets(),
            target_layout,
        ),
        weights,
        shift: scale.shift as f32,
    };
    let wanted = Wanted {
        losses: call.fold.is_none(),
        prediction_gradient: call.prediction_gradient,
        target_gradient: call.target_gradient,
    };
    let run = |prediction: Prediction<'_, E>| {
        let factor = scale.of_derivatives();
        cpu::tuples(&*call.formula, prediction, &operands, wanted, factor)
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
        Some(losses) => B::from_vec(losses, Shape::new([samples])),
        None => B::from_vec(vec![scale.of_sum(outcome.sum)], Shape::new([1])),
    };
    let gradient = |numbers: Vec<f32>, width: usize, layout: Layout| {
        let dims = match layout {
            Layout::Interleaved => [samples, width],
            Layout::Planar => [width, samples],
        };
        as_samples::<B>(B::from_vec(numbers, Shape::new(dims)), layout)
    };
    let prediction_gradient = match outcome.prediction_gradient {
        Some(fresh) => Some(gradient(fresh, call.formula.predicted(), layout)),
        // Where it was wanted, it now stands in the prediction's place.
        None => call
            .prediction_gradient
            .then(|| as_samples::<B>(prediction, layout)),
    };
    let of_target = outcome.target_gradient;
    let of_target = of_target.map(|fresh| gradient(fresh, call.formula.targets(), target_layout));
    Differentiated {
        loss,
        prediction_gradient,
        target_gradient: of_target,
    }
}

/// Samples `[N, width]` in row-major order, or their planes `[width, N]` where it is these that lie so.
fn laid_out<B: Host<E>, E>(tensor: FloatTensor<B>) -> (FloatTensor<B>, Layout) {
    if B::is_contiguous(&tensor) {
        return (tensor, Layout::Interleaved);
    }
    let planes = B::float_swap_dims(tensor, 0, 1);
    if B::is_contiguous(&planes) {
        return (planes, Layout::Planar);
    }
    let samples = B::float_swap_dims(planes, 0, 1);
    (B::contiguous(samples), Layout::Interleaved)
}

/// Samples `[N, width]`, however they lie.
fn as_samples<B: Host<f32>>(tensor: FloatTensor<B>, layout: Layout) -> FloatTensor<B> {
    match layout {
        Layout::Interleaved => tensor,
        Layout::Planar => B::float_swap_dims(tensor, 0, 1),
    }
}

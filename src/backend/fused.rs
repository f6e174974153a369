//! The fused operations, once for every backend whose tensors are slices in memory.

use super::{Fold, extension::Weights};
use crate::{
    formula::ColumnFormula,
    kernel::{self, Operands, Prediction, Storage, Wanted},
};
use burn::{
    backend::{Backend, TensorMetadata, tensor::FloatTensor},
    tensor::Shape,
};

/// A backend that keeps float tensors of element type `E` in memory the CPU can read.
pub(super) trait Host<E>: Backend {
    /// The tensor in row-major order without gaps; itself where it is so already.
    fn contiguous(tensor: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The elements of a contiguous tensor.
    fn slice(tensor: &FloatTensor<Self>) -> &[E];

    /// The elements of a contiguous tensor, to be overwritten; `None` if anybody else holds them.
    fn slice_mut(tensor: &mut FloatTensor<Self>) -> Option<&mut [E]>;

    /// A new tensor.
    fn from_vec(elements: Vec<E>, shape: Shape) -> FloatTensor<Self>;
}

/// Everything a pointwise operation is computed from.
pub(super) struct Pointwise<B: Backend, F> {
    pub formula: F,
    pub prediction: FloatTensor<B>,
    pub target: FloatTensor<B>,
    pub weights: Weights<B>,
    pub columns: Option<Vec<f64>>,
    pub fold: Option<Fold>,
    /// Whether the derivative with respect to the prediction is wanted.
    pub prediction_gradient: bool,
    /// Whether the derivative with respect to the target is wanted.
    pub target_gradient: bool,
}

/// A loss, and the gradients its backward pass hands on. They are `f32` also where the loss is of
/// half precision: `1 / n` of a large batch would underflow there, though an upstream gradient may
/// make up for it.
pub(super) struct Differentiated<B: Backend> {
    pub loss: FloatTensor<B>,
    pub prediction_gradient: Option<FloatTensor<B>>,
    pub target_gradient: Option<FloatTensor<B>>,
}

/// The fused operations of a backend, whatever the data type.
pub(super) trait FusedBackend: Backend {
    /// A pointwise loss with the gradients that are wanted.
    fn differentiate<F: ColumnFormula>(call: Pointwise<Self, F>) -> Differentiated<Self>;

    /// The saved `gradient` times `upstream` (one number, or one for each element), in the data
    /// type of `upstream`.
    fn chain(gradient: FloatTensor<Self>, upstream: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// Implements the fused operations for a backend by its data types.
macro_rules! fused_backend {
    ($backend:ty: $($dtype:ident => $element:ty),+) => {
        impl $crate::backend::fused::FusedBackend for $backend {
            fn differentiate<F: $crate::formula::ColumnFormula>(
                call: $crate::backend::fused::Pointwise<Self, F>,
            ) -> $crate::backend::fused::Differentiated<Self> {
                match call.prediction.dtype() {
                    $(DType::$dtype => {
                        $crate::backend::fused::differentiate::<Self, $element, F>(call)
                    })+
                    dtype => unreachable!("{dtype:?} takes the composed path"),
                }
            }

            fn chain(
                gradient: FloatTensor<Self>,
                upstream: FloatTensor<Self>,
            ) -> FloatTensor<Self> {
                match upstream.dtype() {
                    $(DType::$dtype => {
                        $crate::backend::fused::chain::<Self, $element>(gradient, upstream)
                    })+
                    dtype => unreachable!("{dtype:?} takes the composed path"),
                }
            }
        }

        impl $crate::backend::extension::LossBackend for $backend {
            fn pointwise<F: $crate::formula::ColumnFormula>(
                formula: F,
                prediction: FloatTensor<Self>,
                target: FloatTensor<Self>,
                weights: $crate::backend::extension::Weights<Self>,
                columns: Option<Vec<f64>>,
                fold: Option<$crate::backend::Fold>,
            ) -> FloatTensor<Self> {
                use $crate::backend::fused::FusedBackend;
                Self::differentiate($crate::backend::fused::Pointwise {
                    formula,
                    prediction,
                    target,
                    weights,
                    columns,
                    fold,
                    prediction_gradient: false,
                    target_gradient: false,
                })
                .loss
            }
        }
    };
}
pub(super) use fused_backend;

/// [`FusedBackend::differentiate`] for one element type.
pub(super) fn differentiate<B: Host<E> + Host<f32>, E: Storage, F: ColumnFormula>(
    call: Pointwise<B, F>,
) -> Differentiated<B> {
    let shape = call.prediction.shape();
    let mut prediction = <B as Host<E>>::contiguous(call.prediction);
    let target = <B as Host<E>>::contiguous(call.target);
    let weights = match call.weights {
        Weights::Equal => None,
        Weights::Each(weights) => Some(<B as Host<E>>::contiguous(weights)),
    };
    let operands = Operands {
        target: <B as Host<E>>::slice(&target),
        weights: weights.as_ref().map(<B as Host<E>>::slice),
        columns: call.columns.as_deref(),
    };

    // The sum is divided rather than multiplied by the reciprocal, which rounds once.
    let (factor, divisor) = match call.fold {
        None => (1.0, 1.0),
        Some(Fold::Sum { factor }) => (factor, 1.0),
        Some(Fold::WeightedMean) => match operands.weights.map_or(0.0, kernel::sum) {
            0.0 => (0.0, 1.0),
            total => (1.0, total),
        },
    };
    if factor == 0.0 && call.fold == Some(Fold::WeightedMean) {
        let zeros = || B::from_vec(vec![0f32; shape.num_elements()], shape.clone());
        return Differentiated {
            loss: B::from_vec(vec![E::from_f64(0.0)], Shape::new([1])),
            prediction_gradient: call.prediction_gradient.then(zeros),
            target_gradient: call.target_gradient.then(zeros),
        };
    }
    let wanted = Wanted {
        losses: call.fold.is_none(),
        prediction_gradient: call.prediction_gradient,
        target_gradient: call.target_gradient,
    };
    let run = |prediction: Prediction<'_, E>| {
        let scale = (factor / divisor) as f32;
        kernel::pointwise(&call.formula, prediction, &operands, wanted, scale)
    };
    let owned = if call.prediction_gradient && E::IS_F32 {
        <B as Host<E>>::slice_mut(&mut prediction)
    } else {
        None
    };
    let outcome = match owned {
        Some(slice) => run(Prediction::Consumed(slice)),
        None => run(Prediction::Kept(<B as Host<E>>::slice(&prediction))),
    };

    let loss = match outcome.losses {
        Some(losses) => B::from_vec(losses, shape.clone()),
        None => {
            let value = E::from_f64(outcome.sum * factor / divisor);
            B::from_vec(vec![value], Shape::new([1]))
        }
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

/// [`FusedBackend::chain`] for one element type of the upstream gradient.
pub(super) fn chain<B: Host<E> + Host<f32>, E: Storage>(
    mut gradient: FloatTensor<B>,
    upstream: FloatTensor<B>,
) -> FloatTensor<B> {
    let shape = gradient.shape();
    let upstream = <B as Host<E>>::contiguous(upstream);
    let factors = <B as Host<E>>::slice(&upstream);
    let apply = |elements: &mut [f32]| match factors {
        [one] => {
            let mut factor = [0.0];
            E::widen(&[*one], &mut factor);
            if factor != [1.0] {
                kernel::scale(elements, factor[0]);
            }
        }
        _ => kernel::multiply(elements, factors),
    };
    match <B as Host<f32>>::slice_mut(&mut gradient) {
        Some(elements) => apply(elements),
        None => {
            let mut elements = <B as Host<f32>>::slice(&gradient).to_vec();
            apply(&mut elements);
            gradient = B::from_vec(elements, shape.clone());
        }
    }
    if E::IS_F32 {
        return gradient;
    }
    let rounded: Vec<E> = kernel::narrowed(<B as Host<f32>>::slice(&gradient));
    B::from_vec(rounded, shape)
}

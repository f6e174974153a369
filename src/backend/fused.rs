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
    pub columns: Option<Vec<f32>>,
    pub fold: Option<Fold>,
    /// Whether the derivative with respect to the prediction is wanted.
    pub prediction_gradient: bool,
    /// Whether the derivative with respect to the target is wanted.
    pub target_gradient: bool,
}

/// A loss, and what its backward pass needs.
pub(super) struct Differentiated<B: Backend> {
    pub loss: FloatTensor<B>,
    pub prediction_gradient: Option<FloatTensor<B>>,
    pub target_gradient: Option<FloatTensor<B>>,
    /// What the gradients are still to be multiplied with. Half precision leaves the factor of
    /// the fold to the backward pass: `1 / n` of a large batch would underflow there.
    pub pending: f32,
}

/// The fused operations of a backend, whatever the data type.
pub(super) trait FusedBackend: Backend {
    /// A pointwise loss with the gradients that are wanted.
    fn differentiate<F: ColumnFormula>(call: Pointwise<Self, F>) -> Differentiated<Self>;

    /// `gradient` times `upstream` (one number, or one for each element) times `pending`.
    fn chain(
        gradient: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        pending: f32,
    ) -> FloatTensor<Self>;
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
                pending: f32,
            ) -> FloatTensor<Self> {
                match gradient.dtype() {
                    $(DType::$dtype => $crate::backend::fused::chain::<Self, $element>(
                        gradient, upstream, pending,
                    ),)+
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
                columns: Option<Vec<f32>>,
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
pub(super) fn differentiate<B: Host<E>, E: Storage, F: ColumnFormula>(
    call: Pointwise<B, F>,
) -> Differentiated<B> {
    let shape = call.prediction.shape();
    let mut prediction = B::contiguous(call.prediction);
    let target = B::contiguous(call.target);
    let weights = match call.weights {
        Weights::Equal => None,
        Weights::Each(weights) => Some(B::contiguous(weights)),
    };
    let operands = Operands {
        target: B::slice(&target),
        weights: weights.as_ref().map(|weights| B::slice(weights)),
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
    let scale = (factor / divisor) as f32;
    let (scale, pending) = if E::IS_F32 {
        (scale, 1.0)
    } else {
        (1.0, scale)
    };

    let wanted = Wanted {
        losses: call.fold.is_none(),
        prediction_gradient: call.prediction_gradient,
        target_gradient: call.target_gradient,
    };
    let in_place = if call.prediction_gradient {
        B::slice_mut(&mut prediction).map(|slice| {
            kernel::pointwise(
                &call.formula,
                Prediction::Consumed(slice),
                &operands,
                wanted,
                scale,
            )
        })
    } else {
        None
    };
    let outcome = match in_place {
        Some(outcome) => outcome,
        None => {
            let slice = B::slice(&prediction);
            let outcome = kernel::pointwise(
                &call.formula,
                Prediction::Kept(slice),
                &operands,
                wanted,
                scale,
            );
            if call.prediction_gradient {
                debug_assert!(outcome.prediction_gradient.is_some());
            }
            outcome
        }
    };

    let loss = match outcome.losses {
        Some(losses) => B::from_vec(losses, shape.clone()),
        None => {
            let value = E::from_f64(outcome.sum * factor / divisor);
            B::from_vec(vec![value], Shape::new([1]))
        }
    };
    Differentiated {
        loss,
        prediction_gradient: call
            .prediction_gradient
            .then(|| match outcome.prediction_gradient {
                Some(fresh) => B::from_vec(fresh, shape.clone()),
                None => prediction,
            }),
        target_gradient: outcome
            .target_gradient
            .map(|gradient| B::from_vec(gradient, shape)),
        pending,
    }
}

/// [`FusedBackend::chain`] for one element type.
pub(super) fn chain<B: Host<E>, E: Storage>(
    gradient: FloatTensor<B>,
    upstream: FloatTensor<B>,
    pending: f32,
) -> FloatTensor<B> {
    let shape = gradient.shape();
    let mut gradient = gradient;
    let upstream = B::contiguous(upstream);
    let factors = B::slice(&upstream);
    let apply = |elements: &mut [E]| match factors {
        [] => {}
        [one] => {
            let mut wide = [0.0];
            E::widen(&[*one], &mut wide);
            let factor = wide[0] * pending;
            if factor != 1.0 {
                kernel::scale(elements, factor);
            }
        }
        _ => kernel::multiply(elements, factors, pending),
    };
    if let Some(elements) = B::slice_mut(&mut gradient) {
        apply(elements);
        return gradient;
    }
    let mut elements = B::slice(&gradient).to_vec();
    apply(&mut elements);
    B::from_vec(elements, shape)
}

//! What the fused operations share: the choice by data type, the chain rule.

use super::host::Host;
use super::{
    element::fused as element, linear::fused as linear, softmax::fused as softmax,
    unit_rows::fused::Units,
};
use crate::kernel::cpu::{self, Storage};
use burn::{
    backend::{Backend, TensorMetadata, tensor::FloatTensor},
    tensor::DType,
};

/// The fused operations of a backend, whatever the data type.
pub(super) trait FusedBackend: Backend {
    /// An element-wise loss with the gradients that are wanted.
    fn differentiate(call: element::ElementCall<Self>) -> element::Differentiated<Self>;

    /// A loss of softmax rows with the gradient, if it is wanted.
    fn differentiate_rows(call: softmax::Rows<Self>) -> softmax::Differentiated<Self>;

    /// A loss of a linear layer's outputs with the gradients that are wanted.
    fn differentiate_linear(call: linear::LinearCall<Self>) -> linear::Differentiated<Self>;

    /// Rows divided by their norms.
    fn units(rows: FloatTensor<Self>) -> Units<Self>;

    /// What an upstream gradient of these is to the rows.
    fn units_backward(units: Units<Self>, upstream: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The saved `gradient` times `upstream` (one number, one for each element, or one for each row
    /// of a gradient `[N, C, K]`), in the data type `dtype`. Both are `f32`, as the loss is.
    fn chain(
        gradient: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        dtype: DType,
    ) -> FloatTensor<Self>;
}

/// Implements the fused operations for a backend by its data types.
macro_rules! fused_backend {
    ($backend:ty: $($dtype:ident => $element:ty),+) => {
        impl $crate::backend::fused::FusedBackend for $backend {
            fn differentiate(
                call: $crate::backend::element::fused::ElementCall<Self>,
            ) -> $crate::backend::element::fused::Differentiated<Self> {
                use $crate::backend::element::fused::differentiate;
                match call.prediction.dtype() {
                    $(DType::$dtype => differentiate::<Self, $element>(call),)+
                    dtype => unreachable!("{dtype:?} takes the composed path"),
                }
            }

            fn differentiate_rows(
                call: $crate::backend::softmax::fused::Rows<Self>,
            ) -> $crate::backend::softmax::fused::Differentiated<Self> {
                use $crate::backend::softmax::fused::differentiate;
                match call.logits.dtype() {
                    $(DType::$dtype => differentiate::<Self, $element>(call),)+
                    dtype => unreachable!("{dtype:?} takes the composed path"),
                }
            }

            fn differentiate_linear(
                call: $crate::backend::linear::fused::LinearCall<Self>,
            ) -> $crate::backend::linear::fused::Differentiated<Self> {
                $crate::backend::linear::fused::differentiate(call)
            }

            fn units(rows: FloatTensor<Self>) -> $crate::backend::unit_rows::fused::Units<Self> {
                $crate::backend::unit_rows::fused::forward(rows)
            }

            fn units_backward(
                units: $crate::backend::unit_rows::fused::Units<Self>,
                upstream: FloatTensor<Self>,
            ) -> FloatTensor<Self> {
                $crate::backend::unit_rows::fused::backward(units, upstream)
            }

            fn chain(
                gradient: FloatTensor<Self>,
                upstream: FloatTensor<Self>,
                dtype: DType,
            ) -> FloatTensor<Self> {
                match dtype {
                    $(DType::$dtype => {
                        $crate::backend::fused::chain::<Self, $element>(gradient, upstream)
                    })+
                    dtype => unreachable!("{dtype:?} takes the composed path"),
                }
            }
        }

        impl $crate::backend::extension::LossBackend for $backend {
            fn elements(
                formula: ::std::sync::Arc<dyn $crate::backend::ElementFormula>,
                prediction: FloatTensor<Self>,
                target: FloatTensor<Self>,
                weights: $crate::backend::extension::Weights<Self>,
                parameters: Option<$crate::backend::PerClass>,
                fold: Option<$crate::backend::Fold>,
            ) -> FloatTensor<Self> {
                use $crate::backend::fused::FusedBackend;
                Self::differentiate($crate::backend::element::fused::ElementCall {
                    formula,
                    prediction,
                    target,
                    weights,
                    parameters,
                    fold,
                    prediction_gradient: false,
                    target_gradient: false,
                })
                .loss
            }

            fn unit_rows(rows: FloatTensor<Self>) -> FloatTensor<Self> {
                use $crate::backend::fused::FusedBackend;
                Self::units(rows).rows
            }

            fn softmax_rows(
                row: ::std::sync::Arc<$crate::backend::SoftmaxRow>,
                logits: FloatTensor<Self>,
                target: $crate::backend::extension::RowTarget<Self>,
                weights: $crate::backend::extension::Weights<Self>,
                fold: Option<$crate::backend::Fold>,
            ) -> FloatTensor<Self> {
                use $crate::backend::fused::FusedBackend;
                Self::differentiate_rows($crate::backend::softmax::fused::Rows {
                    row,
                    logits,
                    target,
                    weights,
                    fold,
                    gradient: false,
                })
                .loss
            }

            fn linear_softmax(
                row: ::std::sync::Arc<$crate::backend::SoftmaxRow>,
                hidden: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                classes: ::burn::backend::tensor::IntTensor<Self>,
                weights: $crate::backend::extension::Weights<Self>,
                fold: Option<$crate::backend::Fold>,
            ) -> FloatTensor<Self> {
                use $crate::backend::{fused::FusedBackend, linear::fused::LinearCall};
                Self::differentiate_linear(LinearCall {
                    row,
                    operands: [hidden, weight, bias],
                    classes,
                    weights,
                    fold,
                    gradients: [false; 3],
                })
                .loss
            }
        }

        impl $crate::backend::attached::GradientBackend for $backend {}
    };
}
pub(super) use fused_backend;

/// [`FusedBackend::chain`] for one element type of the operand.
pub(super) fn chain<B: Host<E> + Host<f32>, E: Storage>(
    mut gradient: FloatTensor<B>,
    upstream: FloatTensor<B>,
) -> FloatTensor<B> {
    if !<B as Host<f32>>::is_contiguous(&gradient) {
        // That of a weight whose rows and columns are exchanged in memory.
        let as_it_lies = B::float_swap_dims(gradient, 0, 1);
        return B::float_swap_dims(chain::<B, E>(as_it_lies, upstream), 0, 1);
    }
    let shape = gradient.shape();
    let upstream = <B as Host<f32>>::contiguous(upstream);
    let factors = <B as Host<f32>>::slice(&upstream);
    let apply = |elements: &mut [f32]| match factors {
        [1.0] => {}
        [factor] => cpu::scale(elements, *factor),
        _ if factors.len() == elements.len() => cpu::multiply(elements, factors),
        _ => cpu::multiply_rows(elements, factors, shape[1], shape[2]),
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
    let rounded: Vec<E> = cpu::narrowed(<B as Host<f32>>::slice(&gradient));
    B::from_vec(rounded, shape)
}

//! What the fused operations share: the choice by data type, the chain rule.

use super::{
    element::{Differentiated, ElementCall, ElementFormula, PerClass},
    extension::{
        ElementBackend, LinearBackend, OverlapBackend, RowBackend, RowTarget, TupleBackend,
        UnitRowsBackend, Weights,
    },
    fold::Fold,
    linear::{self, LinearCall},
    overlap::{OverlapCall, OverlapSpec},
    row::SoftmaxRow,
    softmax,
    tuple::{TupleCall, TupleObject},
    unit_rows::UnitRows,
};
use burn::{
    backend::{
        Backend,
        tensor::{FloatTensor, IntTensor},
    },
    tensor::DType,
};
use core::fmt::Debug;
use std::sync::Arc;
#[cfg(any(feature = "flex", feature = "ndarray"))]
use {
    super::host::Host,
    crate::kernel::cpu::{self, Storage},
    burn::backend::TensorMetadata,
};

/// Element-wise losses of a backend, whatever the data type.
pub(super) trait FusedElements: Backend {
    /// An element-wise loss with the gradients that are wanted.
    fn differentiate(call: ElementCall<Self>) -> Differentiated<Self>;

    /// The saved `gradient` times `upstream` (one number, one for each element, or one for each row
    /// of a gradient `[N, C]` or `[N, C, K]`), in the data type `dtype`. Both are `f32`, as the loss is.
    fn chain(
        gradient: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        dtype: DType,
    ) -> FloatTensor<Self>;
}

/// Losses of samples of a few numbers each of a backend, whatever the data type.
pub(super) trait FusedTuples: FusedElements {
    /// A loss of tuples with the gradients that are wanted.
    fn differentiate_tuples(call: TupleCall<Self>) -> Differentiated<Self>;
}

/// Losses of softmax rows of a backend, whatever the data type.
pub(super) trait FusedRows: FusedElements {
    /// What a gradient is computed from later.
    type Later: Clone + Debug + Send + 'static;

    /// A loss of softmax rows with its gradient, now or later, if it is wanted.
    fn differentiate_rows(call: softmax::Rows<Self>) -> softmax::Differentiated<Self>;

    /// The gradient, times the upstream gradient: one number, or one for each row.
    fn gradient_of_rows(later: Self::Later, upstream: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// Losses of a linear layer's outputs of a backend.
pub(super) trait FusedLinear: FusedElements {
    /// A loss of a linear layer's outputs with the gradients that are wanted.
    fn differentiate_linear(call: LinearCall<Self>) -> linear::Differentiated<Self>;
}

/// Rows of norm 1 of a backend.
pub(super) trait FusedUnitRows: Backend {
    /// What is kept of the norms of rows.
    type Norms: Clone + Debug + Send + 'static;

    /// Rows divided by their norms.
    fn units(rows: FloatTensor<Self>) -> UnitRows<Self>;

    /// What an upstream gradient of these is to the rows.
    fn units_backward(units: UnitRows<Self>, upstream: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// Overlap sums of a backend, whatever the data type.
pub(super) trait FusedOverlap: Backend {
    /// The sums.
    fn sums_of(call: OverlapCall<Self>) -> FloatTensor<Self>;

    /// What an upstream gradient of these is to the logits.
    fn gradient_of_sums(call: OverlapCall<Self>, upstream: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl<B: FusedElements> ElementBackend for B {
    fn elements(
        formula: Arc<dyn ElementFormula>,
        prediction: FloatTensor<Self>,
        target: FloatTensor<Self>,
        weights: Weights<Self>,
        parameters: Option<PerClass>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self> {
        let call = ElementCall {
            formula,
            prediction,
            target,
            weights,
            parameters,
            fold,
            prediction_gradient: false,
            target_gradient: false,
        };
        Self::differentiate(call).loss
    }
}

impl<B: FusedTuples> TupleBackend for B {
    fn tuples(
        formula: Arc<dyn TupleObject>,
        prediction: FloatTensor<Self>,
        target: FloatTensor<Self>,
        weights: Weights<Self>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self> {
        let call = TupleCall {
            formula,
            prediction,
            target,
            weights,
            fold,
            prediction_gradient: false,
            target_gradient: false,
        };
        Self::differentiate_tuples(call).loss
    }
}

impl<B: FusedRows> RowBackend for B {
    fn softmax_rows(
        row: Arc<SoftmaxRow>,
        logits: FloatTensor<Self>,
        target: RowTarget<Self>,
        weights: Weights<Self>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self> {
        let call = softmax::Rows {
            row,
            logits,
            target,
            weights,
            fold,
            gradient: false,
        };
        Self::differentiate_rows(call).loss
    }
}

impl<B: FusedLinear> LinearBackend for B {
    fn linear_softmax(
        row: Arc<SoftmaxRow>,
        hidden: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        classes: IntTensor<Self>,
        weights: Weights<Self>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self> {
        let call = LinearCall {
            row,
            operands: [hidden, weight, bias],
            classes,
            weights,
            fold,
            gradients: [false; 3],
        };
        Self::differentiate_linear(call).loss
    }
}

impl<B: FusedUnitRows> UnitRowsBackend for B {
    fn unit_rows(rows: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::units(rows).rows
    }
}

impl<B: FusedOverlap> OverlapBackend for B {
    fn overlap_sums(
        spec: Arc<OverlapSpec>,
        logits: FloatTensor<Self>,
        target: RowTarget<Self>,
        weights: Weights<Self>,
    ) -> FloatTensor<Self> {
        Self::sums_of(OverlapCall {
            spec,
            logits,
            target,
            weights,
        })
    }
}

/// Implements the fused operations for a backend by its data types.
#[cfg(any(feature = "flex", feature = "ndarray"))]
macro_rules! fused_backend {
    ($backend:ty: $($dtype:ident => $element:ty),+) => {
        impl $crate::backend::fused::FusedElements for $backend {
            fn differentiate(
                call: $crate::backend::element::ElementCall<Self>,
            ) -> $crate::backend::element::Differentiated<Self> {
                use $crate::backend::element::fused::differentiate;
                match call.prediction.dtype() {
                    $(DType::$dtype => differentiate::<Self, $element>(call),)+
                    dtype => unreachable!("{dtype:?} takes the composed path"),
                }
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

        impl $crate::backend::fused::FusedTuples for $backend {
            fn differentiate_tuples(
                call: $crate::backend::tuple::TupleCall<Self>,
            ) -> $crate::backend::element::Differentiated<Self> {
                use $crate::backend::tuple::fused::differentiate;
                match call.prediction.dtype() {
                    $(DType::$dtype => differentiate::<Self, $element>(call),)+
                    dtype => unreachable!("{dtype:?} takes the composed path"),
                }
            }
        }

        impl $crate::backend::fused::FusedRows for $backend {
            type Later = ::core::convert::Infallible;

            fn gradient_of_rows(
                later: Self::Later,
                _upstream: FloatTensor<Self>,
            ) -> FloatTensor<Self> {
                match later {}
            }

            fn differentiate_rows(
                call: $crate::backend::softmax::Rows<Self>,
            ) -> $crate::backend::softmax::Differentiated<Self> {
                use $crate::backend::softmax::fused::differentiate;
                match call.logits.dtype() {
                    $(DType::$dtype => differentiate::<Self, $element>(call),)+
                    dtype => unreachable!("{dtype:?} takes the composed path"),
                }
            }
        }

        impl $crate::backend::fused::FusedLinear for $backend {
            fn differentiate_linear(
                call: $crate::backend::linear::LinearCall<Self>,
            ) -> $crate::backend::linear::Differentiated<Self> {
                $crate::backend::linear::fused::differentiate(call)
            }
        }

        impl $crate::backend::fused::FusedUnitRows for $backend {
            type Norms = ::std::sync::Arc<[f64]>;

            fn units(rows: FloatTensor<Self>) -> $crate::backend::unit_rows::UnitRows<Self> {
                $crate::backend::unit_rows::fused::forward(rows)
            }

            fn units_backward(
                units: $crate::backend::unit_rows::UnitRows<Self>,
                upstream: FloatTensor<Self>,
            ) -> FloatTensor<Self> {
                $crate::backend::unit_rows::fused::backward(units, upstream)
            }
        }

        impl $crate::backend::fused::FusedOverlap for $backend {
            fn sums_of(
                call: $crate::backend::overlap::OverlapCall<Self>,
            ) -> FloatTensor<Self> {
                match call.logits.dtype() {
                    $(DType::$dtype => {
                        $crate::backend::overlap::fused::sums::<Self, $element>(call)
                    })+
                    dtype => unreachable!("{dtype:?} takes the composed path"),
                }
            }

            fn gradient_of_sums(
                call: $crate::backend::overlap::OverlapCall<Self>,
                upstream: FloatTensor<Self>,
            ) -> FloatTensor<Self> {
                match call.logits.dtype() {
                    $(DType::$dtype => {
                        $crate::backend::overlap::fused::gradient::<Self, $element>(call, upstream)
                    })+
                    dtype => unreachable!("{dtype:?} takes the composed path"),
                }
            }
        }

        impl $crate::backend::lovasz::FusedLovasz for $backend {
            fn lovasz_of(
                call: $crate::backend::overlap::OverlapCall<Self>,
                errors: $crate::backend::lovasz::LovaszErrors,
            ) -> $crate::backend::lovasz::Ordered<Self> {
                match call.logits.dtype() {
                    $(DType::$dtype => {
                        $crate::backend::lovasz::fused::lovasz::<Self, $element>(call, errors)
                    })+
                    dtype => unreachable!("{dtype:?} takes the composed path"),
                }
            }

            fn gradient_of_lovasz(
                call: $crate::backend::overlap::OverlapCall<Self>,
                errors: $crate::backend::lovasz::LovaszErrors,
                slopes: FloatTensor<Self>,
                upstream: FloatTensor<Self>,
            ) -> FloatTensor<Self> {
                use $crate::backend::lovasz::fused::gradient;
                match call.logits.dtype() {
                    $(DType::$dtype => {
                        gradient::<Self, $element>(call, errors, slopes, upstream)
                    })+
                    dtype => unreachable!("{dtype:?} takes the composed path"),
                }
            }
        }

        impl $crate::backend::ssim::FusedSsim for $backend {
            fn differentiate_ssim(
                call: $crate::backend::ssim::SsimCall<Self>,
            ) -> $crate::backend::ssim::SsimDifferentiated<Self> {
                use $crate::backend::ssim::fused::differentiate;
                match call.images[0].dtype() {
                    $(DType::$dtype => differentiate::<Self, $element>(call),)+
                    dtype => unreachable!("{dtype:?} takes the composed path"),
                }
            }
        }

        impl $crate::backend::attached::GradientBackend for $backend {}
    };
}
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) use fused_backend;

/// [`FusedElements::chain`] for one element type of the operand.
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) fn chain<B: Host<E> + Host<f32>, E: Storage>(
    gradient: FloatTensor<B>,
    upstream: FloatTensor<B>,
) -> FloatTensor<B> {
    let shape = gradient.shape();
    let dims = |dim: usize| {
        if dim < shape.num_dims() {
            shape[dim]
        } else {
            1
        }
    };
    if !<B as Host<f32>>::is_contiguous(&gradient) {
        // Rows and columns are exchanged in memory.
        let as_it_lies = B::float_swap_dims(gradient, 0, 1);
        let columns = [dims(1), dims(0)];
        return B::float_swap_dims(scaled::<B, E>(as_it_lies, upstream, columns), 0, 1);
    }
    let row = [dims(1), dims(2)];
    scaled::<B, E>(gradient, upstream, row)
}

/// A contiguous gradient times what comes from upstream; where that is a number for each row, a row is the first of these
/// two dimensions, and the second is what follows it.
#[cfg(any(feature = "flex", feature = "ndarray"))]
fn scaled<B: Host<E> + Host<f32>, E: Storage>(
    mut gradient: FloatTensor<B>,
    upstream: FloatTensor<B>,
    [classes, inner]: [usize; 2],
) -> FloatTensor<B> {
    let shape = gradient.shape();
    let upstream = <B as Host<f32>>::contiguous(upstream);
    let factors = <B as Host<f32>>::slice(&upstream);
    let apply = |elements: &mut [f32]| match factors {
        [1.0] => {}
        [factor] => cpu::scale(elements, *factor),
        _ if factors.len() == elements.len() => cpu::multiply(elements, factors),
        _ => cpu::multiply_rows(elements, factors, classes, inner),
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

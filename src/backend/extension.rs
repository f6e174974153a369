//! The operations a backend with fused kernels has on top of Burn's own.
#![cfg_attr(feature = "ndarray", allow(deprecated))] // The list of backends names NdArray.

use super::{
    element::{ElementFormula, PerClass},
    fold::Fold,
    overlap::OverlapSpec,
    row::SoftmaxRow,
    tuple::TupleObject,
};
use burn::backend::{
    Backend, Dispatch, ExtensionType, backend_extension,
    tensor::{FloatTensor, IntTensor},
};
use burn::tensor::Tensor;
use std::sync::Arc;

/// Weights of the elements.
#[derive(Clone, Debug, ExtensionType)]
pub(crate) enum Weights<B: Backend> {
    /// All elements count the same.
    Equal,
    /// A weight for each element.
    Each(FloatTensor<B>),
}

impl Weights<Dispatch> {
    /// These weights, or the same for all elements.
    pub fn of<const D: usize>(weights: Option<Tensor<D>>) -> Self {
        match weights {
            Some(weights) => Self::Each(weights.into_dispatch()),
            None => Self::Equal,
        }
    }
}

/// What softmax rows, or the pixels of masks, are compared with.
#[derive(Clone, Debug, ExtensionType)]
pub(crate) enum RowTarget<B: Backend> {
    /// The index of a class for each row, `[N, K]`.
    Classes(IntTensor<B>),
    /// Shares of the classes, `[N, C, K]`.
    Shares(FloatTensor<B>),
}

/// A backend with fused element-wise losses.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "cube"),
    Autodiff,
)]
pub(crate) trait ElementBackend: Backend {
    /// A formula over all elements: the loss of each (in the shape of the prediction), or their
    /// fold (in shape `[1]`).
    #[allow(unused_variables)] // The generated dispatch leaves some unused without a backend.
    fn elements(
        formula: Arc<dyn ElementFormula>,
        prediction: FloatTensor<Self>,
        target: FloatTensor<Self>,
        #[extension_type] weights: Weights<Self>,
        parameters: Option<PerClass>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self>;
}

/// A backend with fused losses of samples of a few numbers each.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "cube"),
    Autodiff,
)]
pub(crate) trait TupleBackend: Backend {
    /// A formula over all samples, predictions `[N, P]` against targets `[N, T]`: the loss of each (in shape `[N]`), or
    /// their fold (in shape `[1]`).
    #[allow(unused_variables)] // As above.
    fn tuples(
        formula: Arc<dyn TupleObject>,
        prediction: FloatTensor<Self>,
        target: FloatTensor<Self>,
        #[extension_type] weights: Weights<Self>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self>;
}

/// A backend with fused losses of softmax rows.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "cube"),
    Autodiff,
)]
pub(crate) trait RowBackend: Backend {
    /// A loss of softmax rows of logits `[N, C, K]`: that of each (in shape `[N, K]`), or their fold
    /// (in shape `[1]`).
    #[allow(unused_variables)] // As above.
    fn softmax_rows(
        row: Arc<SoftmaxRow>,
        logits: FloatTensor<Self>,
        #[extension_type] target: RowTarget<Self>,
        #[extension_type] weights: Weights<Self>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self>;
}

/// A backend with fused losses of the outputs of a linear layer.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "cube"),
    Autodiff,
)]
pub(crate) trait LinearBackend: Backend {
    /// A loss of the softmax of a linear layer's outputs, for hidden states `[N, H]`, a weight
    /// `[V, H]` and a bias `[V]`: that of each row (in shape `[N]`), or their fold (in shape `[1]`).
    #[allow(unused_variables)] // As above.
    fn linear_softmax(
        row: Arc<SoftmaxRow>,
        hidden: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        classes: IntTensor<Self>,
        #[extension_type] weights: Weights<Self>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self>;
}

/// A backend that brings rows to norm 1 in one pass.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "cube"),
    Autodiff,
)]
pub(crate) trait UnitRowsBackend: Backend {
    /// Rows `[N, D]` of `f32` divided by their norms; a row of zeros stays one.
    #[allow(unused_variables)] // As above.
    fn unit_rows(rows: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// A backend with fused overlap sums.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "cube"),
    Autodiff,
)]
pub(crate) trait OverlapBackend: Backend {
    /// The overlap sums of logits `[N, C, K]` with classes or masks, one after the other: `[SUMS, N, C]`.
    #[allow(unused_variables)] // As above.
    fn overlap_sums(
        spec: Arc<OverlapSpec>,
        logits: FloatTensor<Self>,
        #[extension_type] target: RowTarget<Self>,
        #[extension_type] weights: Weights<Self>,
    ) -> FloatTensor<Self>;
}

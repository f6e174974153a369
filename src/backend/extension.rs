//! The operations a backend with fused kernels has on top of Burn's own.
#![cfg_attr(feature = "ndarray", allow(deprecated))] // The list of backends names NdArray.

use super::{Fold, linear::LinearRow, numbers::NumbersBackend, pairs::composed as pairs};
use crate::formula::{ClassFormula, ColumnFormula, Margin, PairFormula, SoftmaxRow};
use burn::backend::{
    Backend, ExtensionType, backend_extension,
    tensor::{FloatTensor, IntTensor},
};

/// Weights of the elements.
#[cfg(any(feature = "flex", feature = "ndarray"))]
#[derive(ExtensionType)]
pub(crate) enum Weights<B: Backend> {
    /// All elements count the same.
    Equal,
    /// A weight for each element.
    Each(FloatTensor<B>),
}

/// What softmax rows are compared with.
#[cfg(any(feature = "flex", feature = "ndarray"))]
#[derive(ExtensionType)]
pub(crate) enum RowTarget<B: Backend> {
    /// The index of a class for each row, `[N, K]`.
    Classes(IntTensor<B>),
    /// Shares of the classes, `[N, C, K]`.
    Shares(FloatTensor<B>),
}

/// A backend with fused loss operations.
#[cfg(any(feature = "flex", feature = "ndarray"))]
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Autodiff,
)]
pub(crate) trait LossBackend: Backend {
    /// A formula over all elements: the loss of each (in the shape of the prediction), or their
    /// fold (in shape `[1]`).
    #[allow(unused_variables)] // The generated dispatch leaves some unused without a backend.
    fn pointwise<F: ColumnFormula>(
        formula: F,
        prediction: FloatTensor<Self>,
        target: FloatTensor<Self>,
        #[extension_type] weights: Weights<Self>,
        columns: Option<Vec<f64>>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self>;

    /// A loss of softmax rows of logits `[N, C, K]`: that of each (in shape `[N, K]`), or their fold
    /// (in shape `[1]`).
    #[allow(unused_variables)] // As above.
    fn softmax_rows<F: ClassFormula, M: Margin>(
        row: SoftmaxRow<F, M>,
        logits: FloatTensor<Self>,
        #[extension_type] target: RowTarget<Self>,
        #[extension_type] weights: Weights<Self>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self>;

    /// A loss of the softmax of a linear layer's outputs, for hidden states `[N, H]`, a weight
    /// `[V, H]` and a bias `[V]`: that of each row (in shape `[N]`), or their fold (in shape `[1]`).
    #[allow(unused_variables)] // As above.
    fn linear_softmax(
        row: LinearRow,
        hidden: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        classes: IntTensor<Self>,
        #[extension_type] weights: Weights<Self>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self>;
}

/// The points that rows are paired with.
#[derive(ExtensionType)]
pub(crate) enum Columns<B: Backend> {
    /// The rows themselves, none with itself.
    Rows,
    /// Others, `[K, D]`.
    Others(FloatTensor<B>),
}

/// A backend that computes terms of all pairs.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "cube"),
    Autodiff,
)]
pub(crate) trait PairBackend: Backend {
    /// The terms of every row of dot products of points `[N, D]`: `[T, N]`, or `[T, N + K]` with those
    /// of columns behind.
    #[allow(clippy::too_many_arguments)] // Tensors go by themselves through the dispatch.
    fn pair_terms<F: PairFormula>(
        formula: F,
        both: bool,
        is_fused: bool,
        rows: FloatTensor<Self>,
        #[extension_type] columns: Columns<Self>,
        row_labels: IntTensor<Self>,
        column_labels: IntTensor<Self>,
    ) -> FloatTensor<Self>;
}

/// What terms of all pairs are computed from.
#[derive(Clone, Debug)]
pub(super) struct PairCall<B: Backend> {
    pub rows: FloatTensor<B>,
    /// `None`: the rows themselves, none with itself.
    pub columns: Option<FloatTensor<B>>,
    pub row_labels: IntTensor<B>,
    pub column_labels: IntTensor<B>,
    /// Whether columns have terms, too.
    pub both: bool,
    /// Whether kernels may be used.
    pub is_fused: bool,
}

/// A backend that computes terms of all pairs, and their gradients.
pub(super) trait PairOps: NumbersBackend {
    fn terms_of<F: PairFormula>(formula: F, call: &PairCall<Self>) -> FloatTensor<Self> {
        pairs::terms(formula, call)
    }

    /// What an upstream gradient of the terms is to rows and columns, each where it is wanted. Where
    /// these are the same there is one, the first.
    fn gradients_of<F: PairFormula>(
        formula: F,
        call: &PairCall<Self>,
        terms: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        wanted: [bool; 2],
    ) -> [Option<FloatTensor<Self>>; 2] {
        pairs::gradients(formula, call, terms, upstream, wanted)
    }
}

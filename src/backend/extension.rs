//! The operations a backend with fused kernels has on top of Burn's own.
#![cfg_attr(feature = "ndarray", allow(deprecated))] // The list of backends names NdArray.

use super::{
    ElementFormula, Fold,
    linear::LinearRow,
    numbers::NumbersBackend,
    pairs::{AllPairs, Triplets, composed},
};
use crate::formula::{ClassFormula, Margin, PairFormula, SoftmaxRow};
use burn::backend::{
    Backend, ExtensionType, backend_extension,
    tensor::{FloatTensor, IntTensor},
};
use core::fmt::Debug;
use std::sync::Arc;

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
    fn elements(
        formula: Arc<dyn ElementFormula>,
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

/// A backend that computes with pairs of points.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "cube"),
    Autodiff,
)]
pub(crate) trait PairBackend: Backend {
    /// What an operation makes of points `[N, D]` and those they are paired with.
    fn pair_operation<O: PairOperation>(
        operation: O,
        is_fused: bool,
        rows: FloatTensor<Self>,
        #[extension_type] columns: Columns<Self>,
        row_labels: IntTensor<Self>,
        column_labels: IntTensor<Self>,
    ) -> FloatTensor<Self>;
}

/// What is computed of pairs of points: a few numbers of each row, never all pairs at once.
pub(crate) trait PairOperation: Clone + Debug + Send + Sync + 'static {
    fn terms<B: PairOps>(&self, call: &PairCall<B>) -> FloatTensor<B>;

    /// What an upstream gradient of the terms is to rows and columns, each where it is wanted. Where
    /// these are the same there is one, the first.
    fn gradients<B: PairOps>(
        &self,
        call: &PairCall<B>,
        terms: FloatTensor<B>,
        upstream: FloatTensor<B>,
        wanted: [bool; 2],
    ) -> [Option<FloatTensor<B>>; 2];
}

/// What a [`PairOperation`] is computed from.
#[derive(Clone, Debug)]
pub(crate) struct PairCall<B: Backend> {
    pub rows: FloatTensor<B>,
    /// `None`: the rows themselves.
    pub columns: Option<FloatTensor<B>>,
    /// The label of each row; of listed pairs the row of each.
    pub row_labels: IntTensor<B>,
    /// The label of each column; of listed pairs the column of each.
    pub column_labels: IntTensor<B>,
    /// Whether kernels may be used.
    pub is_fused: bool,
}

/// A backend that computes terms of all pairs, and their gradients: by kernels where it has some.
pub(crate) trait PairOps: NumbersBackend {
    fn terms_of<F: PairFormula>(pairs: AllPairs<F>, call: &PairCall<Self>) -> FloatTensor<Self> {
        composed::terms(pairs, call)
    }

    fn gradients_of<F: PairFormula>(
        pairs: AllPairs<F>,
        call: &PairCall<Self>,
        terms: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        wanted: [bool; 2],
    ) -> [Option<FloatTensor<Self>>; 2] {
        composed::gradients(pairs, call, terms, upstream, wanted)
    }

    fn triplets_of(triplets: &Triplets, call: &PairCall<Self>) -> FloatTensor<Self> {
        composed::triplet_terms(triplets, call)
    }

    fn triplet_gradients_of(
        triplets: &Triplets,
        call: &PairCall<Self>,
        upstream: FloatTensor<Self>,
        wanted: [bool; 2],
    ) -> [Option<FloatTensor<Self>>; 2] {
        composed::triplet_gradients(triplets, call, upstream, wanted)
    }
}

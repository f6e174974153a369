//! An operation's inputs as the tensors of one backend, below the dispatch and below autodiff, and as Burn's
//! own tensors again.

use super::inputs::PairInputs;
use burn::{
    backend::{
        Backend, DispatchKindConversion, DispatchTensor, ExtensionType,
        tensor::{FloatTensor, IntTensor},
    },
    tensor::{Int, Tensor},
};

/// The points that rows are paired with.
#[derive(ExtensionType)]
pub(crate) enum Columns<B: Backend> {
    /// The rows themselves, none with itself.
    Rows,
    /// Others, `[K, D]`.
    Others(FloatTensor<B>),
}

impl<B: Backend> Columns<B> {
    /// The other points, where there are some.
    pub fn others(self) -> Option<FloatTensor<B>> {
        match self {
            Columns::Rows => None,
            Columns::Others(columns) => Some(columns),
        }
    }
}

/// What an operation is computed from.
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

/// A backend whose tensors Burn's tensor API takes. What is computed with them through it is known to no
/// autodiff.
pub(crate) trait Dispatched: Backend {
    fn tensor<const D: usize>(primitive: FloatTensor<Self>) -> Tensor<D>;

    fn indices(primitive: IntTensor<Self>) -> Tensor<1, Int>;

    fn primitive<const D: usize>(tensor: Tensor<D>) -> FloatTensor<Self>;
}

impl<B: Backend> Dispatched for B
where
    DispatchTensor: DispatchKindConversion<B>,
{
    fn tensor<const D: usize>(primitive: FloatTensor<Self>) -> Tensor<D> {
        Tensor::from_primitive::<B>(primitive)
    }

    fn indices(primitive: IntTensor<Self>) -> Tensor<1, Int> {
        Tensor::from_primitive::<B>(primitive)
    }

    fn primitive<const D: usize>(tensor: Tensor<D>) -> FloatTensor<Self> {
        let primitive = tensor.try_into_primitive::<B>();
        primitive.expect("a tensor of this backend")
    }
}

impl<B: Dispatched> PairCall<B> {
    /// The same as Burn's tensors.
    pub fn inputs(&self) -> PairInputs {
        PairInputs {
            rows: B::tensor(self.rows.clone()),
            columns: self.columns.clone().map(B::tensor),
            row_labels: B::indices(self.row_labels.clone()),
            column_labels: B::indices(self.column_labels.clone()),
        }
    }
}

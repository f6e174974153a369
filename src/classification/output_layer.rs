//! The linear layer whose outputs are logits.

use burn::{
    nn::{Embedding, Linear},
    tensor::Tensor,
};

/// The linear layer whose outputs are the logits of a [`LinearCrossEntropyLoss`](crate::LinearCrossEntropyLoss), such as a
/// language model's head.
///
/// It is made from Burn's [`Linear`], from an [`Embedding`] whose table is shared with the head (tied weights), or from
/// a matrix. For a matrix the constructor says which way round it is: a square one fits both ways.
///
/// | from | weight | bias |
/// |---|---|---|
/// | `&Linear` | `[H, V]` | its own |
/// | `&Embedding` | `[V, H]` | none |
/// | [`with_rows`](Self::with_rows) | `[V, H]`, a row for each class, as PyTorch keeps it | none |
/// | [`with_columns`](Self::with_columns) | `[H, V]`, a column for each class, as Burn keeps it | none |
///
/// Nothing is copied: a weight that is the other way round is a view.
///
/// # Example
/// ```
/// use burn::{nn::LinearConfig, tensor::{Device, Int, Tensor}};
/// use burn_losses::{LinearCrossEntropyLossConfig, OutputLayer};
///
/// let device = Device::flex();
/// let loss = LinearCrossEntropyLossConfig::new().init();
/// let head = LinearConfig::new(8, 100).init(&device);
/// let hidden = Tensor::<2>::ones([5, 8], &device);
/// let targets = Tensor::<1, Int>::zeros([5], &device);
///
/// let bias = head.bias.as_ref().map(|bias| bias.val());
/// let same = OutputLayer::with_columns(head.weight.val()).with_bias(bias);
/// let [by_layer, by_matrix] = [
///     loss.forward(hidden.clone(), &head, targets.clone()),
///     loss.forward(hidden, same, targets),
/// ]
/// .map(|loss| loss.into_scalar::<f32>());
/// assert_eq!(by_layer, by_matrix);
/// ```
#[derive(Clone, Debug)]
pub struct OutputLayer {
    /// `[V, H]`
    pub(super) weight: Tensor<2>,
    /// `[V]`
    pub(super) bias: Option<Tensor<1>>,
}

impl OutputLayer {
    /// A layer without a bias whose weight `[V, H]` has a row for each class.
    pub fn with_rows(weight: Tensor<2>) -> Self {
        Self { weight, bias: None }
    }

    /// A layer without a bias whose weight `[H, V]` has a column for each class.
    pub fn with_columns(weight: Tensor<2>) -> Self {
        Self::with_rows(weight.transpose())
    }

    /// The layer with this bias `[V]`, or without one.
    pub fn with_bias(self, bias: impl Into<Option<Tensor<1>>>) -> Self {
        let bias = bias.into();
        Self { bias, ..self }
    }
}

impl From<&Linear> for OutputLayer {
    fn from(layer: &Linear) -> Self {
        let bias = layer.bias.as_ref().map(|bias| bias.val());
        Self::with_columns(layer.weight.val()).with_bias(bias)
    }
}

impl From<&Embedding> for OutputLayer {
    fn from(table: &Embedding) -> Self {
        Self::with_rows(table.weight.val())
    }
}

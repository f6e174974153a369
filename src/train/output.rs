//! The output of a step that makes embeddings, for metrics.

use burn::{
    backend::ExecutionError,
    tensor::{Int, Tensor},
    train::{
        ItemLazy,
        metric::{Adaptor, LossInput},
    },
};

/// The output of a training or validation step that makes embeddings, for [`LossMetric`] and for the
/// metrics of embeddings.
///
/// [`LossMetric`]: burn::train::metric::LossMetric
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::{SupConLossConfig, train::EmbeddingOutput};
///
/// let device = Device::flex();
/// let embeddings = Tensor::<2>::from_floats([[2.0, 0.0], [1.0, 0.1], [0.0, 1.0]], &device);
/// let labels = Tensor::<1, Int>::from_ints([7, 7, 8], &device);
/// let loss = SupConLossConfig::new().init(&device).forward(embeddings.clone(), labels.clone());
/// let output = EmbeddingOutput::new(loss, embeddings, labels);
/// assert_eq!(output.embeddings.dims(), [3, 2]);
/// ```
#[derive(Clone, Debug)]
pub struct EmbeddingOutput {
    /// The loss. Shape: `[1]`, or `[N]`.
    pub loss: Tensor<1>,
    /// The embeddings. Shape: `[N, D]`.
    pub embeddings: Tensor<2>,
    /// The labels, any numbers. Shape: `[N]`.
    pub labels: Tensor<1, Int>,
}

impl EmbeddingOutput {
    /// Makes an output of these parts.
    ///
    /// # Shapes
    /// - loss: `[1]`, or `[N]`
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, any numbers
    pub fn new(loss: Tensor<1>, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Self {
        Self {
            loss,
            embeddings,
            labels,
        }
    }
}

impl ItemLazy for EmbeddingOutput {
    /// Sends off pending work and drops the graph; nothing is read back, metrics do that.
    fn sync(self) -> Result<Self, ExecutionError> {
        self.loss.device().flush()?;
        Ok(Self {
            loss: self.loss.without_autodiff(),
            embeddings: self.embeddings.without_autodiff(),
            labels: self.labels.without_autodiff(),
        })
    }
}

impl Adaptor<LossInput> for EmbeddingOutput {
    fn adapt(&self) -> LossInput {
        LossInput::new(self.loss.clone())
    }
}

impl Adaptor<EmbeddingInput> for EmbeddingOutput {
    fn adapt(&self) -> EmbeddingInput {
        EmbeddingInput::new(self.embeddings.clone(), self.labels.clone())
    }
}

/// The input of a metric of embeddings. An output of another type gets these metrics by implementing
/// [`Adaptor<EmbeddingInput>`](Adaptor).
#[derive(Clone, Debug)]
pub struct EmbeddingInput {
    pub(super) embeddings: Tensor<2>,
    pub(super) labels: Tensor<1, Int>,
}

impl EmbeddingInput {
    /// Makes an input of embeddings and their labels.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, any numbers
    pub fn new(embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Self {
        Self { embeddings, labels }
    }
}

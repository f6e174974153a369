//! Recall@k.

use super::metric::{EmbeddingMetric, MetricScore};
use crate::retrieval::{RecallAtK, check_k};

/// Recall@k: the share of queries with at least one embedding of their label among their k nearest.
///
/// ```text
/// Recall@k = (1 / Q) sum_q [one of the k nearest to q has the label of q]
/// ```
/// over the Q queries with at least one candidate of their label; other queries are ignored. [`EmbeddingMetric`]
/// describes candidates and distances.
///
/// Source: H. Jégou et al., *Product Quantization for Nearest Neighbor Search*, 2011; for labels, H. Oh
/// Song et al., *Deep Metric Learning via Lifted Structured Feature Embedding*, 2016.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn::train::metric::{Metric, Numeric};
/// use burn_losses::train::{EmbeddingInput, RecallAtKMetric};
/// # use burn::{data::dataloader::Progress, train::metric::MetricMetadata};
/// # let progress = Progress::new(1, 1, None);
/// # let metadata = MetricMetadata { progress, iteration: None, lr: None };
///
/// let device = Device::flex();
/// let embeddings =
///     Tensor::<2>::from_floats([[9.0, 0.0], [1.0, 0.1], [1.0, 0.2], [0.0, 1.0]], &device);
/// let labels = Tensor::<1, Int>::from_ints([7, 7, 8, 8], &device);
///
/// let mut metric = RecallAtKMetric::new(1);
/// metric.update(&EmbeddingInput::new(embeddings, labels), &metadata)?;
/// // The third is nearest to the second, and the second to the third, of another label.
/// assert_eq!(metric.value().unwrap().current(), 50.0);
/// # Ok::<(), burn::tensor::TensorReadError>(())
/// ```
pub type RecallAtKMetric = EmbeddingMetric<RecallAtK>;

impl EmbeddingMetric<RecallAtK> {
    /// Makes the metric of the `k` nearest, or of all if there are fewer.
    ///
    /// # Panics
    /// If `k` is 0.
    #[track_caller]
    pub fn new(k: usize) -> Self {
        check_k(RecallAtK::METRIC, k);
        Self::of(RecallAtK { k })
    }
}

impl MetricScore for RecallAtK {
    const METRIC: &'static str = "RecallAtKMetric";

    fn name(&self) -> String {
        format!("Recall@{}", self.k)
    }
}

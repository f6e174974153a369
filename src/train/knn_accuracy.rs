//! Accuracy of a classifier by nearest neighbours.

use super::metric::{EmbeddingMetric, MetricScore};
use crate::retrieval::{KnnAccuracy, check_k};

/// The accuracy of a classifier by k nearest neighbours: the share of queries whose label is the most frequent among
/// their k nearest.
///
/// Each neighbour has one vote. The label with the nearest neighbour wins a tie. All queries count; a query whose
/// label no candidate has is wrong. [`EmbeddingMetric`] describes candidates and distances.
///
/// Source: T. Cover and P. Hart, *Nearest Neighbor Pattern Classification*, 1967; as a measure of
/// embeddings, Z. Wu et al., *Unsupervised Feature Learning via Non-Parametric Instance
/// Discrimination*, 2018, whose votes are weighted.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn::train::metric::{Metric, Numeric};
/// use burn_losses::train::{EmbeddingInput, KnnAccuracyMetric};
/// # use burn::{data::dataloader::Progress, train::metric::MetricMetadata};
/// # let progress = Progress::new(1, 1, None);
/// # let metadata = MetricMetadata { progress, iteration: None, lr: None };
///
/// let device = Device::flex();
/// let gallery = Tensor::<2>::from_floats([[1.0, 0.0], [1.0, 0.2], [1.0, 0.3], [0.0, 1.0]], &device);
/// let labels = Tensor::<1, Int>::from_ints([8, 7, 7, 8], &device);
/// let mut metric = KnnAccuracyMetric::new(3).with_gallery(gallery, labels);
///
/// let queries = Tensor::<2>::from_floats([[5.0, 0.0], [0.0, 5.0]], &device);
/// let labels = Tensor::<1, Int>::from_ints([7, 8], &device);
/// metric.update(&EmbeddingInput::new(queries, labels), &metadata)?;
/// // Two of the three nearest have label 7, for both queries.
/// assert_eq!(metric.value().unwrap().current(), 50.0);
/// # Ok::<(), burn::tensor::TensorReadError>(())
/// ```
pub type KnnAccuracyMetric = EmbeddingMetric<KnnAccuracy>;

impl EmbeddingMetric<KnnAccuracy> {
    /// Makes the metric of the `k` nearest, or of all if there are fewer.
    ///
    /// # Panics
    /// If `k` is 0.
    #[track_caller]
    pub fn new(k: usize) -> Self {
        check_k(KnnAccuracy::METRIC, k);
        Self::of(KnnAccuracy { k })
    }
}

impl MetricScore for KnnAccuracy {
    const METRIC: &'static str = "KnnAccuracyMetric";

    fn name(&self) -> String {
        format!("kNN Accuracy@{}", self.k)
    }
}

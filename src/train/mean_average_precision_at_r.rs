//! MAP@R.

use super::metric::{EmbeddingMetric, MetricScore};
use crate::retrieval::MeanAveragePrecisionAtR;

/// Mean average precision at R: whether the R nearest candidates of a query have its label, and how early these come.
///
/// ```text
/// MAP@R = (1 / Q) sum_q (1 / R_q) sum_(i = 1..R_q) P(i)
/// P(i)  = share of the label of q among the i nearest, if the i-th nearest has that label; 0 if not
/// ```
/// with R_q candidates of the label of q, over the Q queries with at least one; other queries are ignored.
/// [`EmbeddingMetric`] describes candidates and distances.
///
/// Source: K. Musgrave et al., *A Metric Learning Reality Check*, 2020.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn::train::metric::{Metric, Numeric};
/// use burn_losses::train::{EmbeddingInput, MeanAveragePrecisionAtRMetric};
/// # use burn::{data::dataloader::Progress, train::metric::MetricMetadata};
/// # let progress = Progress::new(1, 1, None);
/// # let metadata = MetricMetadata { progress, iteration: None, lr: None };
///
/// let device = Device::flex();
/// let gallery = Tensor::<2>::from_floats([[0.0], [1.0], [2.0], [3.0]], &device);
/// let labels = Tensor::<1, Int>::from_ints([7, 8, 7, 7], &device);
/// let metric = MeanAveragePrecisionAtRMetric::new().with_normalize(false);
/// let mut metric = metric.with_gallery(gallery, labels);
///
/// let query = Tensor::<2>::from_floats([[0.1]], &device);
/// let label = Tensor::<1, Int>::from_ints([7], &device);
/// metric.update(&EmbeddingInput::new(query, label), &metadata)?;
/// // Found: 7, 8, 7. So (1/1 + 0 + 2/3) / 3.
/// assert!((metric.value().unwrap().current() - 100.0 * 5.0 / 9.0).abs() < 1e-12);
/// # Ok::<(), burn::tensor::TensorReadError>(())
/// ```
pub type MeanAveragePrecisionAtRMetric = EmbeddingMetric<MeanAveragePrecisionAtR>;

impl EmbeddingMetric<MeanAveragePrecisionAtR> {
    /// Makes the metric. It has no parameter: R is counted.
    pub fn new() -> Self {
        Self::of(MeanAveragePrecisionAtR)
    }
}

impl Default for EmbeddingMetric<MeanAveragePrecisionAtR> {
    fn default() -> Self {
        Self::new()
    }
}

impl MetricScore for MeanAveragePrecisionAtR {
    const METRIC: &'static str = "MeanAveragePrecisionAtRMetric";

    fn name(&self) -> String {
        "MAP@R".to_string()
    }
}

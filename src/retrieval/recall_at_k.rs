//! Recall@k.

use super::{
    lookup::Retrieval,
    score::{Query, Score, check_k},
};
use burn::tensor::{Int, Tensor};

/// Recall@k of embeddings among themselves, by cosines: the share of embeddings with at least one of their label among
/// the k nearest others.
///
/// ```text
/// Recall@k = (1 / Q) sum_q [one of the k nearest to q has the label of q]
/// ```
/// over the Q embeddings that share their label with another; others are ignored. Returns `None` if there are none.
/// [`Retrieval`] describes distances, and looks embeddings up in a gallery or by Euclidean distances.
///
/// Source: H. Jégou et al., *Product Quantization for Nearest Neighbor Search*, 2011; for labels, H. Oh
/// Song et al., *Deep Metric Learning via Lifted Structured Feature Embedding*, 2016.
///
/// # Shapes
/// - embeddings: `[N, D]`
/// - labels: `[N]`, any numbers
///
/// # Panics
/// If shapes do not fit, `k` is 0, or one of the tensors cannot be read.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::recall_at_k;
///
/// let device = Device::flex();
/// let embeddings =
///     Tensor::<2>::from_floats([[9.0, 0.0], [1.0, 0.1], [1.0, 0.2], [0.0, 1.0]], &device);
/// let labels = Tensor::<1, Int>::from_ints([7, 7, 8, 8], &device);
/// // The third is nearest to the second, and the second to the third, of another label.
/// assert_eq!(recall_at_k(embeddings, labels, 1), Some(0.5));
/// ```
#[track_caller]
pub fn recall_at_k(embeddings: Tensor<2>, labels: Tensor<1, Int>, k: usize) -> Option<f64> {
    const NAME: &str = "recall_at_k";
    check_k(NAME, k);
    Retrieval::named(NAME, embeddings, labels).mean(&RecallAtK { k })
}

/// The score of Recall@k.
#[derive(Clone, Copy, Debug)]
pub struct RecallAtK {
    pub(crate) k: usize,
}

impl Score for RecallAtK {
    fn depth(&self, matches: usize) -> Option<usize> {
        (matches > 0).then_some(self.k)
    }

    fn score(&self, query: &Query<'_>) -> f64 {
        f64::from(query.nearest.contains(&query.label))
    }
}

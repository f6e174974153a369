//! Embeddings that are looked up among others, and the scores of that.

use super::{
    knn_accuracy::KnnAccuracy,
    mean_average_precision_at_r::MeanAveragePrecisionAtR,
    points::Points,
    ranking::Ranking,
    recall_at_k::RecallAtK,
    score::{Score, check_k, scores},
};
use burn::tensor::{Int, Tensor};

/// Embeddings that are looked up by their nearest neighbours, and how well that finds those of the same label.
///
/// [`recall_at_k`](crate::recall_at_k), [`mean_average_precision_at_r`](crate::mean_average_precision_at_r) and
/// [`knn_accuracy`](crate::knn_accuracy) are the same for embeddings among themselves, by cosines. The metrics for
/// burn-train (feature `train`) compute the same values batch by batch.
///
/// - **Candidates.** Each embedding is a query, looked up among the others, or in a gallery
///   ([`with_gallery`](Self::with_gallery)).
/// - **Distance.** Cosine, or Euclidean ([`with_normalize`](Self::with_normalize)), in `f64` from embeddings read as
///   `f32`. The candidate of lower index comes first at equal distance; embeddings that differ only by a factor have
///   the same cosines up to rounding. Results do not depend on the number of threads.
/// - **NaN and infinity.** An embedding that holds one is never found. As a query it finds nothing: its score is 0.
/// - **Cost.** Embeddings are read back once. The distances take `queries x candidates x D` steps on the host, on all
///   threads; memory holds the embeddings and the distances of one query for each thread.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::Retrieval;
///
/// let device = Device::flex();
/// let queries = Tensor::<2>::from_floats([[0.1], [2.9]], &device);
/// let labels = Tensor::<1, Int>::from_ints([7, 8], &device);
/// let gallery = Tensor::<2>::from_floats([[0.0], [1.0], [3.0]], &device);
/// let of_gallery = Tensor::<1, Int>::from_ints([7, 8, 7], &device);
///
/// let retrieval = Retrieval::new(queries, labels).with_gallery(gallery, of_gallery).with_normalize(false);
/// assert_eq!(retrieval.recall_at_k(1), Some(0.5));
/// assert_eq!(retrieval.recall_at_k(2), Some(1.0));
/// ```
#[derive(Clone, Debug)]
pub struct Retrieval {
    queries: Points,
    gallery: Option<Points>,
    normalize: bool,
}

const NAME: &str = "Retrieval";

impl Retrieval {
    /// Looks embeddings up among one another. They are read back here.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, any numbers
    ///
    /// # Panics
    /// If shapes do not fit, or one of the tensors cannot be read.
    #[track_caller]
    pub fn new(embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Self {
        Self::named(NAME, embeddings, labels)
    }

    /// The same, for messages of another name.
    #[track_caller]
    pub(super) fn named(name: &str, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Self {
        Self {
            queries: Points::of(name, "embeddings", &embeddings, &labels),
            gallery: None,
            normalize: true,
        }
    }

    /// Looks the embeddings up in these instead of one another. An embedding that is in both finds itself.
    ///
    /// # Shapes
    /// - embeddings: `[G, D]`, at least one
    /// - labels: `[G]`, any numbers
    ///
    /// # Panics
    /// If shapes do not fit, there is no embedding, or one of the tensors cannot be read.
    #[track_caller]
    pub fn with_gallery(self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Self {
        let gallery = Points::of_gallery(NAME, &embeddings, &labels);
        gallery.check_goes_with(NAME, &self.queries);
        Self {
            gallery: Some(gallery),
            ..self
        }
    }

    /// Sets whether embeddings are divided by their norm first: the order is then that of cosines, otherwise that of
    /// Euclidean distances. Default: true. An embedding of zeros stays zero.
    pub fn with_normalize(self, normalize: bool) -> Self {
        Self { normalize, ..self }
    }

    /// Returns Recall@k, from 0 to 1; `None` if no query has a candidate of its label. See
    /// [`recall_at_k`](crate::recall_at_k).
    ///
    /// # Panics
    /// If `k` is 0.
    #[track_caller]
    pub fn recall_at_k(&self, k: usize) -> Option<f64> {
        check_k(NAME, k);
        self.mean(&RecallAtK { k })
    }

    /// Returns MAP@R, from 0 to 1; `None` if no query has a candidate of its label. See
    /// [`mean_average_precision_at_r`](crate::mean_average_precision_at_r).
    pub fn mean_average_precision_at_r(&self) -> Option<f64> {
        self.mean(&MeanAveragePrecisionAtR)
    }

    /// Returns the accuracy by k nearest neighbours, from 0 to 1; `None` if there is no query or no candidate. See
    /// [`knn_accuracy`](crate::knn_accuracy).
    ///
    /// # Panics
    /// If `k` is 0.
    #[track_caller]
    pub fn knn_accuracy(&self, k: usize) -> Option<f64> {
        check_k(NAME, k);
        self.mean(&KnnAccuracy { k })
    }

    /// The mean over the queries that count.
    pub(super) fn mean<S: Score>(&self, score: &S) -> Option<f64> {
        let ranking = Ranking {
            queries: &self.queries,
            gallery: self.gallery.as_ref(),
            normalize: self.normalize,
        };
        let scores = scores(&ranking, score);
        let count = scores.len();
        (count > 0).then(|| scores.iter().sum::<f64>() / count as f64)
    }
}

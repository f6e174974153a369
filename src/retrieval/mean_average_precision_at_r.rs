//! MAP@R.

use super::{
    lookup::Retrieval,
    score::{Query, Score},
};
use burn::tensor::{Int, Tensor};

/// Mean average precision at R of embeddings among themselves, by cosines: whether the R nearest others of an embedding
/// have its label, and how early these come.
///
/// ```text
/// MAP@R = (1 / Q) sum_q (1 / R_q) sum_(i = 1..R_q) P(i)
/// P(i)  = share of the label of q among the i nearest, if the i-th nearest has that label; 0 if not
/// ```
/// with R_q others of the label of q, over the Q embeddings with at least one; others are ignored. Returns `None` if
/// there are none. [`Retrieval`] describes distances, and looks embeddings up in a gallery or by Euclidean distances.
///
/// Source: K. Musgrave et al., *A Metric Learning Reality Check*, 2020.
///
/// # Shapes
/// - embeddings: `[N, D]`
/// - labels: `[N]`, any numbers
///
/// # Panics
/// If shapes do not fit, or one of the tensors cannot be read.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::mean_average_precision_at_r;
///
/// let device = Device::flex();
/// let embeddings =
///     Tensor::<2>::from_floats([[1.0, 0.0], [1.0, 0.1], [1.0, 0.2], [1.0, 0.4]], &device);
/// let labels = Tensor::<1, Int>::from_ints([7, 7, 8, 7], &device);
/// // Found: 7, 8 by the first; 8, 7 by the second and by the last.
/// let value = mean_average_precision_at_r(embeddings, labels).unwrap();
/// assert!((value - (0.5 + 0.25 + 0.25) / 3.0).abs() < 1e-12);
/// ```
#[track_caller]
pub fn mean_average_precision_at_r(embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Option<f64> {
    let retrieval = Retrieval::named("mean_average_precision_at_r", embeddings, labels);
    retrieval.mean(&MeanAveragePrecisionAtR)
}

/// The score of MAP@R.
#[derive(Clone, Copy, Debug)]
pub struct MeanAveragePrecisionAtR;

impl Score for MeanAveragePrecisionAtR {
    fn depth(&self, matches: usize) -> Option<usize> {
        (matches > 0).then_some(matches)
    }

    fn score(&self, query: &Query<'_>) -> f64 {
        let mut hits = 0;
        let mut sum = 0.0;
        for (index, &label) in query.nearest.iter().enumerate() {
            if label == query.label {
                hits += 1;
                sum += f64::from(hits) / (index + 1) as f64;
            }
        }
        sum / query.matches as f64
    }
}

//! Accuracy of a classifier by nearest neighbours.

use super::{
    lookup::Retrieval,
    score::{Query, Score, check_k},
};
use burn::tensor::{Int, Tensor};
use std::{cmp::Reverse, collections::HashMap};

/// The accuracy of a classifier by k nearest neighbours, of embeddings among themselves, by cosines: the share of
/// embeddings whose label is the most frequent among the k nearest others.
///
/// Each neighbour has one vote. The label with the nearest neighbour wins a tie. All embeddings count; one whose label
/// no other has is wrong. Returns `None` if there are fewer than two. [`Retrieval`] describes distances, and looks
/// embeddings up in a gallery, such as the training set, or by Euclidean distances.
///
/// Source: T. Cover and P. Hart, *Nearest Neighbor Pattern Classification*, 1967; as a measure of
/// embeddings, Z. Wu et al., *Unsupervised Feature Learning via Non-Parametric Instance
/// Discrimination*, 2018, whose votes are weighted.
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
/// use burn_losses::knn_accuracy;
///
/// let device = Device::flex();
/// let embeddings =
///     Tensor::<2>::from_floats([[1.0, 0.0], [1.0, 0.1], [1.0, 0.3], [0.0, 1.0]], &device);
/// let labels = Tensor::<1, Int>::from_ints([7, 7, 7, 8], &device);
/// // The last is alone among the 7s.
/// assert_eq!(knn_accuracy(embeddings, labels, 3), Some(0.75));
/// ```
#[track_caller]
pub fn knn_accuracy(embeddings: Tensor<2>, labels: Tensor<1, Int>, k: usize) -> Option<f64> {
    const NAME: &str = "knn_accuracy";
    check_k(NAME, k);
    Retrieval::named(NAME, embeddings, labels).mean(&KnnAccuracy { k })
}

/// The score of the accuracy by k nearest neighbours.
#[derive(Clone, Copy, Debug)]
pub struct KnnAccuracy {
    pub(crate) k: usize,
}

impl Score for KnnAccuracy {
    fn depth(&self, _matches: usize) -> Option<usize> {
        Some(self.k)
    }

    fn score(&self, query: &Query<'_>) -> f64 {
        f64::from(elected(query.nearest) == Some(query.label))
    }
}

/// The most frequent label; of several, that which comes first.
fn elected(labels: &[i64]) -> Option<i64> {
    // Votes and first position of each.
    let mut standings = HashMap::<i64, (usize, Reverse<usize>)>::new();
    for (position, &label) in labels.iter().enumerate() {
        standings.entry(label).or_insert((0, Reverse(position))).0 += 1;
    }
    let winner = standings.into_iter().max_by_key(|&(_, standing)| standing);
    winner.map(|(label, _)| label)
}

//! Which triplets are made of a batch.

use super::distance::Distance;
use crate::error::{Check, LossError};
use burn::serde::{Deserialize, Serialize};

/// Which triplets (an anchor, an embedding with its label, one with another label) are made of a batch.
///
/// In a configuration file it is `"batch_hard"`, `"batch_all"`, `"semi_hard"`, `"easy_positive"`,
/// `{"distance_weighted": {"cutoff": 0.5, "nonzero_loss_cutoff": 1.4, "seed": 0}}` or
/// `{"multi_similarity": {"epsilon": 0.1}}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum Mining {
    /// For each anchor its farthest positive and its nearest negative: A. Hermans et al., *In Defense of the
    /// Triplet Loss for Person Re-Identification*, 2017.
    #[default]
    BatchHard,
    /// All (ibid.).
    BatchAll,
    /// For each anchor and positive the nearest negative that is farther away than the positive; where
    /// there is none, the farthest negative, as in TensorFlow Addons. F. Schroff et al., *FaceNet: A Unified
    /// Embedding for Face Recognition and Clustering*, 2015.
    SemiHard,
    /// For each anchor its nearest positive and its nearest negative: H. Xuan et al., *Improved Embeddings
    /// with Easy Positive Triplet Mining*, 2020.
    EasyPositive,
    /// For each anchor and positive a negative drawn so that all distances are as likely: C.-Y. Wu et al.,
    /// *Sampling Matters in Deep Embedding Learning*, 2017. It takes embeddings of norm 1 and is drawn from
    /// the seed, the anchor and the positive: the same batch gives the same triplets.
    DistanceWeighted {
        /// Distances below count as this, above 0. In the paper and in pytorch-metric-learning 0.5.
        cutoff: f64,
        /// Negatives from this Euclidean distance on are not drawn. In the paper and in
        /// pytorch-metric-learning 1.4.
        nonzero_loss_cutoff: f64,
        /// What the draws begin with.
        seed: u64,
    },
    /// All triplets of pairs that are hard: positives farther away than the nearest negative less epsilon,
    /// negatives nearer than the farthest positive plus epsilon. X. Wang et al., *Multi-Similarity Loss with
    /// General Pair Weighting for Deep Metric Learning*, 2019.
    MultiSimilarity {
        /// At least 0. In the paper and in pytorch-metric-learning 0.1.
        epsilon: f64,
    },
}

impl Mining {
    /// Draws with the numbers of the paper.
    pub fn distance_weighted(seed: u64) -> Self {
        Self::DistanceWeighted {
            cutoff: 0.5,
            nonzero_loss_cutoff: 1.4,
            seed,
        }
    }

    /// Hard pairs with the epsilon of the paper.
    pub fn multi_similarity() -> Self {
        Self::MultiSimilarity { epsilon: 0.1 }
    }

    pub(super) fn check(
        &self,
        check: Check,
        distance: Distance,
        normalize: bool,
    ) -> Result<(), LossError> {
        match *self {
            Mining::DistanceWeighted {
                cutoff,
                nonzero_loss_cutoff,
                ..
            } => {
                let ok = cutoff > 0.0 && nonzero_loss_cutoff > 0.0 && cutoff < 2.0;
                check.that(
                    ok && nonzero_loss_cutoff.is_finite(),
                    "mining",
                    self,
                    "a cutoff above 0 and below 2 and a nonzero_loss_cutoff above 0",
                )?;
                let on_sphere = matches!(
                    distance,
                    Distance::Euclidean | Distance::SquaredEuclidean | Distance::Cosine
                );
                check.that(
                    on_sphere && distance.normalizes(normalize),
                    "mining",
                    self,
                    "embeddings of norm 1 (normalize) at a Euclidean, squared Euclidean or cosine \
                     distance; the density of distances is known for these",
                )
            }
            Mining::MultiSimilarity { epsilon } => {
                let ok = epsilon >= 0.0 && epsilon.is_finite();
                check.that(ok, "mining", self, "a finite epsilon of at least 0")
            }
            _ => Ok(()),
        }
    }
}

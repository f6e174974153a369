//! Which triplets are made of a batch.

use super::distance::Distance;
use crate::{
    config::{FromValue, Name, Variant, Wrong, as_written, by_itself},
    error::{Check, LossError},
};
use burn::serde::{Deserialize, Deserializer, Serialize};
use core::fmt;
use serde_json::Value;

/// The choice of triplets (an anchor, a positive with the same label, a negative with another label) from a batch.
///
/// It is `"batch_hard"`, `"batch_all"`, `"semi_hard"`, `"easy_positive"`,
/// `{"distance_weighted": {"cutoff": 0.5, "nonzero_loss_cutoff": 1.4, "seed": 0}}` or
/// `{"multi_similarity": {"epsilon": 0.1}}` in a configuration file. Numbers that are left out there are those of the
/// papers, and the seed is 0; the name alone, `"distance_weighted"`, leaves out all of them. `Display` is what a file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum Mining {
    /// The farthest positive and the nearest negative of each anchor: A. Hermans et al., *In Defense of the Triplet
    /// Loss for Person Re-Identification*, 2017.
    #[default]
    BatchHard,
    /// All triplets (ibid.).
    BatchAll,
    /// The nearest negative that is farther away than the positive, for each anchor and positive; if there is none,
    /// the farthest negative, as in TensorFlow Addons. F. Schroff et al., *FaceNet: A Unified Embedding for Face
    /// Recognition and Clustering*, 2015.
    SemiHard,
    /// The nearest positive and the nearest negative of each anchor: H. Xuan et al., *Improved Embeddings with Easy
    /// Positive Triplet Mining*, 2020.
    EasyPositive,
    /// A negative for each anchor and positive, drawn so that all distances are equally likely: C.-Y. Wu et al.,
    /// *Sampling Matters in Deep Embedding Learning*, 2017. Embeddings must have norm 1. The draw depends on the seed,
    /// the anchor and the positive: the same batch gives the same triplets.
    DistanceWeighted {
        /// The lower bound of distances, above 0: smaller distances count as this. The paper and
        /// pytorch-metric-learning use 0.5.
        cutoff: f64,
        /// The Euclidean distance from which negatives are not drawn. The paper and pytorch-metric-learning use 1.4.
        nonzero_loss_cutoff: f64,
        /// The seed of the draws.
        seed: u64,
    },
    /// All triplets of hard pairs: positives farther away than the nearest negative minus epsilon, negatives nearer
    /// than the farthest positive plus epsilon. X. Wang et al., *Multi-Similarity Loss with General Pair Weighting for
    /// Deep Metric Learning*, 2019.
    MultiSimilarity {
        /// The tolerance, at least 0. The paper and pytorch-metric-learning use 0.1.
        epsilon: f64,
    },
}

/// The numbers of the papers.
mod paper {
    pub fn cutoff() -> f64 {
        0.5
    }

    pub fn nonzero_loss_cutoff() -> f64 {
        1.4
    }

    pub fn epsilon() -> f64 {
        0.1
    }
}

impl Mining {
    const VARIANTS: &'static [Variant<Self>] = &[
        Variant::plain("batch_hard", |_| Ok(Self::BatchHard)),
        Variant::plain("batch_all", |_| Ok(Self::BatchAll)),
        Variant::plain("semi_hard", |_| Ok(Self::SemiHard)),
        Variant::plain("easy_positive", |_| Ok(Self::EasyPositive)),
        Variant {
            name: "distance_weighted",
            fields: &[
                Name("cutoff", &[]),
                Name("nonzero_loss_cutoff", &[]),
                Name("seed", &[]),
            ],
            read: |fields| {
                Ok(Self::DistanceWeighted {
                    cutoff: fields.or("cutoff", paper::cutoff)?,
                    nonzero_loss_cutoff: fields
                        .or("nonzero_loss_cutoff", paper::nonzero_loss_cutoff)?,
                    seed: fields.or("seed", || 0)?,
                })
            },
        },
        Variant {
            name: "multi_similarity",
            fields: &[Name("epsilon", &[])],
            read: |fields| {
                let epsilon = fields.or("epsilon", paper::epsilon)?;
                Ok(Self::MultiSimilarity { epsilon })
            },
        },
    ];

    /// Distance-weighted mining with the cutoffs of the paper.
    pub fn distance_weighted(seed: u64) -> Self {
        Self::DistanceWeighted {
            cutoff: paper::cutoff(),
            nonzero_loss_cutoff: paper::nonzero_loss_cutoff(),
            seed,
        }
    }

    /// Multi-similarity mining with the epsilon of the paper.
    pub fn multi_similarity() -> Self {
        Self::MultiSimilarity {
            epsilon: paper::epsilon(),
        }
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

impl FromValue for Mining {
    fn expected() -> [String; 2] {
        Variant::names(Self::VARIANTS)
    }

    fn from_value(value: &Value) -> Result<Self, Wrong> {
        Variant::chosen(value, Self::VARIANTS)
    }
}

impl<'de> Deserialize<'de> for Mining {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_itself(deserializer)
    }
}

impl fmt::Display for Mining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&as_written(self))
    }
}

//! How well embeddings of a label are found among others.
//!
//! The scores and the search for neighbours, for plain functions and for the metrics of `train`.

mod knn_accuracy;
mod lookup;
mod mean_average_precision_at_r;
mod points;
mod ranking;
mod recall_at_k;
mod score;

pub use knn_accuracy::knn_accuracy;
pub use lookup::Retrieval;
pub use mean_average_precision_at_r::mean_average_precision_at_r;
pub use recall_at_k::recall_at_k;

#[cfg(feature = "train")]
pub(crate) use {
    knn_accuracy::KnnAccuracy,
    mean_average_precision_at_r::MeanAveragePrecisionAtR,
    points::Points,
    ranking::Ranking,
    recall_at_k::RecallAtK,
    score::{Score, check_k, scores},
};

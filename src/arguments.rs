//! What losses of embeddings were given: the first parameter of
//! [`EmbeddingEvaluation`](crate::EmbeddingEvaluation).

pub use crate::{
    contrastive::info_nce::QueriesAndKeys,
    embeddings::{Complete, Labelled},
    metric::triplet::Mined,
};

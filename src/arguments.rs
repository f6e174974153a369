//! The kinds of arguments of losses of embeddings: the first parameter of
//! [`EmbeddingEvaluation`](crate::EmbeddingEvaluation).

pub use crate::{
    contrastive::info_nce::QueriesAndKeys,
    embeddings::{Complete, Labelled},
    metric::triplet::Mined,
};

//! The kinds of arguments of losses with a number for each sample: the first parameter of
//! [`SampleEvaluation`](crate::SampleEvaluation).

pub use crate::{
    contrastive::info_nce::QueriesAndKeys, embeddings::Labelled, metric::triplet::Mined,
    ranking::lists::Lists, samples::Complete, segmentation::Masks,
};

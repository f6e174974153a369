//! What all losses of embeddings have in common: how embeddings are made ready, the terms of all pairs, and labels.

mod labelled;
mod learned;
mod memory;
mod pair_loss;
mod ready;
mod running_labels;
mod samples;
mod shared;
mod temperature;
mod terms;

pub use labelled::Labelled;
pub use pair_loss::PairLoss;
pub use temperature::Temperature;

pub(crate) use crate::backend::widened;
pub(crate) use crate::samples::{
    Batch, ClassLabels, Complete, Costs, Divisor, Numbers, SampleEvaluation, SampleLosses,
    without_weightless,
};
pub(crate) use learned::warn_unless_it_learns;
pub(crate) use memory::{beside, held, pushed, replace, to_go_with};
pub(crate) use ready::ready;
pub(crate) use running_labels::RunningLabels;
pub(crate) use samples::{Samples, comparable, of_one_type, unlabelled, without_unlabelled};
pub(crate) use shared::Shared;
pub(crate) use terms::{Terms, labels_from, labels_of};

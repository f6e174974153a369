//! What all losses of embeddings have in common: how embeddings are made ready, the terms of all pairs, what
//! becomes of the losses of samples, and the evaluation that holds all arguments.

mod class_labels;
mod evaluation;
mod labelled;
mod learned;
mod losses;
mod memory;
mod pair_loss;
mod ready;
mod running_labels;
mod samples;
mod shared;
mod temperature;
mod terms;

pub use evaluation::{Complete, EmbeddingEvaluation};
pub use labelled::Labelled;
pub use pair_loss::PairLoss;
pub use temperature::Temperature;

pub(crate) use crate::backend::widened;
pub(crate) use class_labels::ClassLabels;
pub(crate) use evaluation::Batch;
pub(crate) use learned::warn_unless_it_learns;
pub(crate) use losses::{Costs, Divisor, Numbers, SampleLosses, without_weightless};
pub(crate) use memory::{beside, held, pushed, replace, to_go_with};
pub(crate) use ready::ready;
pub(crate) use running_labels::RunningLabels;
pub(crate) use samples::{Samples, comparable, of_one_type, unlabelled, without_unlabelled};
pub(crate) use shared::Shared;
pub(crate) use terms::{Terms, labels_from, labels_of};

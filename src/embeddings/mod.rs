//! What all losses of embeddings have in common: how embeddings are made ready, the terms of all pairs,
//! and what becomes of the losses of rows.

mod memory;
mod ready;
mod rows;
mod samples;
mod terms;

pub(crate) use memory::{constant, held, pushed};
pub(crate) use ready::{ready, widened};
pub(crate) use rows::{RowLosses, rows_loss, softplus, softplus_of_some, without_weightless};
pub(crate) use samples::{Samples, labelled_loss, of_one_type};
pub(crate) use terms::{Terms, labels_from};

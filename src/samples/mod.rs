//! What losses with a number for each sample have in common, whatever a sample is: the evaluation that holds all
//! arguments, weights, and what becomes of the losses of samples.

mod class_labels;
mod evaluation;
mod losses;

pub use evaluation::{Complete, Given, SampleEvaluation};

pub(crate) use class_labels::ClassLabels;
pub(crate) use evaluation::Batch;
pub(crate) use losses::{Costs, Divisor, Numbers, SampleLosses, without_weightless};

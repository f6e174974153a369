//! Losses of one class among several, from the softmax of logits: the generic loss, and the evaluation that
//! all of them end in.

mod definition;
mod evaluation;
mod frame;
mod loss;
mod samples;
mod shape;

pub use evaluation::ClassEvaluation;
pub(crate) use frame::Frame;
pub use loss::{AnyClassFormula, ClassLoss};
pub(crate) use samples::{Distilled, Layer, Logits, Parts, Samples};
pub(crate) use shape::{flat, no_classes, nothing_tracked, rows_of};

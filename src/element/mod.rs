//! Losses of one prediction against one target, element by element.

mod definition;
mod evaluation;
mod loss;

pub(crate) use definition::{ClassParameters, Definition};
pub use evaluation::ElementEvaluation;
pub use loss::{AnyElementFormula, ElementLoss};

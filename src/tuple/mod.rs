//! Losses of samples of a few numbers each: boxes, the parameters of a distribution, two scores.

mod definition;
mod evaluation;
mod joint;
mod loss;

pub(crate) use definition::Definition;
pub use evaluation::TupleEvaluation;
pub use joint::JointLoss;
pub use loss::TupleLoss;

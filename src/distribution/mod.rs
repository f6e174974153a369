//! Losses between distributions.

mod distillation;
mod jensen_shannon;
mod kl_div;

pub use distillation::{DistillationLoss, DistillationLossConfig};
pub use jensen_shannon::{JensenShannonLoss, JensenShannonLossConfig};
pub use kl_div::{KlDivLoss, KlDivLossConfig};

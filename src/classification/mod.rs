//! Losses of class predictions.

mod binary_cross_entropy;
mod sigmoid_focal;

pub use binary_cross_entropy::{BinaryCrossEntropyLoss, BinaryCrossEntropyLossConfig};
pub use sigmoid_focal::{SigmoidFocalLoss, SigmoidFocalLossConfig};

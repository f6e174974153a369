//! Losses of detectors.

mod distribution_focal;
mod gaussian_focal;
mod iou;
mod quality_focal;
mod varifocal;

pub use crate::formula::{BoxFormat, IouKind};
pub use distribution_focal::{DistributionFocalLoss, DistributionFocalLossConfig};
pub use gaussian_focal::{GaussianFocalLoss, GaussianFocalLossConfig};
pub use iou::{IouLoss, IouLossConfig};
pub use quality_focal::{QualityFocalLoss, QualityFocalLossConfig};
pub use varifocal::{VarifocalLoss, VarifocalLossConfig};

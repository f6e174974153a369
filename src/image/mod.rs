//! Losses of images `[N, C, H, W]`, with a loss for each image.

mod focal_frequency;
mod formula;
mod gradient_difference;
mod halved;
mod loss;
mod ms_ssim;
mod neighbours;
mod psnr;
mod ssim;
mod total_variation;

pub use focal_frequency::{FocalFrequencyLoss, FocalFrequencyLossConfig};
pub use gradient_difference::{
    GradientDifferenceForm, GradientDifferenceLoss, GradientDifferenceLossConfig,
};
pub use loss::ImageLoss;
pub use ms_ssim::{MsSsimLoss, MsSsimLossConfig};
pub use neighbours::DifferenceScale;
pub use psnr::{PsnrLoss, PsnrLossConfig};
pub use ssim::{SsimForm, SsimLoss, SsimLossConfig, SsimPadding, SsimWindow};
pub use total_variation::{TotalVariationLoss, TotalVariationLossConfig, TotalVariationNorm};

//! The losses that are compared.

use burn::{
    module::Module,
    tensor::{Int, Tensor},
};
use burn_losses::{
    CombinedLoss, CombinedLossConfig, CrossEntropyLoss, CrossEntropyLossConfig, FocalTverskyLoss,
    FocalTverskyLossConfig,
};
use clap::ValueEnum;
use serde::Serialize;

/// A loss by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// Cross entropy of all pixels
    CrossEntropy,
    /// Dice loss and cross entropy, in one pass over the logits
    DiceCe,
    /// Focal Tversky loss: missed pixels cost more than false alarms
    FocalTversky,
}

impl Objective {
    pub fn name(self) -> &'static str {
        match self {
            Self::CrossEntropy => "cross entropy",
            Self::DiceCe => "Dice + cross entropy",
            Self::FocalTversky => "focal Tversky",
        }
    }

    pub fn loss(self) -> PixelLoss {
        match self {
            Self::CrossEntropy => PixelLoss::CrossEntropy(CrossEntropyLossConfig::new().init()),
            // Over the batch: most classes are not in most scenes.
            Self::DiceCe => PixelLoss::DiceCe(CombinedLossConfig::new().with_batch(true).init()),
            Self::FocalTversky => {
                PixelLoss::FocalTversky(FocalTverskyLossConfig::new().with_batch(true).init())
            }
        }
    }
}

/// Any of these losses, as part of a model.
#[derive(Module, Debug)]
pub enum PixelLoss {
    CrossEntropy(CrossEntropyLoss),
    DiceCe(CombinedLoss),
    FocalTversky(FocalTverskyLoss),
}

impl PixelLoss {
    /// For logits `[N, C, H, W]` and the class of each pixel, `[N, H, W]`.
    pub fn forward(&self, logits: Tensor<4>, classes: Tensor<3, Int>) -> Tensor<1> {
        match self {
            Self::CrossEntropy(loss) => loss.forward(logits, classes),
            Self::DiceCe(loss) => loss.forward(logits, classes),
            Self::FocalTversky(loss) => loss.forward(logits, classes),
        }
    }
}

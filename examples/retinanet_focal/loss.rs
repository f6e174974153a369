//! The losses of the detector: the one place where the two trainings differ.

use burn::tensor::Tensor;
use burn_losses::{
    BinaryCrossEntropyLoss, BinaryCrossEntropyLossConfig, Reduction, SigmoidFocalLoss,
    SigmoidFocalLossConfig, SmoothL1Loss, SmoothL1LossConfig,
};
use serde::Serialize;

use crate::{network::Predictions, targets::Targets};

/// Which loss classifies the anchors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LossKind {
    Focal,
    Bce,
}

impl LossKind {
    /// The name in tables and pictures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Focal => "focal loss",
            Self::Bce => "plain BCE",
        }
    }

    /// The colour in pictures: two that stay apart for the colour-blind.
    pub fn color(self) -> &'static str {
        match self {
            Self::Focal => "#0072b2",
            Self::Bce => "#d55e00",
        }
    }
}

enum ClassLoss {
    Focal(SigmoidFocalLoss),
    Bce(BinaryCrossEntropyLoss),
}

/// A classification loss and a box loss, both divided by the number of foreground anchors.
pub struct DetectionLoss {
    class: ClassLoss,
    offset: SmoothL1Loss,
}

impl DetectionLoss {
    pub fn new(kind: LossKind) -> Self {
        let class = match kind {
            LossKind::Focal => ClassLoss::Focal(SigmoidFocalLossConfig::new().init()),
            LossKind::Bce => ClassLoss::Bce(
                BinaryCrossEntropyLossConfig::new()
                    .with_reduction(Reduction::Sum)
                    .init(),
            ),
        };
        let offset = SmoothL1LossConfig::new()
            .with_beta(1.0 / 9.0)
            .with_reduction(Reduction::Sum)
            .init();
        Self { class, offset }
    }

    /// The classification loss over the elements of `weights` that are not 0, per foreground
    /// anchor. An ignored anchor has weight 0 and contributes nothing.
    pub fn class(
        &self,
        logits: Tensor<3>,
        classes: Tensor<3>,
        weights: Tensor<3>,
        foreground: usize,
    ) -> Tensor<1> {
        match &self.class {
            ClassLoss::Focal(loss) => loss
                .on(logits, classes)
                .weights(weights)
                .divided_by(foreground),
            ClassLoss::Bce(loss) => loss
                .on(logits, classes)
                .weights(weights)
                .divided_by(foreground),
        }
    }

    /// The classification and the box loss of a batch.
    pub fn forward(&self, predictions: Predictions, targets: Targets) -> (Tensor<1>, Tensor<1>) {
        let foreground = targets.foreground();
        let class = self.class(
            predictions.logits,
            targets.classes,
            targets.class_weights,
            foreground,
        );
        let offset = self
            .offset
            .on(predictions.offsets, targets.offsets)
            .weights(targets.offset_weights)
            .divided_by(foreground);
        (class, offset)
    }
}

//! The losses of the detector: the one place where the two trainings differ.

use burn::tensor::Tensor;
use burn_losses::{
    BinaryCrossEntropyLoss, BinaryCrossEntropyLossConfig, BoxFormat, IouKind, IouLoss,
    IouLossConfig, Reduction, SigmoidFocalLoss, SigmoidFocalLossConfig, SmoothL1Loss,
    SmoothL1LossConfig,
};
use clap::ValueEnum;
use serde::Serialize;

use crate::{boxes::decoded, network::Predictions, targets::Targets};

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

/// Which loss teaches the boxes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum BoxLossKind {
    /// Smooth L1 of the offsets.
    #[default]
    #[value(name = "smooth_l1")]
    SmoothL1,
    /// The overlap, and how far apart the boxes are.
    Giou,
    /// The overlap, the distance of the centres and the shapes.
    Ciou,
}

impl BoxLossKind {
    /// The name of a row in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::SmoothL1 => "smooth L1",
            Self::Giou => "with GIoU",
            Self::Ciou => "with CIoU",
        }
    }
}

enum BoxLoss {
    SmoothL1(SmoothL1Loss),
    Overlap(IouLoss),
}

impl BoxLoss {
    fn new(kind: BoxLossKind) -> Self {
        let overlap = |kind| {
            let config = IouLossConfig::new().with_kind(kind);
            Self::Overlap(config.with_format(BoxFormat::Cxcywh).init())
        };
        match kind {
            BoxLossKind::SmoothL1 => {
                let config = SmoothL1LossConfig::new().with_beta(1.0 / 9.0);
                Self::SmoothL1(config.init())
            }
            BoxLossKind::Giou => overlap(IouKind::Giou),
            BoxLossKind::Ciou => overlap(IouKind::Ciou),
        }
    }

    /// The loss of the boxes of foreground anchors, divided by how many there are.
    fn forward(&self, offsets: Tensor<3>, targets: Targets, foreground: usize) -> Tensor<1> {
        match self {
            Self::SmoothL1(loss) => loss
                .on(offsets, targets.offsets)
                .weights(targets.offset_weights)
                .divided_by(foreground),
            Self::Overlap(loss) => {
                let [scenes, anchors, _] = offsets.dims();
                let weights = targets.offset_weights.narrow(2, 0, 1);
                let boxes = decoded(offsets, targets.sides.clone());
                loss.on(boxes, decoded(targets.offsets, targets.sides))
                    .weights(weights.reshape([scenes, anchors]))
                    .divided_by(foreground)
            }
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
    boxes: BoxLoss,
}

impl DetectionLoss {
    pub fn new(kind: LossKind, boxes: BoxLossKind) -> Self {
        let class = match kind {
            LossKind::Focal => ClassLoss::Focal(SigmoidFocalLossConfig::new().init()),
            LossKind::Bce => ClassLoss::Bce(
                BinaryCrossEntropyLossConfig::new()
                    .with_reduction(Reduction::Sum)
                    .init(),
            ),
        };
        let boxes = BoxLoss::new(boxes);
        Self { class, boxes }
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
            targets.classes.clone(),
            targets.class_weights.clone(),
            foreground,
        );
        let boxes = self.boxes.forward(predictions.offsets, targets, foreground);
        (class, boxes)
    }
}

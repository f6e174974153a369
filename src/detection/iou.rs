//! Losses of boxes by their overlap.

use crate::{
    config::{Named, config},
    error::{LossError, built},
    formula::{BoxFormat, BoxOverlap, IouKind},
    reduction::Reduction,
    tuple::{Definition, TupleLoss},
};

config! {
    /// Configuration of [`IouLoss`].
    pub struct IouLossConfig {
        /// What is added to the overlap. Default: nothing.
        pub kind: IouKind = IouKind::Iou,
        /// What the four numbers of a box are. Default: two corners, `x1, y1, x2, y2`.
        pub format: BoxFormat = BoxFormat::Xyxy,
        /// How the losses of all boxes become one number. Default: the mean. (torchvision: none.)
        pub reduction: Reduction = Reduction::Mean,
    }
}

impl Named for IouKind {
    const NAMES: &'static [(Self, &'static str)] = &[
        (IouKind::Iou, "iou"),
        (IouKind::Giou, "giou"),
        (IouKind::Diou, "diou"),
        (IouKind::Ciou, "ciou"),
        (IouKind::Eiou, "eiou"),
        (IouKind::Siou, "siou"),
    ];
}

impl Named for BoxFormat {
    const NAMES: &'static [(Self, &'static str)] =
        &[(BoxFormat::Xyxy, "xyxy"), (BoxFormat::Cxcywh, "cxcywh")];
}

/// The overlap of a predicted box with its target, by its intersection over union.
///
/// ```text
/// l = 1 - I/U + what the kind adds
///
/// iou    0
/// giou   (C - U) / C                                   C: the area of the smallest box around both
/// diou   rho² / c²                                     rho: the distance of the centres, c: the diagonal of that box
/// ciou   rho² / c² + a v                               v = 4/pi² (atan w_t/h_t - atan w/h)², a = v / (1 - I/U + v)
/// eiou   rho² / c² + (w - w_t)² / C_w² + (h - h_t)² / C_h²       C_w, C_h: the sides of that box
/// siou   (D + S) / 2                                   D = sum_x,y 1 - exp(-(2 - L) (d / C)²), d: the distance of the
///                                                      centres along an axis, L = 2 |dx dy| / (dx² + dy²)
///                                                      S = sum_w,h (1 - exp(-|w - w_t| / max(w, w_t)))⁴
/// ```
/// - The loss is computed from differences of coordinates, not of areas: that of two boxes that are nearly the same has all
///   its digits, and it depends on the shape of the boxes alone, not on their scale. Nothing is added to a divisor; torchvision
///   adds 1e-7 to `U` and `c²`, which boxes of normalised coordinates show.
/// - The loss and its gradient are 0 for two boxes that are the same, and finite for boxes with sides from 1e-18 to 1e18, or 0. A box that
///   ends before it starts (`x2 < x1`, `w < 0`) has no area, and no gradient to where it ends. Two boxes without area do not overlap, even
///   where they are the same point: `I/U` is 0 there, and a quotient whose divisor is 0 adds nothing.
/// - `a` of CIoU has no gradient, as in the paper and in torchvision; YOLO's copies and mmdet agree. The later journal version,
///   and mmdet, have `a` only where `I/U > 0.5`; the authors' first code multiplies the gradient of `v` by `w² + h²`. Neither is done here.
/// - SIoU is as in the paper. mmdet's default has the sign of `L` the other way round. mmdet's `EIoULoss` is another loss (Peng and
///   Yu, 2021). `-ln(I/U)` and `1 - (I/U)²`, which mmdet has, are left out.
///
/// Sources: J. Yu et al., *UnitBox*, 2016 (IoU); H. Rezatofighi et al., *Generalized Intersection over Union*, 2019; Z. Zheng et al.,
/// *Distance-IoU Loss*, 2020 (DIoU, CIoU); Y. Zhang et al., *Focal and Efficient IOU Loss*, 2021; Z. Gevorgyan, *SIoU Loss*, 2022.
///
/// Shapes: both boxes `[.., 4]`; a loss for each box. Panics if they differ.
///
/// Equivalent: `torchvision.ops.generalized_box_iou_loss(x, t, reduction="mean")`, `distance_box_iou_loss`,
/// `complete_box_iou_loss`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::{IouKind, IouLossConfig};
///
/// let device = Device::flex();
/// let loss = IouLossConfig::new().with_kind(IouKind::Giou).init();
/// let boxes = Tensor::<2>::from_floats([[0.0, 0.0, 2.0, 2.0]], &device);
/// let targets = Tensor::<2>::from_floats([[1.0, 1.0, 3.0, 3.0]], &device);
/// let value = loss.forward(boxes, targets).into_scalar::<f32>();
/// assert!((value - (1.0 - 1.0 / 7.0 + 2.0 / 9.0)).abs() < 1e-6);
/// ```
#[doc(alias = "generalized_box_iou_loss")]
#[doc(alias = "distance_box_iou_loss")]
#[doc(alias = "complete_box_iou_loss")]
#[doc(alias = "GIoU")]
#[doc(alias = "DIoU")]
#[doc(alias = "CIoU")]
#[doc(alias = "EIoU")]
#[doc(alias = "SIoU")]
pub type IouLoss = TupleLoss<BoxOverlap, 4, 4>;

impl IouLossConfig {
    /// Builds the loss.
    ///
    /// # Errors
    /// Never. The method exists because every loss has it.
    pub fn try_init(&self) -> Result<IouLoss, LossError> {
        let formula = BoxOverlap {
            kind: self.kind,
            format: self.format,
        };
        let definition = Definition::new("IouLoss", &formula)
            .shows("kind", format_args!("{}", self.kind.name()))
            .shows("format", format_args!("{}", self.format.name()));
        Ok(TupleLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> IouLoss {
        built(self.try_init())
    }
}

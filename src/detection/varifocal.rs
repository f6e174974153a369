//! Varifocal loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{Check, LossError, Numbers, built},
    formula::Varifocal,
    reduction::Reduction,
};

config! {
    /// Configuration of [`VarifocalLoss`].
    pub struct VarifocalLossConfig {
        /// The weight of negatives, 0 or above. Default: 0.75 (the paper).
        pub alpha: f64 = 0.75,
        /// The focusing parameter of negatives, 0 or above. Default: 2 (the paper).
        pub gamma: f64 = 2.0,
        /// Whether positives are weighted by their target. Default: true (the paper).
        pub iou_weighted: bool = true,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// Cross entropy of logits against the IoU of a detection's box, with focal weights for negatives alone: every positive counts, by
/// how good it is.
///
/// ```text
/// l = t CE(x, t)                     where t > 0          p = sigmoid(x)
///     alpha p^gamma CE(x, 0)         where t = 0
/// ```
/// with the binary cross entropy CE; without `iou_weighted` the first is `CE(x, t)`. The weights have a gradient.
///
/// Detectors divide by the sum of the targets: [`ElementEvaluation::divided_by`](crate::ElementEvaluation::divided_by).
///
/// In a debug build, on a CPU, targets outside `[0, 1]` are refused; a release build does not look.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/quality.svg"))]
///
/// Source: H. Zhang et al., *VarifocalNet: An IoU-aware Dense Object Detector*, 2021.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `mmdet`'s `VarifocalLoss(alpha=0.75, gamma=2.0)`; `ultralytics` keeps `p^gamma` constant, and takes
/// the mean over classes before it sums.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::VarifocalLossConfig;
///
/// let device = Device::flex();
/// let loss = VarifocalLossConfig::new().init();
/// let logits = Tensor::<2>::from_floats([[0.0, 0.0]], &device);
/// let quality = Tensor::<2>::from_floats([[0.5, 0.0]], &device);
/// let value = loss.on(logits, quality.clone()).divided_by(quality.sum()).into_scalar::<f32>();
/// assert!((value - (0.5 + 0.75 * 0.25) * 2f32.ln()).abs() < 1e-6);
/// ```
#[doc(alias = "VFL")]
pub type VarifocalLoss = ElementLoss<Varifocal>;

impl VarifocalLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `alpha` or `gamma` is negative or not finite.
    pub fn try_init(&self) -> Result<VarifocalLoss, LossError> {
        let check = Check("VarifocalLossConfig");
        check.at_least_zero("alpha", self.alpha)?;
        check.at_least_zero("gamma", self.gamma)?;
        let formula = Varifocal {
            alpha: self.alpha,
            gamma: self.gamma,
            iou_weighted: self.iou_weighted,
        };
        let definition = Definition::new("VarifocalLoss", &formula)
            .shows("alpha", self.alpha)
            .shows("gamma", self.gamma)
            .shows("iou_weighted", self.iou_weighted)
            .holding(Numbers::Any, Numbers::Probabilities(None));
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> VarifocalLoss {
        built(self.try_init())
    }
}

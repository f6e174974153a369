//! Quality focal loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{Check, LossError, Numbers, built},
    formula::QualityFocal,
    reduction::Reduction,
};

config! {
    /// Configuration of [`QualityFocalLoss`].
    pub struct QualityFocalLossConfig {
        /// The focusing parameter, 0 or above; 0 gives cross entropy. Default: 2 (the paper).
        pub beta: f64 = 2.0,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The focal loss of logits that predict how good a detection is, a number in `[0, 1]`: the IoU of its box at the class it has, 0
/// at the others.
///
/// ```text
/// l = |t - p|^beta CE(x, t)          p = sigmoid(x)
/// ```
/// with the binary cross entropy CE, which is not 0 at `p = t` for soft targets, while `l` is. The derivative is 0 there, for a
/// `beta` below 1 too. The loss is exact where the sigmoid is 0 or 1 in `f32`, on the wrong side as well.
///
/// Detectors sum over classes and divide by the number of foreground anchors (or the sum of their IoU):
/// [`ElementEvaluation::divided_by`](crate::ElementEvaluation::divided_by).
///
/// In a debug build, on a CPU, targets outside `[0, 1]` are refused; a release build does not look.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/quality.svg"))]
///
/// Source: X. Li et al., *Generalized Focal Loss: Learning Qualified and Distributed Bounding Boxes for Dense Object
/// Detection*, 2020.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `mmdet`'s `QualityFocalLoss(beta=2.0)`, which sums over classes and takes the mean over anchors.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::QualityFocalLossConfig;
///
/// let device = Device::flex();
/// let loss = QualityFocalLossConfig::new().init();
/// let logits = Tensor::<2>::from_floats([[0.0, 0.0]], &device);
/// let quality = Tensor::<2>::from_floats([[0.5, 0.0]], &device);
/// let value = loss.on(logits, quality).divided_by(1).into_scalar::<f32>();
/// assert!((value - 0.25 * 2f32.ln()).abs() < 1e-6);
/// ```
#[doc(alias = "QFL")]
pub type QualityFocalLoss = ElementLoss<QualityFocal>;

impl QualityFocalLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `beta` is negative or not finite.
    pub fn try_init(&self) -> Result<QualityFocalLoss, LossError> {
        Check("QualityFocalLossConfig").at_least_zero("beta", self.beta)?;
        let formula = QualityFocal { beta: self.beta };
        let definition = Definition::new("QualityFocalLoss", &formula)
            .shows("beta", self.beta)
            .holding(Numbers::Any, Numbers::Probabilities(None));
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> QualityFocalLoss {
        built(self.try_init())
    }
}

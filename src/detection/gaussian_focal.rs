//! Gaussian focal loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{Check, LossError, Numbers, built},
    formula::GaussianFocal,
    reduction::Reduction,
};

config! {
    /// Configuration of [`GaussianFocalLoss`].
    pub struct GaussianFocalLossConfig {
        /// The focusing parameter, 0 or above. Default: 2 (the paper).
        pub alpha: f64 = 2.0,
        /// How fast negatives fade towards the centre of an object, 0 or above. Default: 4 (the paper).
        pub gamma: f64 = 4.0,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The focal loss of heatmaps of CornerNet and CenterNet: the targets are 1 at the centres of objects and fall like a Gaussian
/// around them, where negatives count less.
///
/// ```text
/// l = -(1 - p)^alpha ln p                        where t = 1          p = sigmoid(x)
///     -(1 - t)^gamma p^alpha ln(1 - p)           elsewhere
/// ```
/// Predictions are logits. A target counts as a centre if it is exactly 1.
///
/// The papers divide the sum by the number of objects:
/// [`ElementEvaluation::divided_by`](crate::ElementEvaluation::divided_by), which divides by 1 where there are none.
///
/// In a debug build, on a CPU, targets outside `[0, 1]` are refused; a release build does not look.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/gaussian_focal.svg"))]
///
/// Source: H. Law, J. Deng, *CornerNet: Detecting Objects as Paired Keypoints*, 2018; X. Zhou, D. Wang, P. Krähenbühl, *Objects
/// as Points*, 2019.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `mmdet`'s `GaussianFocalLoss(alpha=2.0, gamma=4.0)`, which takes probabilities: a sigmoid that is 0
/// or 1 on the wrong side leaves no gradient there.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::GaussianFocalLossConfig;
///
/// let device = Device::flex();
/// let loss = GaussianFocalLossConfig::new().init();
/// let logits = Tensor::<2>::from_floats([[0.0, 0.0, 0.0]], &device);
/// let heatmap = Tensor::<2>::from_floats([[1.0, 0.5, 0.0]], &device);
/// let centres = heatmap.clone().equal_scalar(1.0).float().sum();
/// let value = loss.on(logits, heatmap).divided_by(centres).into_scalar::<f32>();
/// assert!((value - 0.25 * (2.0 + 1.0 / 16.0) * 2f32.ln()).abs() < 1e-6);
/// ```
#[doc(alias = "CenterNet")]
#[doc(alias = "CornerNet")]
pub type GaussianFocalLoss = ElementLoss<GaussianFocal>;

impl GaussianFocalLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `alpha` or `gamma` is negative or not finite.
    pub fn try_init(&self) -> Result<GaussianFocalLoss, LossError> {
        let check = Check("GaussianFocalLossConfig");
        check.at_least_zero("alpha", self.alpha)?;
        check.at_least_zero("gamma", self.gamma)?;
        let formula = GaussianFocal {
            alpha: self.alpha,
            gamma: self.gamma,
        };
        let definition = Definition::new("GaussianFocalLoss", &formula)
            .shows("alpha", self.alpha)
            .shows("gamma", self.gamma)
            .holding(Numbers::Any, Numbers::Probabilities(None));
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> GaussianFocalLoss {
        built(self.try_init())
    }
}

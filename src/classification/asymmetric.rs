//! Asymmetric loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{Check, LossError, Numbers, built},
    formula::Asymmetric,
    reduction::Reduction,
};

config! {
    /// Configuration of [`AsymmetricLoss`].
    pub struct AsymmetricLossConfig {
        /// The focusing parameter of positives, 0 or above. Default: 1 (the authors' code).
        pub gamma_positive: f64 = 1.0,
        /// The focusing parameter of negatives, 0 or above. Default: 4 (the paper).
        pub gamma_negative: f64 = 4.0,
        /// The probability up to which negatives have loss 0, from 0 to below 1. Default: 0.05 (the paper).
        pub clip: f64 = 0.05,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// A focal loss for many labels per sample, few of them positive: easy negatives count less than easy positives, and
/// very easy negatives have loss 0.
///
/// ```text
/// l   = -t (1 - p)^gamma_positive ln p - (1 - t) p_m^gamma_negative ln(1 - p_m)
/// p   = sigmoid(x)
/// p_m = max(p - clip, 0)
/// ```
/// Targets are in `[0, 1]` and may be soft. The gradient is that of the formula: the focusing factors are not treated
/// as constants.
///
/// In a debug build, on a CPU, targets outside `[0, 1]` are refused; a release build does not look.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/negatives.svg"))]
///
/// Source: T. Ridnik et al., *Asymmetric Loss For Multi-Label Classification*, 2021.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: timm's `AsymmetricLossMultiLabel(gamma_neg=4, gamma_pos=1, clip=0.05)`, which sums over classes, takes
/// the mean over the batch ([`Reduction::BatchMean`]) and holds logarithms above that of 1e-8; here the mean is over all
/// elements by default. The authors' code takes the focusing factors for constants by default.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::AsymmetricLossConfig;
///
/// let device = Device::flex();
/// let loss = AsymmetricLossConfig::new().with_clip(0.5).init();
/// let logits = Tensor::<2>::from_floats([[0.0, 0.0]], &device);
/// let targets = Tensor::<2>::from_floats([[1.0, 0.0]], &device);
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// assert!((value - 0.25 * 2f32.ln()).abs() < 1e-6);
/// ```
#[doc(alias = "ASL")]
#[doc(alias = "AsymmetricLossMultiLabel")]
pub type AsymmetricLoss = ElementLoss<Asymmetric>;

impl AsymmetricLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a gamma is negative or not finite, or `clip` is not from 0 to below 1, or above 0 and below
    /// the normal range of `f32`.
    pub fn try_init(&self) -> Result<AsymmetricLoss, LossError> {
        let check = Check("AsymmetricLossConfig");
        check.at_least_zero("gamma_positive", self.gamma_positive)?;
        check.at_least_zero("gamma_negative", self.gamma_negative)?;
        // As the kernels see it: one below the normal range may be 0 there, with an infinite logarithm.
        let in_range = self.clip == 0.0 || (f32::MIN_POSITIVE as f64..1.0).contains(&self.clip);
        let expected = if self.clip > 0.0 && self.clip < 1.0 {
            "0, or a number within the normal range of f32"
        } else {
            "a number from 0 to below 1"
        };
        check.that(in_range, "clip", self.clip, expected)?;
        let formula = Asymmetric {
            gamma_positive: self.gamma_positive,
            gamma_negative: self.gamma_negative,
            clip: self.clip,
        };
        let definition = Definition::new("AsymmetricLoss", &formula)
            .shows("gamma_positive", self.gamma_positive)
            .shows("gamma_negative", self.gamma_negative)
            .shows("clip", self.clip)
            .holding(Numbers::Any, Numbers::Probabilities(None));
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> AsymmetricLoss {
        built(self.try_init())
    }
}

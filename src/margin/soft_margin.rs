//! Soft margin loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{LossError, built},
    formula::SoftMargin,
    reduction::Reduction,
};

config! {
    /// Configuration of [`SoftMarginLoss`].
    pub struct SoftMarginLossConfig {
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The logistic loss of a score whose target is -1 or 1.
///
/// ```text
/// l = ln(1 + e^(-t x))
/// ```
/// It is [`BinaryCrossEntropyLoss`](crate::BinaryCrossEntropyLoss) with other targets.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/margins.svg"))]
///
/// Source: D. R. Cox, *The Regression Analysis of Binary Sequences*, 1958.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `torch.nn.SoftMarginLoss()`, which has infinity and NaN for a score of 89 or more on the wrong
/// side.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::SoftMarginLossConfig;
///
/// let device = Device::flex();
/// let loss = SoftMarginLossConfig::new().init();
/// let scores = Tensor::<1>::from_floats([0.0, 1e4], &device);
/// let targets = Tensor::<1>::from_floats([1.0, -1.0], &device);
/// let value = loss.forward(scores, targets).into_scalar::<f32>();
/// assert!((value - (2f32.ln() + 1e4) / 2.0).abs() < 1e-3);
/// ```
#[doc(alias = "soft_margin_loss")]
#[doc(alias = "logistic")]
pub type SoftMarginLoss = ElementLoss<SoftMargin>;

impl SoftMarginLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// Never. The method exists because every loss has it.
    pub fn try_init(&self) -> Result<SoftMarginLoss, LossError> {
        let formula = SoftMargin;
        let definition = Definition::new("SoftMarginLoss", &formula);
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> SoftMarginLoss {
        built(self.try_init())
    }
}

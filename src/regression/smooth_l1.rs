//! Smooth L1 loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{Check, LossError, built},
    formula::SmoothL1,
    reduction::Reduction,
};

config! {
    /// Configuration of [`SmoothL1Loss`].
    pub struct SmoothL1LossConfig {
        /// The error from which the parabola becomes a line, 0 or above; 0 gives the absolute error. Default: 1 (PyTorch).
        /// Detectors use 1/9.
        pub beta: f64 = 1.0,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// A square near 0, the absolute error beyond.
///
/// ```text
/// l = (x - t)² / (2 beta)   where |x - t| < beta
///     |x - t| - beta / 2    elsewhere
/// ```
/// This is [`HuberLoss`](crate::HuberLoss) divided by its width.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/smooth.svg"))]
///
/// Source: R. Girshick, *Fast R-CNN*, 2015.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `torch.nn.SmoothL1Loss(beta=1.0)`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::SmoothL1LossConfig;
///
/// let device = Device::flex();
/// let loss = SmoothL1LossConfig::new().init();
/// let prediction = Tensor::<1>::from_floats([1.0, 2.0], &device);
/// let target = Tensor::<1>::from_floats([1.5, 4.0], &device);
/// let value = loss.forward(prediction, target).into_scalar::<f32>();
/// assert!((value - 0.8125).abs() < 1e-6);
/// ```
#[doc(alias = "smooth_l1_loss")]
pub type SmoothL1Loss = ElementLoss<SmoothL1>;

impl SmoothL1LossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `beta` is negative or not finite.
    pub fn try_init(&self) -> Result<SmoothL1Loss, LossError> {
        Check("SmoothL1LossConfig").at_least_zero("beta", self.beta)?;
        let formula = SmoothL1 { beta: self.beta };
        let definition = Definition::new("SmoothL1Loss", &formula).shows("beta", self.beta);
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> SmoothL1Loss {
        built(self.try_init())
    }
}

//! Mean squared error.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{LossError, built},
    formula::Squared,
    reduction::Reduction,
};

config! {
    /// Configuration of [`MseLoss`].
    pub struct MseLossConfig {
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The squared error.
///
/// ```text
/// l = (x - t)²
/// ```
/// The mean of the losses is the MSE. There is no factor 1/2.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/errors.svg"))]
///
/// Source: C. F. Gauss, *Theoria combinationis observationum erroribus minimis obnoxiae*, 1823.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `torch.nn.MSELoss()`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::MseLossConfig;
///
/// let device = Device::flex();
/// let loss = MseLossConfig::new().init();
/// let prediction = Tensor::<1>::from_floats([1.0, 2.0], &device);
/// let target = Tensor::<1>::from_floats([1.0, 4.0], &device);
/// let value = loss.forward(prediction, target).into_scalar::<f32>();
/// assert!((value - 2.0).abs() < 1e-6);
/// ```
#[doc(alias = "mse_loss")]
#[doc(alias = "L2")]
pub type MseLoss = ElementLoss<Squared>;

impl MseLossConfig {
    /// Builds the loss.
    ///
    /// # Errors
    /// Never. The method exists because every loss has it.
    pub fn try_init(&self) -> Result<MseLoss, LossError> {
        let formula = Squared;
        let definition = Definition::new("MseLoss", &formula);
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> MseLoss {
        built(self.try_init())
    }
}

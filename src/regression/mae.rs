//! Mean absolute error.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{LossError, built},
    formula::Absolute,
    reduction::Reduction,
};

config! {
    /// Configuration of [`MaeLoss`].
    pub struct MaeLossConfig {
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The absolute error, also called L1.
///
/// ```text
/// l = |x - t|
/// ```
/// Its derivative is `sign(x - t)`, 0 for equal values.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/errors.svg"))]
///
/// Source: R. J. Boscovich, *De litteraria expeditione per pontificiam ditionem*, 1757.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `torch.nn.L1Loss()`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::MaeLossConfig;
///
/// let device = Device::flex();
/// let loss = MaeLossConfig::new().init();
/// let prediction = Tensor::<1>::from_floats([1.0, 2.0], &device);
/// let target = Tensor::<1>::from_floats([1.0, 4.0], &device);
/// let value = loss.forward(prediction, target).into_scalar::<f32>();
/// assert!((value - 1.0).abs() < 1e-6);
/// ```
#[doc(alias = "L1Loss")]
#[doc(alias = "l1_loss")]
pub type MaeLoss = ElementLoss<Absolute>;

impl MaeLossConfig {
    /// Builds the loss.
    ///
    /// # Errors
    /// Never. The method exists because every loss has it.
    pub fn try_init(&self) -> Result<MaeLoss, LossError> {
        let formula = Absolute;
        let definition = Definition::new("MaeLoss", &formula);
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> MaeLoss {
        built(self.try_init())
    }
}

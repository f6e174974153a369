//! Log-cosh loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{LossError, built},
    formula::LogCosh,
    reduction::Reduction,
};

config! {
    /// Configuration of [`LogCoshLoss`].
    pub struct LogCoshLossConfig {
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The logarithm of the hyperbolic cosine of the error: a square near 0, `|x - t| - ln 2` for large errors, smooth
/// everywhere.
///
/// ```text
/// l = ln cosh(x - t)
/// ```
/// The loss is exact for errors of any size; its derivative is `tanh(x - t)`.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/smooth.svg"))]
///
/// Source: R. Neuneier and H. G. Zimmermann, *How to Train Neural Networks*, 1998.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `keras.losses.LogCosh()`; PyTorch has none.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::LogCoshLossConfig;
///
/// let device = Device::flex();
/// let loss = LogCoshLossConfig::new().init();
/// let prediction = Tensor::<1>::from_floats([1.0, 2.0], &device);
/// let target = Tensor::<1>::from_floats([1.0, 4.0], &device);
/// let value = loss.forward(prediction, target).into_scalar::<f32>();
/// assert!((value - 0.6625014).abs() < 1e-6);
/// ```
#[doc(alias = "log_cosh")]
pub type LogCoshLoss = ElementLoss<LogCosh>;

impl LogCoshLossConfig {
    /// Builds the loss.
    ///
    /// # Errors
    /// Never. The method exists because every loss has it.
    pub fn try_init(&self) -> Result<LogCoshLoss, LossError> {
        let formula = LogCosh;
        let definition = Definition::new("LogCoshLoss", &formula);
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> LogCoshLoss {
        built(self.try_init())
    }
}

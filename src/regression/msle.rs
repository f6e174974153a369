//! Mean squared logarithmic error.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{LossError, Numbers, built},
    formula::SquaredLogRatio,
    reduction::Reduction,
};

config! {
    /// Configuration of [`MsleLoss`].
    pub struct MsleLossConfig {
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The squared difference of logarithms, for positive numbers whose ratio matters: prices, counts.
///
/// ```text
/// l = (ln(1 + x) - ln(1 + t))²
/// ```
/// Numbers that are nearly the same keep their digits. A number of -1 or below has a loss of NaN (Keras takes
/// it for 0, where a prediction gets no gradient); predict `softplus` or an exponential. The root of the mean (RMSLE) is `loss.sqrt()`, whose gradient is
/// not finite where the loss is 0.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/msle.svg"))]
///
/// Source: as scikit-learn (`mean_squared_log_error`) and Keras have it.
///
/// In a debug build, on a CPU, numbers below -1 are refused; a release build does not look.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `torchmetrics.MeanSquaredLogError`; Keras's `MeanSquaredLogarithmicError`, which takes numbers below
/// 0 for 0.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::MsleLossConfig;
///
/// let device = Device::flex();
/// let loss = MsleLossConfig::new().init();
/// let prediction = Tensor::<1>::from_floats([9.0], &device);
/// let target = Tensor::<1>::from_floats([99.0], &device);
/// let value = loss.forward(prediction, target).into_scalar::<f32>();
/// assert!((value - 10f32.ln().powi(2)).abs() < 1e-5);
/// ```
#[doc(alias = "MeanSquaredLogError")]
#[doc(alias = "RMSLE")]
pub type MsleLoss = ElementLoss<SquaredLogRatio>;

impl MsleLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// Never. The method exists because every loss has it.
    pub fn try_init(&self) -> Result<MsleLoss, LossError> {
        let formula = SquaredLogRatio;
        let definition = Definition::new("MsleLoss", &formula)
            .holding(Numbers::AtLeast(-1.0), Numbers::AtLeast(-1.0));
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> MsleLoss {
        built(self.try_init())
    }
}

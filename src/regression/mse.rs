//! Mean squared error.

use crate::{
    error::LossError,
    formula::Squared,
    pointwise::{PointwiseLoss, pointwise_loss},
    reduction::Reduction,
};
use burn::{config::Config, module::Module};

/// Configuration of [`MseLoss`].
#[derive(Config, Debug)]
pub struct MseLossConfig {
    /// How the losses of all elements become one number.
    #[config(default = "Reduction::Mean")]
    pub reduction: Reduction,
}

/// The squared error.
///
/// ```text
/// l = (x - t)²
/// ```
/// reduced by the mean: MSE. There is no factor 1/2.
///
/// Source: C. F. Gauss, *Theoria combinationis observationum erroribus minimis obnoxiae*, 1823.
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
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct MseLoss {
    #[module(skip)]
    reduction: Reduction,
}

impl MseLossConfig {
    /// Builds the loss.
    ///
    /// # Errors
    /// Never: there is nothing that could be wrong. It is there because every loss has it.
    pub fn try_init(&self) -> Result<MseLoss, LossError> {
        Ok(MseLoss {
            reduction: self.reduction,
        })
    }
}

pointwise_loss!(MseLoss, MseLossConfig, shows: []);

impl PointwiseLoss for MseLoss {
    const NAME: &'static str = "MseLoss";
    type Formula = Squared;

    fn formula(&self) -> Squared {
        Squared
    }
}

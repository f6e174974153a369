//! Huber loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{Check, LossError, built},
    formula::Huber,
    reduction::Reduction,
};

config! {
    /// Configuration of [`HuberLoss`].
    pub struct HuberLossConfig {
        /// The error from which the parabola becomes a line, above 0. Default: 1 (PyTorch).
        pub delta: f64 = 1.0,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// Half the squared error near 0, a line beyond.
///
/// ```text
/// l = (x - t)² / 2                     where |x - t| < delta
///     delta (|x - t| - delta / 2)      elsewhere
/// ```
/// [`SmoothL1Loss`](crate::SmoothL1Loss) is this loss divided by `delta`.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/errors.svg"))]
///
/// Source: P. J. Huber, *Robust Estimation of a Location Parameter*, 1964.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `torch.nn.HuberLoss(delta=1.0)`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::HuberLossConfig;
///
/// let device = Device::flex();
/// let loss = HuberLossConfig::new().with_delta(2.0).init();
/// let prediction = Tensor::<1>::from_floats([1.0, 2.0], &device);
/// let target = Tensor::<1>::from_floats([2.0, 6.0], &device);
/// let value = loss.forward(prediction, target).into_scalar::<f32>();
/// assert!((value - 3.25).abs() < 1e-6);
/// ```
#[doc(alias = "huber_loss")]
pub type HuberLoss = ElementLoss<Huber>;

impl HuberLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `delta` is not a finite number above 0.
    pub fn try_init(&self) -> Result<HuberLoss, LossError> {
        Check("HuberLossConfig").above_zero("delta", self.delta)?;
        let formula = Huber { delta: self.delta };
        let definition = Definition::new("HuberLoss", &formula).shows("delta", self.delta);
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> HuberLoss {
        built(self.try_init())
    }
}

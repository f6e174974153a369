//! Welsch loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{Check, LossError, built},
    formula::Welsch,
    reduction::Reduction,
};

config! {
    /// Configuration of [`WelschLoss`].
    pub struct WelschLossConfig {
        /// The error at which the derivative is largest, above 0. Default: 1 (kornia).
        pub c: f64 = 1.0,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// A square near 0, 1 for large errors: outliers have no influence.
///
/// ```text
/// l = 1 - exp(-((x - t) / c)² / 2)
/// ```
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/robust.svg"))]
///
/// Source: J. E. Dennis, R. E. Welsch, *Techniques for Nonlinear Least Squares and Robust Regression*, 1978.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `kornia.losses.welsch_loss`, whose reduction is `none` by default; J. Barron's general loss at
/// `alpha = -inf`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::WelschLossConfig;
///
/// let device = Device::flex();
/// let loss = WelschLossConfig::new().with_c(2.0).init();
/// let prediction = Tensor::<1>::from_floats([1.0, 1e9], &device);
/// let target = Tensor::<1>::from_floats([3.0, 0.0], &device);
/// let value = loss.forward(prediction, target).into_scalar::<f32>();
/// assert!((value - (1.0 - 0.5 * (-0.5f32).exp())).abs() < 1e-6);
/// ```
#[doc(alias = "welsch_loss")]
#[doc(alias = "Leclerc")]
pub type WelschLoss = ElementLoss<Welsch>;

impl WelschLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `c` is not a finite number above 0.
    pub fn try_init(&self) -> Result<WelschLoss, LossError> {
        Check("WelschLossConfig").above_zero("c", self.c)?;
        let formula = Welsch { c: self.c };
        let definition = Definition::new("WelschLoss", &formula).shows("c", self.c);
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> WelschLoss {
        built(self.try_init())
    }
}

//! Cauchy loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{Check, LossError, built},
    formula::Cauchy,
    reduction::Reduction,
};

config! {
    /// Configuration of [`CauchyLoss`].
    pub struct CauchyLossConfig {
        /// The error from which the loss grows like a logarithm, above 0. Default: 1.
        pub c: f64 = 1.0,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// A square near 0, a logarithm for large errors: outliers have little influence.
///
/// ```text
/// l = ln(1 + ((x - t) / c)²)
/// ```
/// The derivative is largest at an error of `c` and falls to 0 beyond.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/robust.svg"))]
///
/// Source: M. J. Black, P. Anandan, *The Robust Estimation of Multiple Motions: Parametric and Piecewise-Smooth
/// Flow Fields*, 1996.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `kornia.losses.cauchy_loss` (reduction `none` by default) and J. Barron's general loss at
/// `alpha = 0` have a factor of 1/2 before the square: they are this loss with `sqrt(2) c`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::CauchyLossConfig;
///
/// let device = Device::flex();
/// let loss = CauchyLossConfig::new().with_c(2.0).init();
/// let prediction = Tensor::<1>::from_floats([1.0], &device);
/// let target = Tensor::<1>::from_floats([7.0], &device);
/// let value = loss.forward(prediction, target).into_scalar::<f32>();
/// assert!((value - 10f32.ln()).abs() < 1e-6);
/// ```
#[doc(alias = "cauchy_loss")]
#[doc(alias = "Lorentzian")]
pub type CauchyLoss = ElementLoss<Cauchy>;

impl CauchyLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `c` is not a finite number above 0.
    pub fn try_init(&self) -> Result<CauchyLoss, LossError> {
        Check("CauchyLossConfig").above_zero("c", self.c)?;
        let formula = Cauchy { c: self.c };
        let definition = Definition::new("CauchyLoss", &formula).shows("c", self.c);
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> CauchyLoss {
        built(self.try_init())
    }
}

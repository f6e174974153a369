//! Geman-McClure loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{Check, LossError, built},
    formula::GemanMcClure,
    reduction::Reduction,
};

config! {
    /// Configuration of [`GemanMcClureLoss`].
    pub struct GemanMcClureLossConfig {
        /// The width of the parabola, above 0. Default: 1 (kornia).
        pub c: f64 = 1.0,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// A square near 0, 2 for large errors: outliers have little influence, and far ones none.
///
/// ```text
/// l = 2 d² / (d² + 4)          d = (x - t) / c
/// ```
/// The original has `d² / (1 + d²)`, which is half of this for `c / 2`.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/robust.svg"))]
///
/// Source: S. Geman, D. E. McClure, *Bayesian Image Analysis: An Application to Single Photon Emission Tomography*, 1985.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `kornia.losses.geman_mcclure_loss`, whose reduction is `none` by default; J. Barron's general loss
/// at `alpha = -2`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::GemanMcClureLossConfig;
///
/// let device = Device::flex();
/// let loss = GemanMcClureLossConfig::new().with_c(3.0).init();
/// let prediction = Tensor::<1>::from_floats([6.0], &device);
/// let target = Tensor::<1>::from_floats([0.0], &device);
/// assert_eq!(loss.forward(prediction, target).into_scalar::<f32>(), 1.0);
/// ```
#[doc(alias = "geman_mcclure_loss")]
pub type GemanMcClureLoss = ElementLoss<GemanMcClure>;

impl GemanMcClureLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `c` is not a finite number above 0.
    pub fn try_init(&self) -> Result<GemanMcClureLoss, LossError> {
        Check("GemanMcClureLossConfig").above_zero("c", self.c)?;
        let formula = GemanMcClure { c: self.c };
        let definition = Definition::new("GemanMcClureLoss", &formula).shows("c", self.c);
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> GemanMcClureLoss {
        built(self.try_init())
    }
}

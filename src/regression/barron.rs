//! The general robust loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{Check, LossError, built},
    formula::Barron,
    reduction::Reduction,
};

config! {
    /// Configuration of [`BarronLoss`].
    pub struct BarronLossConfig {
        /// The shape: how little an outlier costs, the less the smaller. 2 is the squared error, 1 Charbonnier's, 0 Cauchy's, -2 that of
        /// Geman and McClure, minus infinity Welsch's (which a file cannot say: any number below -1e12 is that). Default: 1.
        pub alpha: f64 = 1.0,
        /// The error from which a residual is an outlier, above 0. Default: 1.
        pub scale: f64 = 1.0,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// Barron's general robust loss, of which most robust losses are a case.
///
/// ```text
/// l = |a - 2|/a ((z/|a - 2| + 1)^(a/2) - 1)        z = ((x - t) / scale)²
/// ```
/// Its limits are `z/2` at `a` 2, `ln(1 + z/2)` at 0 and `1 - e^(-z/2)` at minus infinity. Near the first two it keeps all digits: nothing is divided
/// by what is near 0. [`AdaptiveBarronLoss`](crate::AdaptiveBarronLoss) learns shape and scale.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/barron.svg"))]
///
/// Source: J. T. Barron, *A General and Adaptive Robust Loss Function*, 2019.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `robust_loss_pytorch.general.lossfun(x - t, alpha, scale)`, the author's package.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::BarronLossConfig;
///
/// let device = Device::flex();
/// let loss = BarronLossConfig::new().with_alpha(-2.0).init();
/// let prediction = Tensor::<1>::from_floats([2.0], &device);
/// let target = Tensor::<1>::from_floats([0.0], &device);
/// let value = loss.forward(prediction, target).into_scalar::<f32>();
/// assert!((value - 1.0).abs() < 1e-6);
/// ```
#[doc(alias = "lossfun")]
pub type BarronLoss = ElementLoss<Barron>;

impl BarronLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `alpha` is NaN, infinite or above the range of `f32`, or `scale` is not above 0.
    pub fn try_init(&self) -> Result<BarronLoss, LossError> {
        let check = Check("BarronLossConfig");
        let has_limit = self.alpha == f64::NEG_INFINITY || self.alpha.abs() <= f32::MAX as f64;
        let expected = "a finite number within the range of f32, or minus infinity";
        check.that(has_limit, "alpha", self.alpha, expected)?;
        check.above_zero("scale", self.scale)?;
        let formula = Barron {
            alpha: self.alpha,
            scale: self.scale,
        };
        let definition = Definition::new("BarronLoss", &formula)
            .shows("alpha", self.alpha)
            .shows("scale", self.scale);
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> BarronLoss {
        built(self.try_init())
    }
}

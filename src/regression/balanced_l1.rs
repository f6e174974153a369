//! Balanced L1 loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{Check, LossError, built},
    formula::BalancedL1,
    reduction::Reduction,
};

config! {
    /// Configuration of [`BalancedL1Loss`].
    pub struct BalancedL1LossConfig {
        /// How much small errors pull, above 0: the less, the more they do. Default: 0.5 (the paper).
        pub alpha: f64 = 0.5,
        /// The derivative of large errors, above 0. Default: 1.5 (the paper).
        pub gamma: f64 = 1.5,
        /// The error from which the loss is a line, above 0. Default: 1 (the paper).
        pub beta: f64 = 1.0,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// Smooth L1 whose small errors pull harder, so that they count beside a few large ones: for the boxes of detectors.
///
/// ```text
/// l = alpha beta / b ((1 + u) ln(1 + u) - u)          where |d| < beta          d = x - t
///     gamma |d| + beta (gamma / b - alpha)            elsewhere
/// u = b |d| / beta
/// b = exp(gamma / alpha) - 1
/// ```
/// The derivative is `alpha ln(1 + u)` and then `gamma`.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/small_errors.svg"))]
///
/// Source: J. Pang et al., *Libra R-CNN: Towards Balanced Learning for Object Detection*, 2019.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `mmdet`'s `BalancedL1Loss(alpha=0.5, gamma=1.5, beta=1.0)`; with another `beta` its derivative jumps
/// at 0 by `alpha (1 / beta - 1)`, and this one does not.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::BalancedL1LossConfig;
///
/// let device = Device::flex();
/// let loss = BalancedL1LossConfig::new().init();
/// let prediction = Tensor::<1>::from_floats([1.0, 2.0], &device);
/// let target = Tensor::<1>::from_floats([0.0, 0.0], &device);
/// let each = loss.forward_no_reduction(prediction, target);
/// let [at_beta, beyond] = each.into_data().try_to_vec::<f32>().unwrap()[..] else { unreachable!() };
/// assert!((beyond - at_beta - 1.5).abs() < 1e-6);
/// ```
#[doc(alias = "balanced_l1_loss")]
pub type BalancedL1Loss = ElementLoss<BalancedL1>;

impl BalancedL1LossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `alpha`, `gamma` or `beta` is not a finite number above 0, `gamma` is not from a millionth of `alpha` to 80 times `alpha`, or
    /// `beta` is so small that the curve leaves the range of `f32`.
    pub fn try_init(&self) -> Result<BalancedL1Loss, LossError> {
        let check = Check("BalancedL1LossConfig");
        check.above_zero("alpha", self.alpha)?;
        check.above_zero("gamma", self.gamma)?;
        check.above_zero("beta", self.beta)?;
        let in_range = (1e-6..=80.0).contains(&(self.gamma / self.alpha));
        let expected = "a number from a millionth of alpha to 80 times alpha";
        check.that(in_range, "gamma", self.gamma, expected)?;
        // What the loss and its slope are made of.
        let (ratio, b) = (self.gamma / self.alpha, (self.gamma / self.alpha).exp_m1());
        let in_range = ratio * b / self.beta <= f32::MAX as f64
            && self.alpha * self.beta / b >= f32::MIN_POSITIVE as f64;
        let expected = "a larger one, for so large a gamma / alpha";
        check.that(in_range, "beta", self.beta, expected)?;
        let formula = BalancedL1 {
            alpha: self.alpha,
            gamma: self.gamma,
            beta: self.beta,
        };
        let definition = Definition::new("BalancedL1Loss", &formula)
            .shows("alpha", self.alpha)
            .shows("gamma", self.gamma)
            .shows("beta", self.beta);
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> BalancedL1Loss {
        built(self.try_init())
    }
}

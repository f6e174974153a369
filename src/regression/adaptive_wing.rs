//! Adaptive Wing loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{Check, LossError, Numbers, built},
    formula::AdaptiveWing,
    reduction::Reduction,
};

config! {
    /// Configuration of [`AdaptiveWingLoss`].
    pub struct AdaptiveWingLossConfig {
        /// The height of the curve for small errors, above 0. Default: 14 (the paper).
        pub omega: f64 = 14.0,
        /// The error at which the curve turns into a line, above 0. Default: 0.5 (the paper).
        pub theta: f64 = 0.5,
        /// The width of the curve, above 0. Default: 1 (the paper).
        pub epsilon: f64 = 1.0,
        /// The exponent at a target of 0, from 2 on. Default: 2.1 (the paper).
        pub alpha: f64 = 2.1,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// [`WingLoss`](crate::WingLoss) for heatmaps: small errors pull hard where the target is near 1, and hardly where it is 0.
///
/// ```text
/// l = omega ln(1 + |d / epsilon|^k)              where |d| < theta          d = x - t,  k = alpha - t
///     s (|d| - theta) + omega ln(1 + r)          elsewhere
/// r = (theta / epsilon)^k
/// s = omega r / (1 + r) k / theta
/// ```
/// The line is the tangent of the curve at `theta`. Targets are in `[0, 1]`. The derivative is 0 at 0. The paper weights
/// pixels besides, by `1 + 10 M` with the dilated mask `M` of its targets: [`weights`](crate::ElementEvaluation::weights).
///
/// In a debug build, on a CPU, targets outside `[0, 1]` are refused; a release build does not look.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/adaptive_wing.svg"))]
///
/// Source: X. Wang, L. Bo, L. Fuxin, *Adaptive Wing Loss for Robust Face Alignment via Heatmap Regression*, 2019.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `mmpose`'s `AdaptiveWingLoss(alpha=2.1, omega=14, epsilon=1, theta=0.5)`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::AdaptiveWingLossConfig;
///
/// let device = Device::flex();
/// let loss = AdaptiveWingLossConfig::new().with_alpha(3.0).init();
/// let prediction = Tensor::<1>::from_floats([0.75], &device);
/// let target = Tensor::<1>::from_floats([1.0], &device);
/// let value = loss.forward(prediction, target).into_scalar::<f32>();
/// assert!((value - 14.0 * (1.0 + 1.0 / 16f32).ln()).abs() < 1e-6);
/// ```
#[doc(alias = "AWing")]
pub type AdaptiveWingLoss = ElementLoss<AdaptiveWing>;

impl AdaptiveWingLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `omega`, `theta` or `epsilon` is not a finite number above 0, `alpha` is not a number from 2 on, or `(theta
    /// / epsilon)^alpha` is out of the range of `f32`.
    pub fn try_init(&self) -> Result<AdaptiveWingLoss, LossError> {
        let check = Check("AdaptiveWingLossConfig");
        check.above_zero("omega", self.omega)?;
        check.above_zero("theta", self.theta)?;
        check.above_zero("epsilon", self.epsilon)?;
        let ln_power = (self.theta / self.epsilon).ln().abs() * self.alpha;
        let in_range = self.alpha >= 2.0 && ln_power <= 80.0;
        let expected = "a number from 2 on, such that (theta / epsilon)^alpha is one of f32";
        check.that(in_range, "alpha", self.alpha, expected)?;
        let formula = AdaptiveWing {
            omega: self.omega,
            theta: self.theta,
            epsilon: self.epsilon,
            alpha: self.alpha,
        };
        let definition = Definition::new("AdaptiveWingLoss", &formula)
            .shows("omega", self.omega)
            .shows("theta", self.theta)
            .shows("epsilon", self.epsilon)
            .shows("alpha", self.alpha)
            .holding(Numbers::Any, Numbers::Probabilities(None));
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> AdaptiveWingLoss {
        built(self.try_init())
    }
}

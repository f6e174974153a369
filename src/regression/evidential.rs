//! Deep evidential regression.

use crate::{
    config::config,
    error::{Check, LossError, Numbers, built},
    formula::Evidential,
    reduction::Reduction,
    tuple::{Definition, JointLoss},
};

config! {
    /// Configuration of [`EvidentialLoss`].
    pub struct EvidentialLossConfig {
        /// What the evidence of wrong predictions costs, 0 or above: `lambda` of the paper. Default: 0.01 (the authors).
        pub coefficient: f64 = 0.01,
        /// The least `nu` and `beta`, above 0; smaller ones count as this. Default: 1e-6.
        pub eps: f64 = 1e-6,
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// Deep evidential regression: the likelihood of a target whose mean and variance are themselves uncertain.
///
/// ```text
/// l = ln(pi/nu)/2 - alpha ln W + (alpha + 1/2) ln((t - gamma)² nu + W) + ln Gamma(alpha) - ln Gamma(alpha + 1/2)
///     + lambda |t - gamma| (2 nu + alpha)                                 W = 2 beta (1 + nu)
/// ```
/// Predictions are `[gamma, nu, alpha, beta]`, the parameters of a normal-inverse-gamma distribution: `gamma` is the prediction,
/// `nu > 0`, `alpha > 1` and `beta > 0` (`softplus`, and 1 more for `alpha`); an `alpha` below 1 counts as 1. The variance to be expected of the data is `beta / (alpha - 1)`,
/// that of the model `beta / (nu (alpha - 1))`. The terms are put together so that none is a difference of large ones: an `alpha` of 1e4
/// loses no digits.
///
/// Source: A. Amini et al., *Deep Evidential Regression*, 2020.
///
/// Shapes: each prediction and the target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: the authors' `edl.losses.EvidentialRegression` (TensorFlow).
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::EvidentialLossConfig;
///
/// let device = Device::flex();
/// let loss = EvidentialLossConfig::new().with_coefficient(0.0).init();
/// let [gamma, nu, alpha, beta, target] = [0.0, 1.0, 2.0, 1.0, 0.0].map(|v| Tensor::<1>::from_floats([v], &device));
/// // Gamma(2) / Gamma(2.5) = 4 / (3 sqrt(pi))
/// let value = loss.forward([gamma, nu, alpha, beta], target).into_scalar::<f32>();
/// assert!((value - (8f32 / 3.0).ln()).abs() < 1e-6);
/// ```
#[doc(alias = "EvidentialRegression")]
#[doc(alias = "evidential_regression")]
pub type EvidentialLoss = JointLoss<Evidential, 4>;

impl EvidentialLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `coefficient` is negative or not finite, or `eps` is not above 0.
    pub fn try_init(&self) -> Result<EvidentialLoss, LossError> {
        let check = Check("EvidentialLossConfig");
        check.at_least_zero("coefficient", self.coefficient)?;
        check.above_zero("eps", self.eps)?;
        let formula = Evidential {
            coefficient: self.coefficient,
            eps: self.eps,
        };
        let definition = Definition::new("EvidentialLoss", &formula)
            .of_fields(&[
                ("gamma", Numbers::Any),
                ("nu", Numbers::AtLeast(0.0)),
                ("alpha", Numbers::AtLeast(0.0)),
                ("beta", Numbers::AtLeast(0.0)),
            ])
            .shows("coefficient", self.coefficient)
            .shows("eps", self.eps);
        Ok(JointLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> EvidentialLoss {
        built(self.try_init())
    }
}

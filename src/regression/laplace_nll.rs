//! The likelihood of a Laplace distribution.

use crate::{
    config::config,
    error::{Check, LossError, Numbers, built},
    formula::LaplaceNll,
    reduction::Reduction,
    tuple::{Definition, JointLoss},
};

config! {
    /// Configuration of [`LaplaceNllLoss`].
    pub struct LaplaceNllLossConfig {
        /// Whether the second prediction is the logarithm of the scale. Default: it is the scale.
        pub log_scale: bool = false,
        /// The least scale, above 0; a smaller one counts as this. Default: 1e-6.
        pub eps: f64 = 1e-6,
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The negative log-likelihood of a Laplace distribution whose location and scale are predicted.
///
/// ```text
/// l = ln(2 b) + |t - m| / b                    b = max(scale, eps)
/// ```
/// Predictions are `[location, scale]`, or `[location, log_scale]`. A scale below `eps` has the value of `eps` and the gradient as if it
/// were not, so it can grow. One below 0 is an error in a debug build, on a CPU. The slope by the location is 0 where that is exact.
///
/// Source: the density of P.-S. Laplace, *Mémoire sur la probabilité des causes par les évènements*, 1774.
///
/// Shapes: each prediction and the target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `-torch.distributions.Laplace(location, scale).log_prob(target)`, which has no least scale.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::LaplaceNllLossConfig;
///
/// let device = Device::flex();
/// let loss = LaplaceNllLossConfig::new().init();
/// let [location, scale, target] = [[1.0, 2.0], [0.5, 0.5], [2.0, 2.0]].map(|v| Tensor::<1>::from_floats(v, &device));
/// assert_eq!(loss.forward([location, scale], target).into_scalar::<f32>(), 1.0);
/// ```
#[doc(alias = "Laplace")]
pub type LaplaceNllLoss = JointLoss<LaplaceNll, 2>;

impl LaplaceNllLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `eps` is not above 0.
    pub fn try_init(&self) -> Result<LaplaceNllLoss, LossError> {
        Check("LaplaceNllLossConfig").above_zero("eps", self.eps)?;
        let formula = LaplaceNll {
            log_scale: self.log_scale,
            eps: self.eps,
        };
        let spread = match self.log_scale {
            true => ("log_scale", Numbers::Any),
            false => ("scale", Numbers::AtLeast(0.0)),
        };
        let definition = Definition::new("LaplaceNllLoss", &formula)
            .of_fields(&[("location", Numbers::Any), spread])
            .shows("log_scale", self.log_scale)
            .shows("eps", self.eps);
        Ok(JointLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> LaplaceNllLoss {
        built(self.try_init())
    }
}

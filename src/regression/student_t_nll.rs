//! The likelihood of Student's t-distribution.

use crate::{
    config::config,
    error::{Check, LossError, Numbers, built},
    formula::StudentTNll,
    reduction::Reduction,
    tuple::{Definition, JointLoss},
};

config! {
    /// Configuration of [`StudentTNllLoss`].
    pub struct StudentTNllLossConfig {
        /// The least scale and the least degrees of freedom, above 0; smaller ones count as this. Default: 1e-6.
        pub eps: f64 = 1e-6,
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The negative log-likelihood of Student's t-distribution whose location, scale and degrees of freedom are predicted: that
/// of a normal distribution with outliers.
///
/// ```text
/// l = ln s + ln(n pi)/2 + ln Gamma(n/2) - ln Gamma((n + 1)/2) + (n + 1)/2 ln(1 + (t - m)² / (n s²))
/// ```
/// Predictions are `[location, scale, degrees_of_freedom]`; one that is fixed is a tensor of that number. The gamma functions are
/// evaluated as one difference, so a loss with 1e5 degrees of freedom has the digits of one with 3, and tends to that of the normal
/// distribution. Scale and degrees of freedom below `eps` have the value of `eps` and the gradient as if they were not.
///
/// Source: K. L. Lange, R. J. A. Little, J. M. G. Taylor, *Robust Statistical Modeling Using the t Distribution*, 1989.
///
/// Shapes: each prediction and the target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `-torch.distributions.StudentT(df, location, scale).log_prob(target)`, whose gamma functions in
/// `f32` are off by 0.03 at `df` 1e5.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::StudentTNllLossConfig;
///
/// let device = Device::flex();
/// let loss = StudentTNllLossConfig::new().init();
/// // One degree of freedom: Cauchy's distribution.
/// let [location, scale, freedom, target] = [0.0, 1.0, 1.0, 1.0].map(|v| Tensor::<1>::from_floats([v], &device));
/// let value = loss.forward([location, scale, freedom], target).into_scalar::<f32>();
/// assert!((value - (2.0 * std::f32::consts::PI).ln()).abs() < 1e-6);
/// ```
#[doc(alias = "StudentT")]
pub type StudentTNllLoss = JointLoss<StudentTNll, 3>;

impl StudentTNllLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `eps` is not above 0.
    pub fn try_init(&self) -> Result<StudentTNllLoss, LossError> {
        Check("StudentTNllLossConfig").above_zero("eps", self.eps)?;
        let formula = StudentTNll { eps: self.eps };
        let definition = Definition::new("StudentTNllLoss", &formula)
            .of_fields(&[
                ("location", Numbers::Any),
                ("scale", Numbers::AtLeast(0.0)),
                ("degrees_of_freedom", Numbers::AtLeast(0.0)),
            ])
            .shows("eps", self.eps);
        Ok(JointLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> StudentTNllLoss {
        built(self.try_init())
    }
}

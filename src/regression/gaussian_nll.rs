//! The likelihood of a normal distribution.

use crate::{
    config::config,
    error::{Check, LossError, Numbers, built},
    formula::GaussianNll,
    reduction::Reduction,
    tuple::{Definition, JointLoss},
};

config! {
    /// Configuration of [`GaussianNllLoss`].
    pub struct GaussianNllLossConfig {
        /// Whether the second prediction is the logarithm of the variance. Default: it is the variance (PyTorch).
        pub log_variance: bool = false,
        /// Whether the constant `ln(2 pi) / 2` is added. Default: it is not (PyTorch).
        pub full: bool = false,
        /// The least variance, above 0; a smaller one counts as this. Default: 1e-6 (PyTorch).
        pub eps: f64 = 1e-6,
        /// From 0, the likelihood, to 1, where the mean gets the gradient of the squared error: the loss is multiplied with the
        /// variance to this power, which gets no gradient by it. Default: 0. The authors of beta-NLL use 0.5.
        pub beta: f64 = 0.0,
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The negative log-likelihood of a normal distribution whose mean and variance are predicted.
///
/// ```text
/// l = (ln v + (t - m)² / v) / 2  [+ ln(2 pi) / 2]  [times v^beta, a constant]        v = max(variance, eps)
/// ```
/// Predictions are `[mean, variance]`, or `[mean, log_variance]`. A variance below `eps` has the value of `eps` and the gradient as if
/// it were not, as in PyTorch: it can grow. For logarithms `ln(eps)` is the least. A variance below 0 is an
/// error where it can be seen without waiting: in a debug build, on a CPU.
///
/// Sources: D. A. Nix and A. S. Weigend, *Estimating the Mean and Variance of the Target Probability Distribution*, 1994; beta-NLL:
/// M. Seitzer et al., *On the Pitfalls of Heteroscedastic Uncertainty Estimation*, 2022.
///
/// Shapes: each prediction and the target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `torch.nn.GaussianNLLLoss(eps=1e-6)`, whose arguments are (mean, target, variance); a variance that
/// is broadcast there has to be expanded here.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::GaussianNllLossConfig;
///
/// let device = Device::flex();
/// let loss = GaussianNllLossConfig::new().init();
/// let mean = Tensor::<1>::from_floats([1.0, 2.0], &device);
/// let variance = Tensor::<1>::from_floats([1.0, 4.0], &device);
/// let target = Tensor::<1>::from_floats([3.0, 2.0], &device);
/// let value = loss.forward([mean, variance], target).into_scalar::<f32>();
/// assert!((value - (2.0 + 4f32.ln() / 2.0) / 2.0).abs() < 1e-6);
/// ```
#[doc(alias = "GaussianNLLLoss")]
#[doc(alias = "gaussian_nll_loss")]
pub type GaussianNllLoss = JointLoss<GaussianNll, 2>;

impl GaussianNllLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `eps` is not above 0, or `beta` is not from 0 to 1.
    pub fn try_init(&self) -> Result<GaussianNllLoss, LossError> {
        let check = Check("GaussianNllLossConfig");
        check.above_zero("eps", self.eps)?;
        check.in_unit_interval("beta", self.beta)?;
        let formula = GaussianNll {
            log_variance: self.log_variance,
            full: self.full,
            eps: self.eps,
            beta: self.beta,
        };
        let spread = match self.log_variance {
            true => ("log_variance", Numbers::Any),
            false => ("variance", Numbers::AtLeast(0.0)),
        };
        let definition = Definition::new("GaussianNllLoss", &formula)
            .of_fields(&[("mean", Numbers::Any), spread])
            .shows("log_variance", self.log_variance)
            .shows("full", self.full)
            .shows("eps", self.eps)
            .shows("beta", self.beta);
        Ok(JointLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> GaussianNllLoss {
        built(self.try_init())
    }
}

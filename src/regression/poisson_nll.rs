//! Poisson likelihood.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{Check, LossError, Numbers, built},
    formula::PoissonNll,
    reduction::Reduction,
};

config! {
    /// Configuration of [`PoissonNllLoss`].
    pub struct PoissonNllLossConfig {
        /// Whether predictions are logarithms of rates; otherwise they are rates, 0 or above. Default: true (PyTorch).
        pub log_input: bool = true,
        /// Whether Stirling's approximation of `ln t!` is added where t is above 1. It changes no gradient of the
        /// prediction. Default: false (PyTorch).
        pub full: bool = false,
        /// What is added to a rate in the logarithm, above 0. Default: 1e-8 (PyTorch).
        pub epsilon: f64 = 1e-8,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The negative log-likelihood of counts under a Poisson distribution, without its constant.
///
/// ```text
/// l = e^x - t x                       x is the logarithm of the rate
///     x - t ln(x + epsilon)           x is the rate (`log_input` is false)
///     + t ln t - t + ln(2 pi t) / 2   where t > 1, if `full`
/// ```
/// The loss may be below 0. A count of 0 and the logarithm of a rate of 0 have loss 0. A rate below 0 has a loss of NaN.
///
/// In a debug build, on a CPU, targets and rates below 0 are refused; a release build does not look.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/poisson_nll.svg"))]
///
/// Source: P. McCullagh, J. A. Nelder, *Generalized Linear Models*, 1989.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `torch.nn.PoissonNLLLoss(log_input=True, full=False, eps=1e-8)`; a count of 0 at a log-rate of minus
/// infinity has loss 0, not NaN.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::PoissonNllLossConfig;
///
/// let device = Device::flex();
/// let loss = PoissonNllLossConfig::new().init();
/// let prediction = Tensor::<1>::from_floats([2f32.ln(), 0.0], &device);
/// let counts = Tensor::<1>::from_floats([3.0, 0.0], &device);
/// let value = loss.forward(prediction, counts).into_scalar::<f32>();
/// assert!((value - (2.0 - 3.0 * 2f32.ln() + 1.0) / 2.0).abs() < 1e-6);
/// ```
#[doc(alias = "PoissonNLLLoss")]
#[doc(alias = "poisson_nll_loss")]
pub type PoissonNllLoss = ElementLoss<PoissonNll>;

impl PoissonNllLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `epsilon` is not a finite number above 0.
    pub fn try_init(&self) -> Result<PoissonNllLoss, LossError> {
        Check("PoissonNllLossConfig").above_zero("epsilon", self.epsilon)?;
        let rates = match self.log_input {
            true => Numbers::Any,
            false => Numbers::AtLeast(0.0),
        };
        let formula = PoissonNll {
            log_input: self.log_input,
            full: self.full,
            epsilon: self.epsilon,
        };
        let definition = Definition::new("PoissonNllLoss", &formula)
            .shows("log_input", self.log_input)
            .shows("full", self.full)
            .shows("epsilon", self.epsilon)
            .holding(rates, Numbers::AtLeast(0.0));
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> PoissonNllLoss {
        built(self.try_init())
    }
}

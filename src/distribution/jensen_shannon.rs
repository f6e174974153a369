//! Jensen-Shannon divergence.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{LossError, Numbers, built},
    formula::JensenShannon,
    reduction::Reduction,
};

config! {
    /// Configuration of [`JensenShannonLoss`].
    pub struct JensenShannonLossConfig {
        /// Whether both inputs are logarithms of probabilities; otherwise they are probabilities. Default: false.
        pub log_inputs: bool = false,
        /// How the losses of all elements become one number. Default: the batch mean.
        pub reduction: Reduction = Reduction::BatchMean,
    }
}

/// The Jensen-Shannon divergence of two distributions: symmetric, and at most `ln 2`.
///
/// ```text
/// l = (x ln(x / m) + t ln(t / m)) / 2          m = (x + t) / 2
/// ```
/// for the probabilities `x` and `t`. The terms of a distribution sum to its divergence, so the
/// default reduction divides the sum by the number of distributions, the size of dimension 0.
///
/// In a debug build, on a CPU, numbers that are not what is configured, probabilities or their logarithms, are refused; a release build does not look.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/divergences.svg"))]
///
/// Source: J. Lin, *Divergence Measures Based on the Shannon Entropy*, 1991.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `scipy.spatial.distance.jensenshannon(x, t)` squared, for one distribution; PyTorch has none.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::JensenShannonLossConfig;
///
/// let device = Device::flex();
/// let loss = JensenShannonLossConfig::new().init();
/// let prediction = Tensor::<2>::from_floats([[0.0, 1.0]], &device);
/// let target = Tensor::<2>::from_floats([[1.0, 0.0]], &device);
/// let value = loss.forward(prediction, target).into_scalar::<f32>();
/// assert!((value - 2f32.ln()).abs() < 1e-6);
/// ```
#[doc(alias = "JSD")]
pub type JensenShannonLoss = ElementLoss<JensenShannon>;

impl JensenShannonLossConfig {
    /// Builds the loss.
    ///
    /// # Errors
    /// Never. The method exists because every loss has it.
    pub fn try_init(&self) -> Result<JensenShannonLoss, LossError> {
        let formula = JensenShannon {
            log_inputs: self.log_inputs,
        };
        let numbers = Numbers::of_distribution("log_inputs", self.log_inputs);
        let definition = Definition::new("JensenShannonLoss", &formula)
            .shows("log_inputs", self.log_inputs)
            .holding(numbers, numbers);
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> JensenShannonLoss {
        built(self.try_init())
    }
}

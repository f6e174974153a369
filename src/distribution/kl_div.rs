//! Kullback-Leibler divergence.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{LossError, Numbers, built},
    formula::KullbackLeibler,
    reduction::Reduction,
};

config! {
    /// Configuration of [`KlDivLoss`].
    pub struct KlDivLossConfig {
        /// Whether predictions are logarithms of probabilities; otherwise they are probabilities. Default: true (PyTorch).
        pub log_prediction: bool = true,
        /// Whether targets are logarithms of probabilities; otherwise they are probabilities. Default: false.
        pub log_target: bool = false,
        /// How the losses of all elements become one number. Default: the batch mean.
        pub reduction: Reduction = Reduction::BatchMean,
    }
}

/// The Kullback-Leibler divergence of the prediction from the target.
///
/// ```text
/// l = t (ln t - ln x)          0 where t is 0
/// ```
/// for the probabilities `x` and `t`. The terms of a distribution sum to its divergence, so the
/// default reduction divides the sum by the number of distributions, the size of dimension 0.
///
/// In a debug build, on a CPU, numbers that are not what is configured, probabilities or their logarithms, are refused; a release build does not look.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/divergences.svg"))]
///
/// Source: S. Kullback, R. A. Leibler, *On Information and Sufficiency*, 1951.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `torch.nn.KLDivLoss(reduction="batchmean", log_target=..)`, whose prediction is a logarithm, too.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::KlDivLossConfig;
///
/// let device = Device::flex();
/// let loss = KlDivLossConfig::new().with_log_prediction(false).init();
/// let prediction = Tensor::<2>::from_floats([[0.25, 0.75]], &device);
/// let target = Tensor::<2>::from_floats([[1.0, 0.0]], &device);
/// let value = loss.forward(prediction, target).into_scalar::<f32>();
/// assert!((value - 4f32.ln()).abs() < 1e-6);
/// ```
#[doc(alias = "kl_div")]
#[doc(alias = "relative_entropy")]
pub type KlDivLoss = ElementLoss<KullbackLeibler>;

impl KlDivLossConfig {
    /// Builds the loss.
    ///
    /// # Errors
    /// Never. The method exists because every loss has it.
    pub fn try_init(&self) -> Result<KlDivLoss, LossError> {
        let formula = KullbackLeibler {
            log_prediction: self.log_prediction,
            log_target: self.log_target,
        };
        let definition = Definition::new("KlDivLoss", &formula)
            .shows("log_prediction", self.log_prediction)
            .shows("log_target", self.log_target)
            .holding(
                Numbers::of_distribution("log_prediction", self.log_prediction),
                Numbers::of_distribution("log_target", self.log_target),
            );
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> KlDivLoss {
        built(self.try_init())
    }
}

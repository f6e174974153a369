//! Negative log-likelihood.

use crate::{
    class::ClassLoss,
    config::config,
    error::{Check, LossError, built},
    formula::CrossEntropy,
    reduction::Reduction,
};

config! {
    /// Configuration of [`NllLoss`].
    pub struct NllLossConfig {
        /// The weight of each class. Default: none.
        pub class_weights: Option<Vec<f64>> = None,
        /// The class index that marks a sample as ignored. Default: -100 (PyTorch).
        pub ignore_index: Option<i64> = Some(-100),
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// Cross entropy of what a network returns as logarithms of probabilities already, such as `log_softmax`.
#[derive(Clone, Copy, Debug)]
pub struct LogLikelihood;

/// The negative log-likelihood of the target class, for predictions that are logarithms of probabilities.
///
/// ```text
/// l = -w_y ln p_y
/// ```
/// with the class weights `w` and the target class `y`. The logarithms are taken as they are, whatever their exponentials sum
/// to; where they come from a softmax, [`CrossEntropyLoss`](crate::CrossEntropyLoss) of its logits is the same in one pass, and keeps
/// more digits. A mean divides by the sum of the targets' class weights. A logarithm of minus infinity at the target is an infinite
/// loss, and elsewhere nothing.
///
/// Every form of a [`ClassLoss`] is there: `on_probabilities`, label smoothing, weights of samples.
///
/// Source: R. A. Fisher, *On the Mathematical Foundations of Theoretical Statistics*, 1922.
///
/// Shapes: logits `[N, C, ..]`, class indices `[N, ..]` (or probabilities `[N, C, ..]`). Panics if they do not fit or
/// an index is no class (NaN on a GPU).
///
/// Equivalent: `torch.nn.NLLLoss(weight=.., ignore_index=-100)`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor, activation::log_softmax};
/// use burn_losses::NllLossConfig;
///
/// let device = Device::flex();
/// let loss = NllLossConfig::new().init();
/// let logits = Tensor::<2>::from_floats([[0.0, 0.0], [3.0, -1.0]], &device);
/// let targets = Tensor::<1, Int>::from_ints([0, -100], &device);
/// let value = loss.forward(log_softmax(logits, 1), targets).into_scalar::<f32>();
/// assert!((value - 2f32.ln()).abs() < 1e-6);
/// ```
#[doc(alias = "NLLLoss")]
#[doc(alias = "nll_loss")]
pub type NllLoss = ClassLoss<LogLikelihood>;

impl NllLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a weight is negative or not finite or the list of them is empty.
    #[inline(never)] // The kernels of the formula are compiled here.
    pub fn try_init(&self) -> Result<NllLoss, LossError> {
        Check("NllLossConfig").class_weights("class_weights", &self.class_weights)?;
        let loss = ClassLoss::named("NllLoss", CrossEntropy, &[], self.reduction)
            .with_class_weights(self.class_weights.clone())
            .with_ignore_index(self.ignore_index);
        Ok(loss.of_log_probabilities(LogLikelihood))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> NllLoss {
        built(self.try_init())
    }
}

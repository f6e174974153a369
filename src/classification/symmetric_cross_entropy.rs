//! Symmetric cross entropy.

use crate::{
    class::ClassLoss,
    config::config,
    error::{Check, LossError, built},
    formula::SymmetricCrossEntropy,
    reduction::Reduction,
};

config! {
    /// Configuration of [`SymmetricCrossEntropyLoss`].
    pub struct SymmetricCrossEntropyLossConfig {
        /// The factor of the cross entropy, 0 or above. Default: 0.1 (the paper, for CIFAR-10).
        pub alpha: f64 = 0.1,
        /// The factor of the reverse cross entropy, 0 or above. Default: 1 (the paper).
        pub beta: f64 = 1.0,
        /// The value used for the logarithm of 0, 0 or below. Default: -4 (the paper). Implementations that clamp the
        /// one-hot target to at least 1e-4 and take its natural logarithm use -9.21.
        pub log_zero: f64 = -4.0,
        /// The weight of each class. Default: none.
        #[alias = "weights"]
        pub class_weights: Option<Vec<f64>> = None,
        /// The class index that marks a sample as ignored. Default: -100 (PyTorch).
        pub ignore_index: Option<i64> = Some(-100),
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// A loss for noisy labels: the cross entropy, plus the reverse cross entropy, which exchanges prediction and label.
///
/// ```text
/// l = w_y (-alpha ln p_y - beta sum_c p_c ln t_c)          p = softmax(logits)
///   = w_y (-alpha ln p_y - beta log_zero (1 - p_y))
/// ```
/// for the target class `y`, whose target `t` is 1 (0 elsewhere, with `log_zero` for its logarithm),
/// and the class weights `w`. A mean divides by the sum of the targets' class weights.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/noisy_labels.svg"))]
///
/// Source: Y. Wang et al., *Symmetric Cross Entropy for Robust Learning with Noisy Labels*, 2019.
///
/// Shapes: logits `[N, C, ..]`, class indices `[N, ..]` (or probabilities `[N, C, ..]`). Panics if they do not fit or
/// an index is no class (NaN on a GPU).
///
/// Equivalent: the authors' `SCELoss(alpha=0.1, beta=1.0)`, which has the logarithm of 1e-4 for `log_zero`; PyTorch
/// has none.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::SymmetricCrossEntropyLossConfig;
///
/// let device = Device::flex();
/// let loss = SymmetricCrossEntropyLossConfig::new().init();
/// let logits = Tensor::<2>::from_floats([[0.0, 0.0]], &device);
/// let targets = Tensor::<1, Int>::from_ints([1], &device);
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// assert!((value - (0.1 * 2f32.ln() + 2.0)).abs() < 1e-6);
/// ```
#[doc(alias = "SCE")]
#[doc(alias = "SCELoss")]
#[doc(alias = "reverse_cross_entropy")]
pub type SymmetricCrossEntropyLoss = ClassLoss<SymmetricCrossEntropy>;

impl SymmetricCrossEntropyLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `alpha`, `beta` or a weight is negative or not finite, `log_zero` is above 0 or not finite,
    /// or the list of weights is empty.
    #[inline(never)] // The kernels of the formula are compiled here.
    pub fn try_init(&self) -> Result<SymmetricCrossEntropyLoss, LossError> {
        let check = Check("SymmetricCrossEntropyLossConfig");
        check.at_least_zero("alpha", self.alpha)?;
        check.at_least_zero("beta", self.beta)?;
        check.that(
            self.log_zero <= 0.0 && self.log_zero >= f32::MIN as f64,
            "log_zero",
            self.log_zero,
            "a finite number of 0 or below",
        )?;
        check.class_weights("class_weights", &self.class_weights)?;
        Ok(ClassLoss::named(
            "SymmetricCrossEntropyLoss",
            SymmetricCrossEntropy {
                alpha: self.alpha,
                beta: self.beta,
                log_zero: self.log_zero,
            },
            &[
                ("alpha", &self.alpha),
                ("beta", &self.beta),
                ("log_zero", &self.log_zero),
            ],
            self.reduction,
        )
        .with_class_weights(self.class_weights.clone())
        .with_ignore_index(self.ignore_index))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> SymmetricCrossEntropyLoss {
        built(self.try_init())
    }
}

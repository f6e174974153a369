//! Balanced softmax.

use crate::{
    class::ClassLoss,
    config::config,
    error::{Check, LossError, built},
    formula::BalancedSoftmax,
    reduction::Reduction,
};

config! {
    /// Configuration of [`BalancedSoftmaxLoss`].
    pub struct BalancedSoftmaxLossConfig {
        /// The number of samples of each class in the training set: 0 for a class that never occurs; at least one above 0.
        pub class_counts: Vec<usize>,
        /// The weight of each class. Default: none.
        #[alias = "weights"]
        pub class_weights: Option<Vec<f64>> = None,
        /// The share of each target that is spread over all classes, from 0 to 1. Default: 0.
        pub label_smoothing: f64 = 0.0,
        /// The class index that marks a sample as ignored. Default: -100 (PyTorch).
        pub ignore_index: Option<i64> = Some(-100),
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// Cross entropy for training data with rare classes, if all classes are equally frequent when the model is used.
///
/// ```text
/// l = -sum_c q_c w_c ln p_c          p = softmax(logits + ln n)
/// ```
/// with the counts `n` of the classes in the training set and `q`, `w` as in
/// [`CrossEntropyLoss`](crate::CrossEntropyLoss). The plain logits are used at inference.
/// A class whose count is 0 has the probability 0: it takes no part in the softmax, its loss as a target is infinite, and
/// so is every loss with label smoothing, unless the weight of the class is 0.
///
/// Source: J. Ren et al., *Balanced Meta-Softmax for Long-Tailed Visual Recognition*, 2020.
///
/// Shapes: logits `[N, C, ..]`, class indices `[N, ..]` (or probabilities `[N, C, ..]`). Panics if they do not fit or
/// an index is no class (NaN on a GPU).
///
/// Equivalent: `F.cross_entropy(x + counts.log(), y)`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::BalancedSoftmaxLossConfig;
///
/// let device = Device::flex();
/// let loss = BalancedSoftmaxLossConfig::new(vec![30, 10]).init();
/// let logits = Tensor::<2>::from_floats([[0.0, 0.0]], &device);
/// let targets = Tensor::<1, Int>::from_ints([1], &device);
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// assert!((value - 4f32.ln()).abs() < 1e-6);
/// ```
#[doc(alias = "BalSoftmax")]
#[doc(alias = "balanced_softmax_loss")]
pub type BalancedSoftmaxLoss = ClassLoss<BalancedSoftmax>;

impl BalancedSoftmaxLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If all counts are 0, a weight is negative or not finite, a list is empty, or `label_smoothing` is
    /// not from 0 to 1.
    #[inline(never)] // The kernels of the formula are compiled here.
    pub fn try_init(&self) -> Result<BalancedSoftmaxLoss, LossError> {
        let check = Check("BalancedSoftmaxLossConfig");
        check.some_class_counts("class_counts", &self.class_counts)?;
        check.class_weights("class_weights", &self.class_weights)?;
        let (weights, counts) = (self.class_weights.as_deref(), Some(&self.class_counts[..]));
        check.same_length(("class_weights", weights), ("class_counts", counts))?;
        check.in_unit_interval("label_smoothing", self.label_smoothing)?;
        Ok(ClassLoss::named(
            "BalancedSoftmaxLoss",
            BalancedSoftmax {
                class_counts: self.class_counts.clone(),
            },
            &[("class_counts", &self.class_counts)],
            self.reduction,
        )
        .with_class_weights(self.class_weights.clone())
        .with_label_smoothing(self.label_smoothing)
        .with_ignore_index(self.ignore_index))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> BalancedSoftmaxLoss {
        built(self.try_init())
    }
}

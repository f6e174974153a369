//! Cross entropy.

use crate::{
    class::ClassLoss,
    config::config,
    error::{Check, LossError, built},
    formula::CrossEntropy,
    reduction::Reduction,
};

config! {
    /// Configuration of [`CrossEntropyLoss`].
    pub struct CrossEntropyLossConfig {
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

/// The cross entropy of logits against class indices, or against probabilities of the classes.
///
/// ```text
/// l = -sum_c q_c w_c ln p_c          p = softmax(logits)
/// q = (1 - e) target + e / C
/// ```
/// with the class weights `w` and the label smoothing `e`; the target of a class index is 1 at that class. A mean
/// divides by the sum of the targets' class weights (class indices) or by the number of samples (probabilities), as in
/// PyTorch; ignored samples count in neither. The loss is exact for logits of any size.
///
/// A logit of minus infinity adds nothing if its target is 0; label smoothing makes all targets positive and this loss
/// infinite.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/classes.svg"))]
///
/// Sources: I. J. Good, *Rational Decisions*, 1952; label smoothing: C. Szegedy et al., *Rethinking
/// the Inception Architecture for Computer Vision*, 2016.
///
/// Shapes: logits `[N, C, ..]`, class indices `[N, ..]` (or probabilities `[N, C, ..]`). Panics if they do not fit or
/// an index is no class (NaN on a GPU).
///
/// Equivalent: `torch.nn.CrossEntropyLoss(weight=.., ignore_index=-100, label_smoothing=0.0)`; without a sample
/// that counts it is NaN there and 0 here. [`LinearCrossEntropyLoss`](crate::LinearCrossEntropyLoss) takes hidden
/// states and a layer.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::CrossEntropyLossConfig;
///
/// let device = Device::flex();
/// let loss = CrossEntropyLossConfig::new().with_label_smoothing(0.1).init();
/// let logits = Tensor::<2>::from_floats([[0.0, 0.0], [3.0, -1.0]], &device);
/// let targets = Tensor::<1, Int>::from_ints([0, -100], &device);
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// assert!((value - 2f32.ln()).abs() < 1e-6);
/// ```
#[doc(alias = "CE")]
#[doc(alias = "cross_entropy")]
#[doc(alias = "softmax_cross_entropy")]
#[doc(alias = "label_smoothing")]
pub type CrossEntropyLoss = ClassLoss<CrossEntropy>;

impl CrossEntropyLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a weight is negative or not finite or the list of them is empty, or `label_smoothing` is
    /// not from 0 to 1.
    #[inline(never)] // The kernels of the formula are compiled here.
    pub fn try_init(&self) -> Result<CrossEntropyLoss, LossError> {
        let check = Check("CrossEntropyLossConfig");
        check.class_weights("class_weights", &self.class_weights)?;
        check.in_unit_interval("label_smoothing", self.label_smoothing)?;
        Ok(
            ClassLoss::named("CrossEntropyLoss", CrossEntropy, &[], self.reduction)
                .with_class_weights(self.class_weights.clone())
                .with_label_smoothing(self.label_smoothing)
                .with_ignore_index(self.ignore_index),
        )
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> CrossEntropyLoss {
        built(self.try_init())
    }
}

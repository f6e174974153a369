//! Generalized cross entropy.

use crate::{
    class::ClassLoss,
    config::config,
    error::{Check, LossError, built},
    formula::GeneralizedCrossEntropy,
    reduction::Reduction,
};

config! {
    /// Configuration of [`GeneralizedCrossEntropyLoss`].
    pub struct GeneralizedCrossEntropyLossConfig {
        /// The exponent, above 0, at most 1: values near 0 give cross entropy, 1 gives the mean absolute error. Default:
        /// 0.7 (the paper).
        pub q: f64 = 0.7,
        /// The weight of each class. Default: none.
        #[alias = "weights"]
        pub class_weights: Option<Vec<f64>> = None,
        /// The class index that marks a sample as ignored. Default: -100 (PyTorch).
        pub ignore_index: Option<i64> = Some(-100),
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// A loss for noisy labels: training is as fast as with cross entropy and almost as robust to wrong labels as with the
/// mean absolute error.
///
/// ```text
/// l = w_y (1 - p_y^q) / q          p = softmax(logits)
/// ```
/// for the target class `y`, with the class weights `w`. A mean divides by the sum of the targets'
/// class weights.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/noisy_labels.svg"))]
///
/// Source: Z. Zhang, M. R. Sabuncu, *Generalized Cross Entropy Loss for Training Deep Neural Networks
/// with Noisy Labels*, 2018.
///
/// Shapes: logits `[N, C, ..]`, class indices `[N, ..]` (or probabilities `[N, C, ..]`). Panics if they do not fit or
/// an index is no class (NaN on a GPU).
///
/// Equivalent: none in PyTorch and its common libraries.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::GeneralizedCrossEntropyLossConfig;
///
/// let device = Device::flex();
/// let loss = GeneralizedCrossEntropyLossConfig::new().with_q(0.5).init();
/// let logits = Tensor::<2>::from_floats([[0.0, 0.0]], &device);
/// let targets = Tensor::<1, Int>::from_ints([1], &device);
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// assert!((value - 2.0 * (1.0 - 0.5f32.sqrt())).abs() < 1e-6);
/// ```
#[doc(alias = "GCE")]
#[doc(alias = "truncated_loss")]
pub type GeneralizedCrossEntropyLoss = ClassLoss<GeneralizedCrossEntropy>;

impl GeneralizedCrossEntropyLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `q` is not above 0 and at most 1, or a weight is negative or not finite or the list of them
    /// is empty.
    #[inline(never)] // The kernels of the formula are compiled here.
    pub fn try_init(&self) -> Result<GeneralizedCrossEntropyLoss, LossError> {
        let check = Check("GeneralizedCrossEntropyLossConfig");
        check.above_zero("q", self.q)?;
        check.that(self.q <= 1.0, "q", self.q, "a number above 0, at most 1")?;
        check.class_weights("class_weights", &self.class_weights)?;
        Ok(ClassLoss::named(
            "GeneralizedCrossEntropyLoss",
            GeneralizedCrossEntropy { q: self.q },
            &[("q", &self.q)],
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
    pub fn init(&self) -> GeneralizedCrossEntropyLoss {
        built(self.try_init())
    }
}

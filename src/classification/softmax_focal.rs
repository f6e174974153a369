//! Softmax focal loss.

use crate::{
    class::ClassLoss,
    config::config,
    error::{Check, LossError, built},
    formula::SoftmaxFocal,
    reduction::Reduction,
};

config! {
    /// Configuration of [`SoftmaxFocalLoss`].
    pub struct SoftmaxFocalLossConfig {
        /// The factor of each class, from 0 to 1, or one factor for all. It does not count in the divisor of a mean,
        /// unlike `class_weights`. Default: none.
        pub alpha: Option<Vec<f64>> = None,
        /// The focusing parameter, 0 or above; 0 gives cross entropy. Default: 2 (the paper).
        pub gamma: f64 = 2.0,
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

/// The focal loss of one class among several: cross entropy with less weight on correct predictions.
///
/// ```text
/// l = -sum_c q_c w_c alpha_c (1 - p_c)^gamma ln p_c          p = softmax(logits)
/// q = (1 - e) target + e / C
/// ```
/// with the class weights `w` and the label smoothing `e`; the target of a class index is 1 at that class. A mean
/// divides by the sum of the targets' class weights (class indices) or by the number of samples (probabilities). Value
/// and gradient are finite and correct for every `gamma` and any finite logit.
///
/// [`SigmoidFocalLoss`](crate::SigmoidFocalLoss) treats each class on its own, as detectors do.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/classes.svg"))]
///
/// Source: T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, *Focal Loss for Dense Object
/// Detection*, 2017.
///
/// Shapes: logits `[N, C, ..]`, class indices `[N, ..]` (or probabilities `[N, C, ..]`). Panics if they do not fit or
/// an index is no class (NaN on a GPU).
///
/// Equivalent: `monai.losses.FocalLoss(use_softmax=True)`, whose mean is over all classes, too: it is `C` times
/// smaller.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::SoftmaxFocalLossConfig;
///
/// let device = Device::flex();
/// let loss = SoftmaxFocalLossConfig::new().with_gamma(2.0).init();
/// let logits = Tensor::<2>::from_floats([[0.0, 0.0]], &device);
/// let targets = Tensor::<1, Int>::from_ints([1], &device);
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// assert!((value - 0.25 * 2f32.ln()).abs() < 1e-6);
/// ```
#[doc(alias = "FocalLoss")]
pub type SoftmaxFocalLoss = ClassLoss<SoftmaxFocal>;

impl SoftmaxFocalLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If an `alpha` or `label_smoothing` is not from 0 to 1, `gamma` or a weight is negative or not
    /// finite, or a list is empty.
    #[inline(never)] // The kernels of the formula are compiled here.
    pub fn try_init(&self) -> Result<SoftmaxFocalLoss, LossError> {
        let check = Check("SoftmaxFocalLossConfig");
        if let Some(alpha) = &self.alpha {
            let ok = |a: &f64| (0.0..=1.0).contains(a);
            check.each("alpha", alpha, ok, "a number from 0 to 1")?;
        }
        check.at_least_zero("gamma", self.gamma)?;
        check.class_weights("class_weights", &self.class_weights)?;
        let of_classes = self.alpha.as_deref().filter(|alpha| alpha.len() > 1);
        check.same_length(
            ("class_weights", self.class_weights.as_deref()),
            ("alpha", of_classes),
        )?;
        check.in_unit_interval("label_smoothing", self.label_smoothing)?;
        Ok(ClassLoss::named(
            "SoftmaxFocalLoss",
            SoftmaxFocal {
                alpha: self.alpha.clone(),
                gamma: self.gamma,
            },
            &[("alpha", &self.alpha), ("gamma", &self.gamma)],
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
    pub fn init(&self) -> SoftmaxFocalLoss {
        built(self.try_init())
    }
}

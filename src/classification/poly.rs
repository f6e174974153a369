//! Poly-1 loss.

use crate::{
    class::ClassLoss,
    config::config,
    error::{Check, LossError, built},
    formula::Poly,
    reduction::Reduction,
};

config! {
    /// Configuration of [`PolyLoss`].
    pub struct PolyLossConfig {
        /// The number added to the first coefficient of the series of the cross entropy, -1 or above; 0 gives cross
        /// entropy. Default: 2 (the paper for ImageNet, and Optax).
        pub epsilon: f64 = 2.0,
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

/// Poly-1: the cross entropy with another weight on the first term of its series in `1 - p`.
///
/// ```text
/// l = sum_c q_c w_c (-ln p_c + epsilon (1 - p_c))          p = softmax(logits)
/// q = (1 - e) target + e / C
/// ```
/// with the class weights `w` and the label smoothing `e`; the target of a class index is 1 at that
/// class. A mean divides by the sum of the targets' class weights (class indices) or by the number of
/// samples (probabilities).
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/classes.svg"))]
///
/// Source: Z. Leng et al., *PolyLoss: A Polynomial Expansion Perspective of Classification Loss
/// Functions*, 2022.
///
/// Shapes: logits `[N, C, ..]`, class indices `[N, ..]` (or probabilities `[N, C, ..]`). Panics if they do not fit or
/// an index is no class (NaN on a GPU).
///
/// Equivalent: `F.cross_entropy(x, y, reduction="none") + epsilon * (1 - p_y)`; PyTorch has none.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::PolyLossConfig;
///
/// let device = Device::flex();
/// let loss = PolyLossConfig::new().init();
/// let logits = Tensor::<2>::from_floats([[0.0, 0.0]], &device);
/// let targets = Tensor::<1, Int>::from_ints([1], &device);
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// assert!((value - (2f32.ln() + 1.0)).abs() < 1e-6);
/// ```
#[doc(alias = "Poly1")]
#[doc(alias = "poly1_cross_entropy")]
pub type PolyLoss = ClassLoss<Poly>;

impl PolyLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `epsilon` is below -1 or not finite, a weight is negative or not finite or the list of them
    /// is empty, or `label_smoothing` is not from 0 to 1.
    #[inline(never)] // The kernels of the formula are compiled here.
    pub fn try_init(&self) -> Result<PolyLoss, LossError> {
        let check = Check("PolyLossConfig");
        check.that(
            self.epsilon >= -1.0 && self.epsilon <= f32::MAX as f64,
            "epsilon",
            self.epsilon,
            "a finite number of -1 or above",
        )?;
        check.class_weights("class_weights", &self.class_weights)?;
        check.in_unit_interval("label_smoothing", self.label_smoothing)?;
        Ok(ClassLoss::named(
            "PolyLoss",
            Poly {
                epsilon: self.epsilon,
            },
            &[("epsilon", &self.epsilon)],
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
    pub fn init(&self) -> PolyLoss {
        built(self.try_init())
    }
}

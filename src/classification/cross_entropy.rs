//! Cross entropy.

use crate::{
    error::{Check, ClassesOf, LossError},
    formula::{CrossEntropy, NoMargin, SoftmaxRow},
    reduction::Reduction,
    softmax::{SoftmaxLoss, class_weights, soft_target_loss, softmax_loss},
};
use burn::{config::Config, module::Module};

/// Configuration of [`CrossEntropyLoss`].
#[derive(Config, Debug)]
pub struct CrossEntropyLossConfig {
    /// The weight of each class. Default: all the same.
    pub weights: Option<Vec<f64>>,
    /// How much of each target is spread over all classes, from 0 to 1. Default 0.
    #[config(default = 0.0)]
    pub label_smoothing: f64,
    /// The class index that stands for no target. Default -100, as in PyTorch.
    #[config(default = "Some(-100)")]
    pub ignore_index: Option<i64>,
    /// How the losses of all rows become one number.
    #[config(default = "Reduction::Mean")]
    pub reduction: Reduction,
}

/// The cross entropy of logits against class indices, or against probabilities of the classes.
///
/// ```text
/// l = -sum_c q_c w_c ln p_c          p = softmax(logits)
/// q = (1 - e) target + e / C
/// ```
/// with the class weights `w` and the label smoothing `e`; the target of a class index is 1 at that
/// class. A mean divides by the sum of the targets' class weights (class indices) or by the number of
/// rows (probabilities), as PyTorch's does; ignored rows count in neither. The loss of logits is
/// exact at any size.
///
/// A logit of minus infinity costs nothing where the target is 0; with label smoothing no target is,
/// and the loss is infinite.
///
/// Sources: I. J. Good, *Rational Decisions*, 1952; label smoothing: C. Szegedy et al., *Rethinking
/// the Inception Architecture for Computer Vision*, 2016.
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
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct CrossEntropyLoss {
    weights: Option<Vec<f64>>,
    label_smoothing: f64,
    ignore_index: Option<i64>,
    #[module(skip)]
    reduction: Reduction,
}

impl CrossEntropyLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a weight is negative or not finite or the list of them is empty, or `label_smoothing` is
    /// not from 0 to 1.
    pub fn try_init(&self) -> Result<CrossEntropyLoss, LossError> {
        let check = Check("CrossEntropyLossConfig");
        check.class_weights("weights", &self.weights)?;
        check.in_unit_interval("label_smoothing", self.label_smoothing)?;
        Ok(CrossEntropyLoss {
            weights: self.weights.clone(),
            label_smoothing: self.label_smoothing,
            ignore_index: self.ignore_index,
            reduction: self.reduction,
        })
    }
}

softmax_loss!(
    CrossEntropyLoss,
    CrossEntropyLossConfig,
    shows: [weights, label_smoothing, ignore_index]
);
soft_target_loss!(CrossEntropyLoss);

impl SoftmaxLoss for CrossEntropyLoss {
    const NAME: &'static str = "CrossEntropyLoss";
    type Formula = CrossEntropy;
    type Margin = NoMargin;

    #[track_caller]
    fn row(&self, classes: usize) -> SoftmaxRow<CrossEntropy, NoMargin> {
        let weights = class_weights(Self::NAME, &self.weights, classes, ClassesOf::Logits);
        SoftmaxRow {
            smoothing: self.label_smoothing,
            ignore_index: self.ignore_index,
            ..SoftmaxRow::new(Self::NAME, CrossEntropy).weighted(weights)
        }
    }
}

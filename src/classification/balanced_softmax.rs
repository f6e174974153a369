//! Balanced softmax.

use super::logit_adjusted::ln_shares;
use crate::{
    error::{Check, ClassesOf, LossError, check_class_list},
    formula::{CrossEntropy, NoMargin, SoftmaxRow},
    reduction::Reduction,
    softmax::{SoftmaxLoss, class_weights, softmax_loss},
};
use burn::{config::Config, module::Module};

/// Configuration of [`BalancedSoftmaxLoss`].
#[derive(Config, Debug)]
pub struct BalancedSoftmaxLossConfig {
    /// How often each class occurs in the training set, at least once.
    pub class_counts: Vec<usize>,
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

/// Cross entropy for a training set in which some classes are rare, of a model that is to be used
/// where all are as frequent.
///
/// ```text
/// l = -sum_c q_c w_c ln p_c          p = softmax(logits + ln n)
/// ```
/// with the counts `n` of the classes in the training set and `q`, `w` as in
/// [`CrossEntropyLoss`](crate::CrossEntropyLoss). At inference the plain logits are used.
///
/// Source: J. Ren et al., *Balanced Meta-Softmax for Long-Tailed Visual Recognition*, 2020.
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
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct BalancedSoftmaxLoss {
    class_counts: Vec<usize>,
    weights: Option<Vec<f64>>,
    label_smoothing: f64,
    ignore_index: Option<i64>,
    #[module(skip)]
    reduction: Reduction,
}

impl BalancedSoftmaxLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a count is 0, a weight is negative or not finite, a list is empty, or `label_smoothing` is
    /// not from 0 to 1.
    pub fn try_init(&self) -> Result<BalancedSoftmaxLoss, LossError> {
        let check = Check("BalancedSoftmaxLossConfig");
        check.class_counts("class_counts", &self.class_counts)?;
        check.class_weights("weights", &self.weights)?;
        let (weights, counts) = (self.weights.as_deref(), Some(&self.class_counts[..]));
        check.same_length(("weights", weights), ("class_counts", counts))?;
        check.in_unit_interval("label_smoothing", self.label_smoothing)?;
        Ok(BalancedSoftmaxLoss {
            class_counts: self.class_counts.clone(),
            weights: self.weights.clone(),
            label_smoothing: self.label_smoothing,
            ignore_index: self.ignore_index,
            reduction: self.reduction,
        })
    }
}

softmax_loss!(
    BalancedSoftmaxLoss,
    BalancedSoftmaxLossConfig,
    shows: [class_counts, weights, label_smoothing, ignore_index]
);

impl SoftmaxLoss for BalancedSoftmaxLoss {
    const NAME: &'static str = "BalancedSoftmaxLoss";
    type Formula = CrossEntropy;
    type Margin = NoMargin;

    #[track_caller]
    fn row(&self, classes: usize) -> SoftmaxRow<CrossEntropy, NoMargin> {
        let counts = self.class_counts.len();
        check_class_list(
            Self::NAME,
            "class_counts",
            counts,
            classes,
            ClassesOf::Logits,
        );
        let weights = class_weights(Self::NAME, &self.weights, classes, ClassesOf::Logits);
        SoftmaxRow {
            // Shares rather than counts: the softmax is the same, the numbers are smaller.
            bias: ln_shares(&self.class_counts).collect(),
            smoothing: self.label_smoothing,
            ignore_index: self.ignore_index,
            ..SoftmaxRow::new(Self::NAME, CrossEntropy).weighted(weights)
        }
    }
}

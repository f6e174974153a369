//! Sigmoid focal loss.

use crate::{
    error::{Check, LossError},
    formula::{SigmoidFocal, Smoothed},
    pointwise::{MatrixLoss, PointwiseLoss, pointwise_loss},
    reduction::{Normalizer, Reduction},
};
use burn::{config::Config, module::Module, tensor::Tensor};

/// Configuration of [`SigmoidFocalLoss`].
#[derive(Config, Debug)]
pub struct SigmoidFocalLossConfig {
    /// The weight of positives, from 0 to 1; negatives weigh `1 - alpha`. `None` weighs both 1.
    /// Default 0.25, as in the paper.
    #[config(default = "Some(0.25)")]
    pub alpha: Option<f64>,
    /// How fast right predictions fade, 0 or above; 0 is cross entropy. Default 2, as in the paper.
    #[config(default = 2.0)]
    pub gamma: f64,
    /// How much of each target is spread over both classes, from 0 to 1. Default 0.
    #[config(default = 0.0)]
    pub label_smoothing: f64,
    /// How the losses of all elements become one number.
    #[config(default = "Reduction::Mean")]
    pub reduction: Reduction,
}

/// The focal loss of logits against targets in `[0, 1]`: cross entropy that fades where the
/// prediction is already right, so that many easy elements do not drown the few hard ones.
///
/// ```text
/// l = alpha_t (1 - p_t)^gamma CE(x, t')          p = sigmoid(x)
/// p_t     = p t' + (1 - p)(1 - t')
/// alpha_t = alpha t' + (1 - alpha)(1 - t')
/// t'      = t (1 - s) + s / 2
/// ```
/// with the binary cross entropy CE and the label smoothing `s`. Targets may be soft. Value and
/// gradient are finite and right for every `gamma` at any finite logit.
///
/// Detectors divide the sum by the number of foreground anchors:
/// [`forward_normalized`](Self::forward_normalized).
///
/// Source: T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, *Focal Loss for Dense Object
/// Detection*, 2017.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::SigmoidFocalLossConfig;
///
/// let device = Device::flex();
/// let loss = SigmoidFocalLossConfig::new().init();
/// let logits = Tensor::<2>::from_floats([[0.0, 0.0]], &device);
/// let targets = Tensor::<2>::from_floats([[1.0, 0.0]], &device);
/// let value = loss.forward_normalized(logits, targets, 1).into_scalar::<f32>();
/// assert!((value - 0.25 * 2f32.ln()).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct SigmoidFocalLoss {
    alpha: Option<f64>,
    gamma: f64,
    label_smoothing: f64,
    #[module(skip)]
    reduction: Reduction,
}

impl SigmoidFocalLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `alpha` or `label_smoothing` is not from 0 to 1, or `gamma` is negative or not finite.
    pub fn try_init(&self) -> Result<SigmoidFocalLoss, LossError> {
        let check = Check("SigmoidFocalLossConfig");
        if let Some(alpha) = self.alpha {
            check.in_unit_interval("alpha", alpha)?;
        }
        check.at_least_zero("gamma", self.gamma)?;
        check.in_unit_interval("label_smoothing", self.label_smoothing)?;
        Ok(SigmoidFocalLoss {
            alpha: self.alpha,
            gamma: self.gamma,
            label_smoothing: self.label_smoothing,
            reduction: self.reduction,
        })
    }
}

pointwise_loss!(
    SigmoidFocalLoss,
    SigmoidFocalLossConfig,
    shows: [alpha, gamma, label_smoothing]
);

impl SigmoidFocalLoss {
    /// The sum of all losses divided by `max(normalizer, 1)`, whatever the configured reduction:
    /// RetinaNet divides by the number of foreground anchors.
    ///
    /// # Shapes
    /// - logits: `[..]`, any rank
    /// - targets: the same
    /// - normalizer: a number, or a tensor of shape `[1]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit, or the normalizer is a number that is not finite.
    #[track_caller]
    pub fn forward_normalized<const D: usize>(
        &self,
        logits: Tensor<D>,
        targets: Tensor<D>,
        normalizer: impl Into<Normalizer>,
    ) -> Tensor<1> {
        self.normalized(logits, targets, None, normalizer.into())
    }

    /// [`forward_normalized`](Self::forward_normalized) with a weight for each element; 0 ignores
    /// it, as detectors do with anchors that are neither foreground nor background.
    ///
    /// # Shapes
    /// - logits: `[..]`, any rank
    /// - targets: the same
    /// - weights: the same
    /// - normalizer: a number, or a tensor of shape `[1]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit, or the normalizer is a number that is not finite.
    #[track_caller]
    pub fn forward_weighted_normalized<const D: usize>(
        &self,
        logits: Tensor<D>,
        targets: Tensor<D>,
        weights: Tensor<D>,
        normalizer: impl Into<Normalizer>,
    ) -> Tensor<1> {
        self.normalized(logits, targets, Some(weights), normalizer.into())
    }
}

impl PointwiseLoss for SigmoidFocalLoss {
    const NAME: &'static str = "SigmoidFocalLoss";
    type Formula = Smoothed<SigmoidFocal>;

    fn formula(&self) -> Smoothed<SigmoidFocal> {
        Smoothed {
            formula: SigmoidFocal {
                alpha: self.alpha,
                gamma: self.gamma,
            },
            smoothing: self.label_smoothing,
        }
    }
}

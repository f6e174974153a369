//! Sigmoid focal loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{Check, LossError, Numbers, built},
    formula::{SigmoidFocal, Smoothed},
    reduction::Reduction,
};

config! {
    /// Configuration of [`SigmoidFocalLoss`].
    pub struct SigmoidFocalLossConfig {
        /// The weight of positives, from 0 to 1; negatives have weight `1 - alpha`. `None` gives both weight 1. Default:
        /// 0.25 (the paper).
        pub alpha: Option<f64> = Some(0.25),
        /// The focusing parameter, 0 or above; 0 gives cross entropy. Default: 2 (the paper).
        pub gamma: f64 = 2.0,
        /// The share of each target that is spread over both classes, from 0 to 1. Default: 0.
        pub label_smoothing: f64 = 0.0,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The focal loss of logits against targets in `[0, 1]`: cross entropy with less weight on correct predictions, so
/// that many easy elements do not dominate a few hard ones.
///
/// ```text
/// l = alpha_t (1 - p_t)^gamma CE(x, t')          p = sigmoid(x)
/// p_t     = p t' + (1 - p)(1 - t')
/// alpha_t = alpha t' + (1 - alpha)(1 - t')
/// t'      = t (1 - s) + s / 2
/// ```
/// with the binary cross entropy CE and the label smoothing `s`. Targets may be soft. Value and gradient are finite
/// and correct for every `gamma` and any finite logit.
///
/// Detectors divide the sum by the number of foreground anchors:
/// [`ElementEvaluation::divided_by`](crate::ElementEvaluation::divided_by).
///
/// In a debug build, on a CPU, targets outside `[0, 1]` are refused; a release build does not look.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/focal.svg"))]
///
/// Source: T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, *Focal Loss for Dense Object
/// Detection*, 2017.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `torchvision.ops.sigmoid_focal_loss(x, t, alpha=0.25, gamma=2, reduction="mean")`, whose `alpha=-1`
/// is `None` here.
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
/// let value = loss.on(logits, targets).divided_by(1).into_scalar::<f32>();
/// assert!((value - 0.25 * 2f32.ln()).abs() < 1e-6);
/// ```
#[doc(alias = "FocalLoss")]
#[doc(alias = "sigmoid_focal_loss")]
#[doc(alias = "RetinaNet")]
pub type SigmoidFocalLoss = ElementLoss<Smoothed<SigmoidFocal>>;

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
        let formula = Smoothed {
            formula: SigmoidFocal {
                alpha: self.alpha,
                gamma: self.gamma,
            },
            smoothing: self.label_smoothing,
        };
        let definition = Definition::new("SigmoidFocalLoss", &formula)
            .shows("alpha", self.alpha)
            .shows("gamma", self.gamma)
            .shows("label_smoothing", self.label_smoothing)
            .holding(Numbers::Any, Numbers::Probabilities(None));
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> SigmoidFocalLoss {
        built(self.try_init())
    }
}

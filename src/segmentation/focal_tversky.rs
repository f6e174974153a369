//! Focal Tversky loss.

use super::{AbsentClasses, MaskLoss, settings::settings};
use crate::{
    config::config,
    error::{Check, LossError, built},
    formula::{FocalTversky, Tversky},
    module::Field,
    reduction::Reduction,
};

config! {
    /// Configuration of [`FocalTverskyLoss`].
    pub struct FocalTverskyLossConfig {
        /// Whether predictions are logits. If not, they are probabilities. Default: true.
        pub from_logits: bool = true,
        /// Whether the batch is one sample, whose pixels are summed up together. Default: false (MONAI; SMP: true).
        pub batch: bool = false,
        /// The cost of a class without a pixel. Default: the class is left out of the mean over classes.
        pub absent: AbsentClasses = AbsentClasses::LeftOut,
        /// The weight of each class in the mean over classes; 0 for a background that should not count. Default: none.
        pub class_weights: Option<Vec<f64>> = None,
        /// The class index (or number in a mask) that marks a pixel as ignored. Default: -100 (PyTorch).
        pub ignore_index: Option<i64> = Some(-100),
        /// The weight of false positives, 0 or above. Default: 0.3 (the paper).
        pub false_positives: f64 = 0.3,
        /// The weight of false negatives, 0 or above. Default: 0.7 (the paper).
        pub false_negatives: f64 = 0.7,
        /// How strongly classes that overlap well are attended to: the exponent is `1 / gamma`. Above 0. Default: 4/3 (the
        /// paper).
        pub gamma: f64 = 4.0 / 3.0,
        /// The number added to both sides of the ratio, 0 or above. Default: 1e-5 (MONAI; SMP: 0).
        pub smooth: f64 = 1e-5,
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The focal Tversky loss of masks: [`TverskyLoss`](crate::TverskyLoss) to a power, which turns the attention to small classes that
/// are missed, or with a `gamma` below 1 to those that overlap worst.
///
/// ```text
/// l_c = (1 - (TP_c + s) / (TP_c + a FP_c + b FN_c + s))^(1 / gamma)
/// ```
/// The paper sums over classes, where this takes their mean. A root has no slope at 0: there the gradient is 0.
///
/// Which of both is `alpha` differs: false positives in the paper, SMP and MONAI (both 0.5 by default there, which is Dice), false
/// negatives in the paper of focal Tversky. So here they have names.
///
/// Source: N. Abraham and N. M. Khan, *A Novel Focal Tversky Loss Function with Improved Attention U-Net for Lesion
/// Segmentation*, 2019.
///
/// Shapes: logits `[N, C, ..]`, classes `[N, ..]` or masks `[N, C, ..]`; a loss for each sample. Panics if they do not
/// fit or a target is no class (NaN on a GPU).
///
/// Equivalent: `segmentation_models_pytorch.losses.TverskyLoss(gamma=g)` raises the mean over classes to the power
/// `g`, and has a gradient of NaN at 0.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::FocalTverskyLossConfig;
///
/// let device = Device::flex();
/// let loss = FocalTverskyLossConfig::new().with_smooth(0.0).init();
/// // One sample, two classes, four pixels; class 1 is predicted for a pixel too many.
/// let logits = Tensor::<3>::from_floats([[[30., 0., 0., 0.], [0., 30., 30., 30.]]], &device);
/// let targets = Tensor::<2, Int>::from_ints([[0, 0, 1, 1]], &device);
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// assert!((value - ((0.7f32 / 1.7).powf(0.75) + (0.3f32 / 2.3).powf(0.75)) / 2.0).abs() < 1e-6);
/// ```
#[doc(alias = "FTL")]
pub type FocalTverskyLoss = MaskLoss<FocalTversky>;

impl FocalTverskyLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a weight or `smooth` is negative or not finite, or `gamma` is not above 0.
    pub fn try_init(&self) -> Result<FocalTverskyLoss, LossError> {
        let check = Check("FocalTverskyLossConfig");
        check.at_least_zero("false_positives", self.false_positives)?;
        check.at_least_zero("false_negatives", self.false_negatives)?;
        check.at_least_zero("smooth", self.smooth)?;
        check.above_zero("gamma", self.gamma)?;
        let settings = settings!(self, self.from_logits).checked(check)?;
        let tversky = Tversky {
            false_positives: self.false_positives,
            false_negatives: self.false_negatives,
            smooth: self.smooth,
            log: false,
        };
        let formula = FocalTversky {
            tversky,
            gamma: self.gamma,
        };
        let shown: &[Field<'_>] = &[
            ("false_positives", &self.false_positives),
            ("false_negatives", &self.false_negatives),
            ("gamma", &self.gamma),
            ("smooth", &self.smooth),
        ];
        let loss =
            MaskLoss::of_overlaps("FocalTverskyLoss", formula, shown, settings, self.reduction);
        Ok(loss)
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> FocalTverskyLoss {
        built(self.try_init())
    }
}

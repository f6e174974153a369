//! Tversky loss.

use super::{AbsentClasses, MaskLoss, settings::settings};
use crate::{
    config::config,
    error::{Check, LossError, built},
    formula::Tversky,
    module::Field,
    reduction::Reduction,
};

config! {
    /// Configuration of [`TverskyLoss`].
    pub struct TverskyLossConfig {
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
        /// The number added to both sides of the ratio, 0 or above. Default: 1e-5 (MONAI; SMP: 0).
        pub smooth: f64 = 1e-5,
        /// Whether the loss is the negative logarithm of the ratio (at least 1e-7). Default: false.
        pub log: bool = false,
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The Tversky loss of masks: Dice with a weight for each kind of error.
///
/// ```text
/// l_c = 1 - (TP_c + s) / (TP_c + a FP_c + b FN_c + s)          s = smooth
/// ```
/// with the weight `a` of false positives, `b` of false negatives, and the sums of [`MaskLoss`](crate::MaskLoss).
/// Which of both is `alpha` differs: false positives in the paper, SMP and MONAI (both 0.5 by default there, which is Dice), false
/// negatives in the paper of focal Tversky. So here they have names.
///
/// Source: S. S. M. Salehi, D. Erdogmus, A. Gholipour, *Tversky Loss Function for Image Segmentation Using 3D Fully
/// Convolutional Deep Networks*, 2017.
///
/// Shapes: logits `[N, C, ..]`, classes `[N, ..]` or masks `[N, C, ..]`; a loss for each sample. Panics if they do not
/// fit or a target is no class (NaN on a GPU).
///
/// Equivalent: `monai.losses.TverskyLoss` and `segmentation_models_pytorch.losses.TverskyLoss`, with the
/// differences of [`DiceLoss`](crate::DiceLoss).
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::TverskyLossConfig;
///
/// let device = Device::flex();
/// let loss = TverskyLossConfig::new().with_smooth(0.0).init();
/// // One sample, two classes, four pixels; class 1 is predicted for a pixel too many.
/// let logits = Tensor::<3>::from_floats([[[30., 0., 0., 0.], [0., 30., 30., 30.]]], &device);
/// let targets = Tensor::<2, Int>::from_ints([[0, 0, 1, 1]], &device);
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// assert!((value - (0.7 / 1.7 + 0.3 / 2.3) / 2.0).abs() < 1e-6);
/// ```
#[doc(alias = "tversky_loss")]
pub type TverskyLoss = MaskLoss<Tversky>;

impl TverskyLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a weight or `smooth` is negative or not finite.
    pub fn try_init(&self) -> Result<TverskyLoss, LossError> {
        let check = Check("TverskyLossConfig");
        check.at_least_zero("false_positives", self.false_positives)?;
        check.at_least_zero("false_negatives", self.false_negatives)?;
        check.at_least_zero("smooth", self.smooth)?;
        let settings = settings!(self, self.from_logits).checked(check)?;
        let formula = Tversky {
            false_positives: self.false_positives,
            false_negatives: self.false_negatives,
            smooth: self.smooth,
            log: self.log,
        };
        let shown: &[Field<'_>] = &[
            ("false_positives", &self.false_positives),
            ("false_negatives", &self.false_negatives),
            ("smooth", &self.smooth),
            ("log", &self.log),
        ];
        let loss = MaskLoss::of_overlaps("TverskyLoss", formula, shown, settings, self.reduction);
        Ok(loss)
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> TverskyLoss {
        built(self.try_init())
    }
}

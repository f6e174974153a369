//! Jaccard loss.

use super::{AbsentClasses, MaskLoss, settings::settings};
use crate::{
    config::config,
    error::{Check, LossError, built},
    formula::Tversky,
    module::Field,
    reduction::Reduction,
};

config! {
    /// Configuration of [`JaccardLoss`].
    pub struct JaccardLossConfig {
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
        /// The number added to both sides of the ratio, 0 or above. Default: 1e-5 (MONAI, where it counts half; SMP: 0).
        pub smooth: f64 = 1e-5,
        /// Whether errors are squared before they are summed up: the denominator is `sum p² + sum t² - sum p t` (MONAI). Default: false.
        pub squared: bool = false,
        /// Whether the loss is the negative logarithm of the ratio (at least 1e-7). Default: false.
        pub log: bool = false,
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The Jaccard loss of masks: what intersection lacks of union, also known as soft IoU loss.
///
/// ```text
/// l_c = 1 - (TP_c + s) / (TP_c + FP_c + FN_c + s)          s = smooth
/// ```
/// with the sums of [`MaskLoss`](crate::MaskLoss). Without smoothing the loss is 0 where nothing is there and nothing predicted.
///
/// Source: M. A. Rahman and Y. Wang, *Optimizing Intersection-Over-Union in Deep Neural Networks for Image Segmentation*, 2016.
///
/// Shapes: logits `[N, C, ..]`, classes `[N, ..]` or masks `[N, C, ..]`; a loss for each sample. Panics if they do not
/// fit or a target is no class (NaN on a GPU).
///
/// Equivalent: `monai.losses.DiceLoss(jaccard=True)` and `segmentation_models_pytorch.losses.JaccardLoss`, with the
/// differences of [`DiceLoss`](crate::DiceLoss). MONAI's smoothing is twice ours
/// (`(2 TP + s) / (2 (TP + FP + FN) + s)`), SMP's the same.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::JaccardLossConfig;
///
/// let device = Device::flex();
/// let loss = JaccardLossConfig::new().with_smooth(0.0).init();
/// // One sample, two classes, four pixels; class 1 is predicted for a pixel too many.
/// let logits = Tensor::<3>::from_floats([[[30., 0., 0., 0.], [0., 30., 30., 30.]]], &device);
/// let targets = Tensor::<2, Int>::from_ints([[0, 0, 1, 1]], &device);
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// assert!((value - (1.0 / 2.0 + 1.0 / 3.0) / 2.0).abs() < 1e-6);
/// ```
#[doc(alias = "IoULoss")]
#[doc(alias = "soft_iou")]
pub type JaccardLoss = MaskLoss<Tversky>;

impl JaccardLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `smooth` or a class weight is negative or not finite.
    pub fn try_init(&self) -> Result<JaccardLoss, LossError> {
        let check = Check("JaccardLossConfig");
        check.at_least_zero("smooth", self.smooth)?;
        let settings = settings!(self, self.from_logits).checked(check)?;
        let formula = Tversky {
            false_positives: 1.0,
            false_negatives: 1.0,
            smooth: self.smooth,
            log: self.log,
        };
        let shown: &[Field<'_>] = &[
            ("smooth", &self.smooth),
            ("squared", &self.squared),
            ("log", &self.log),
        ];
        let loss = MaskLoss::of_overlaps("JaccardLoss", formula, shown, settings, self.reduction);
        Ok(loss.squaring(self.squared))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> JaccardLoss {
        built(self.try_init())
    }
}

//! Matthews correlation coefficient loss.

use super::{AbsentClasses, MaskLoss, settings::settings};
use crate::{
    config::config,
    error::{Check, LossError, built},
    formula::Matthews,
    module::Field,
    reduction::Reduction,
};

config! {
    /// Configuration of [`MccLoss`].
    pub struct MccLossConfig {
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
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The Matthews correlation coefficient of masks as a loss: unlike overlaps it counts true negatives, too.
///
/// ```text
/// l_c = 1 - (TP TN - FP FN) / sqrt((TP + FP) (TP + FN) (TN + FP) (TN + FN))
/// ```
/// with the sums of [`MaskLoss`](crate::MaskLoss), from 0 to 2. Sums are taken as shares of all pixels, since a product of four
/// counts leaves the range of `f16` from 16 pixels on. Where a side is empty (a class that is everywhere, or predicted nowhere) the
/// loss is 1 with gradient 0, and 0 without an error.
///
/// Source: K. Abhishek and G. Hamarneh, *Matthews Correlation Coefficient Loss for Deep Convolutional Networks*, 2021.
///
/// Shapes: logits `[N, C, ..]`, classes `[N, ..]` or masks `[N, C, ..]`; a loss for each sample. Panics if they do not
/// fit or a target is no class (NaN on a GPU).
///
/// Equivalent: `monai.losses.MCCLoss`, which adds 1e-5 under the root; `segmentation_models_pytorch.losses.MCCLoss`
/// adds it to each count, and is binary and of the batch.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::MccLossConfig;
///
/// let device = Device::flex();
/// let loss = MccLossConfig::new().init();
/// // One sample, two classes, four pixels; class 1 is predicted for a pixel too many.
/// let logits = Tensor::<3>::from_floats([[[30., 0., 0., 0.], [0., 30., 30., 30.]]], &device);
/// let targets = Tensor::<2, Int>::from_ints([[0, 0, 1, 1]], &device);
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// assert!((value - (1.0 - 2.0 / 12f32.sqrt())).abs() < 1e-6);
/// ```
#[doc(alias = "Matthews")]
#[doc(alias = "phi coefficient")]
pub type MccLoss = MaskLoss<Matthews>;

impl MccLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a class weight is negative or not finite.
    pub fn try_init(&self) -> Result<MccLoss, LossError> {
        let check = Check("MccLossConfig");
        let settings = settings!(self, self.from_logits).checked(check)?;
        let formula = Matthews;
        let shown: &[Field<'_>] = &[];
        let loss = MaskLoss::of_overlaps("MccLoss", formula, shown, settings, self.reduction);
        Ok(loss)
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> MccLoss {
        built(self.try_init())
    }
}

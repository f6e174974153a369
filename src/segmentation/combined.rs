//! Dice and cross entropy, or focal loss, in one pass.

use super::{
    AbsentClasses, MaskLoss,
    loss::{Definition, Kind},
    settings::settings,
};
use crate::{
    backend::{ClassObject, ElementFormula, OverlapSums, PixelTerm},
    config::config,
    error::{Check, LossError, built},
    formula::{Activation, BinaryCrossEntropy, CrossEntropy, SigmoidFocal, SoftmaxFocal, Tversky},
    module::Field,
    reduction::Reduction,
    samples::Costs,
};
use burn::tensor::Tensor;
use std::sync::Arc;

config! {
    /// Configuration of [`CombinedLoss`].
    pub struct CombinedLossConfig {
        /// The factor of the Dice loss. Default: 1 (MONAI's `lambda_dice`).
        pub dice_weight: f64 = 1.0,
        /// The factor of the loss of pixels. Default: 1 (MONAI's `lambda_ce`, `lambda_focal`).
        pub pixel_weight: f64 = 1.0,
        /// The focusing parameter of the loss of pixels, 0 or above; 0 is cross entropy, MONAI's `DiceFocalLoss` has 2. Default: 0.
        pub gamma: f64 = 0.0,
        /// The weight of positives among the pixels of masks, from 0 to 1; negatives weigh `1 - alpha`. (With class
        /// indices it is used for a single channel alone; several classes have `class_weights`.) Default: none, both weigh 1.
        pub alpha: Option<f64> = None,
        /// Whether the batch is one sample, whose pixels are summed up together. Default: false (MONAI).
        pub batch: bool = false,
        /// The cost of a class without a pixel in the Dice loss. Default: the class is left out of the mean over classes.
        pub absent: AbsentClasses = AbsentClasses::LeftOut,
        /// The weight of each class, in both losses. Default: none.
        pub class_weights: Option<Vec<f64>> = None,
        /// The class index (or number in a mask) that marks a pixel as ignored. Default: -100 (PyTorch).
        pub ignore_index: Option<i64> = Some(-100),
        /// What is added to both sides of the Dice ratio, 0 or above. Default: 1e-5 (MONAI).
        pub smooth: f64 = 1e-5,
        /// Whether errors are squared before they are summed up in the Dice loss. Default: false.
        pub squared: bool = false,
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The formula of [`CombinedLoss`].
#[derive(Clone, Copy, Debug)]
pub struct DiceAndPixels {
    /// The factor of the Dice loss.
    pub dice_weight: f64,
    /// The factor of the loss of pixels.
    pub pixel_weight: f64,
    /// The focusing parameter of the loss of pixels.
    pub gamma: f64,
    /// The weight of positives among the pixels of masks.
    pub alpha: Option<f64>,
}

/// Dice loss plus cross entropy, or plus focal loss, of logits: both from one pass, with the softmax computed once.
///
/// ```text
/// l = a Dice + b sum_i w_(y_i) phi(p_i) / sum_i w_(y_i)          phi(p) = -(1 - p)^gamma ln p, over the pixels of a sample
/// ```
/// with the factors `a` and `b`, the class weights `w` and the probability `p_i` of the class of pixel i; of masks the mean is over
/// all pixels of all channels. [`DiceLoss`](crate::DiceLoss) is that of its own page. The second
/// term is PyTorch's weighted mean for each sample by itself; with `batch`, for all samples together.
///
/// | MONAI | ours | differences |
/// |---|---|---|
/// | `DiceCELoss(softmax=True)` | the defaults, with [`AbsentClasses::Kept`](crate::AbsentClasses::Kept) | `weight` multiplies the Dice losses before a plain mean, and fails on an ignored 255; of one channel it is a weight of positives |
/// | `DiceLoss(softmax=True)` and `FocalLoss(use_softmax=True)` | `gamma = 2` | the focal mean is over all classes, too: `pixel_weight = 1 / C` here; `DiceFocalLoss(softmax=True)` adds the focal loss of sigmoids |
/// | `DiceFocalLoss(sigmoid=True)` | `gamma = 2`, `on_masks` | |
///
/// Any other sum of losses is one by [`plus`](crate::SampleEvaluation::plus).
///
/// Sources: F. Isensee et al., *nnU-Net*, 2021 (Dice and cross entropy); W. Zhu et al., *AnatomyNet*, 2018 (Dice and focal).
///
/// Shapes: logits `[N, C, ..]`, classes `[N, ..]` or masks `[N, C, ..]`; a loss for each sample. Panics if they do not
/// fit or a target is no class (NaN on a GPU).
///
/// Equivalent: those of the table, with its differences.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::{CombinedLossConfig, CrossEntropyLossConfig, DiceLossConfig};
///
/// let device = Device::flex();
/// let logits = Tensor::<3>::from_floats([[[3.0, -2.0, 1.0], [0.0, 1.0, 1.0]]], &device);
/// let targets = Tensor::<2, Int>::from_ints([[0, 1, 0]], &device);
/// let loss = CombinedLossConfig::new().with_pixel_weight(2.0).init();
/// let both = loss.forward(logits.clone(), targets.clone());
/// let dice = DiceLossConfig::new().init().forward(logits.clone(), targets.clone());
/// let entropy = CrossEntropyLossConfig::new().init().forward(logits, targets);
/// assert!((both - dice - entropy * 2.0).into_scalar::<f32>().abs() < 1e-6);
/// ```
#[doc(alias = "DiceCELoss")]
#[doc(alias = "DiceFocalLoss")]
#[doc(alias = "DiceBCELoss")]
#[doc(alias = "dice_ce")]
pub type CombinedLoss = MaskLoss<DiceAndPixels>;

impl CombinedLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a weight, `gamma` or `smooth` is negative or not finite, or `alpha` is not from 0 to 1.
    #[inline(never)] // The kernels of the formulas are compiled here.
    pub fn try_init(&self) -> Result<CombinedLoss, LossError> {
        let check = Check("CombinedLossConfig");
        check.at_least_zero("dice_weight", self.dice_weight)?;
        check.at_least_zero("pixel_weight", self.pixel_weight)?;
        check.at_least_zero("gamma", self.gamma)?;
        check.at_least_zero("smooth", self.smooth)?;
        if let Some(alpha) = self.alpha {
            check.in_unit_interval("alpha", alpha)?;
        }
        let settings = settings!(self, true).checked(check)?;
        let dice = Tversky {
            false_positives: 0.5,
            false_negatives: 0.5,
            smooth: 0.5 * self.smooth,
            log: false,
        };
        let shown: &[Field<'_>] = &[
            ("dice_weight", &self.dice_weight),
            ("pixel_weight", &self.pixel_weight),
            ("gamma", &self.gamma),
            ("alpha", &self.alpha),
            ("smooth", &self.smooth),
            ("squared", &self.squared),
        ];
        let pixels = PixelLoss::new(self.pixel_weight, self.gamma, self.alpha);
        let kind = Kind::Overlap(Arc::new(dice));
        let definition = Definition {
            squared: self.squared,
            combined: Some((self.dice_weight, pixels)),
            ..Definition::new("CombinedLoss", kind, shown, settings)
        };
        let formula = DiceAndPixels {
            dice_weight: self.dice_weight,
            pixel_weight: self.pixel_weight,
            gamma: self.gamma,
            alpha: self.alpha,
        };
        Ok(MaskLoss::of(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> CombinedLoss {
        built(self.try_init())
    }
}

/// A loss of each pixel, by its class or by each channel.
#[derive(Clone, Debug)]
pub(super) struct PixelLoss {
    factor: f64,
    of_classes: Arc<dyn ClassObject>,
    of_channels: Arc<dyn ElementFormula>,
}

impl PixelLoss {
    fn new(factor: f64, gamma: f64, alpha: Option<f64>) -> Self {
        Self {
            factor,
            of_classes: match gamma {
                0.0 => Arc::new(CrossEntropy),
                _ => Arc::new(SoftmaxFocal { alpha: None, gamma }),
            },
            of_channels: match (gamma, alpha) {
                (0.0, None) => Arc::new(BinaryCrossEntropy),
                _ => Arc::new(SigmoidFocal { alpha, gamma }),
            },
        }
    }

    /// What is summed up of each pixel.
    pub fn term(&self, activation: Activation) -> PixelTerm {
        match activation {
            Activation::Softmax => PixelTerm::Class(self.of_classes.clone()),
            _ => PixelTerm::Element(self.of_channels.clone()),
        }
    }

    /// The mean over the pixels of each sample, times the factor.
    pub fn costs(
        &self,
        sums: &OverlapSums,
        weights: Option<Tensor<2>>,
        has_classes: bool,
    ) -> Costs {
        // Of one channel the sum of the target is that of class 1 alone.
        let has_classes = has_classes && sums.target.dims()[1] > 1;
        let counts = match has_classes {
            true => sums.target.clone(),
            false => sums.target.clone() + sums.absent.clone(),
        };
        let (counts, terms) = match weights {
            Some(weights) => {
                let weightless = weights.clone().equal_scalar(0.0);
                let terms = sums.term.clone().mask_fill(weightless, 0.0);
                (counts * weights.clone(), terms * weights)
            }
            None => (counts, sums.term.clone()),
        };
        let count = counts.sum_dim(1);
        let silent = count.clone().equal_scalar(0.0);
        let total = terms.sum_dim(1) * self.factor;
        let mean = total / count.mask_fill(silent.clone(), 1.0);
        Costs::with_silent(mean.squeeze_dim::<1>(1), silent.squeeze_dim::<1>(1))
    }
}

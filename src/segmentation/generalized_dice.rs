//! Generalized Dice loss.

use super::{
    AbsentClasses, MaskLoss,
    object::{SampleFormula, Shares},
    settings::settings,
};
use crate::{
    backend::OverlapSums,
    config::{Named, config},
    error::{Check, LossError, built},
    formula::Real,
    module::Field,
    reduction::Reduction,
};
use burn::{
    serde::{Deserialize, Serialize},
    tensor::Tensor,
};

/// How much a class counts by the number `T` of its pixels.
///
/// In a configuration file it is `"square"`, `"simple"` or `"uniform"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum VolumeWeights {
    /// `1 / T²`
    #[default]
    Square,
    /// `1 / T`
    Simple,
    /// 1
    Uniform,
}

impl Named for VolumeWeights {
    const NAMES: &'static [(Self, &'static str)] = &[
        (VolumeWeights::Square, "square"),
        (VolumeWeights::Simple, "simple"),
        (VolumeWeights::Uniform, "uniform"),
    ];
}

config! {
    /// Configuration of [`GeneralizedDiceLoss`].
    pub struct GeneralizedDiceLossConfig {
        /// Whether predictions are logits. If not, they are probabilities. Default: true.
        pub from_logits: bool = true,
        /// Whether the batch is one sample, whose pixels are summed up together. Default: false (MONAI).
        pub batch: bool = false,
        /// The treatment of a class without a pixel. Default: it is left out. Where it is kept, it weighs as much as the smallest
        /// class (MONAI).
        pub absent: AbsentClasses = AbsentClasses::LeftOut,
        /// The weight of each class besides; 0 for a background that should not count. Default: none.
        pub class_weights: Option<Vec<f64>> = None,
        /// The class index (or number in a mask) that marks a pixel as ignored. Default: -100 (PyTorch).
        pub ignore_index: Option<i64> = Some(-100),
        /// How much a class counts by its size. Default: `1 / T²` (the paper).
        pub volume_weights: VolumeWeights = VolumeWeights::Square,
        /// The number added to both sides of the ratio, 0 or above, in pixels of the smallest class. Default: 1e-5.
        pub smooth: f64 = 1e-5,
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// Dice of all classes together, each weighted by its size.
#[derive(Clone, Copy, Debug)]
pub struct GeneralizedDice {
    /// How much a class counts by its size.
    pub volume_weights: VolumeWeights,
    /// The number added to both sides of the ratio.
    pub smooth: f64,
}

/// The generalized Dice loss of masks: one ratio of all classes, of which small ones count as much as large ones.
///
/// ```text
/// l = 1 - (2 sum_c w_c TP_c + s) / (sum_c w_c (2 TP_c + FP_c + FN_c) + s)          w_c = (T_min / T_c)²
/// ```
/// with the sums of [`MaskLoss`](crate::MaskLoss), the number `T_c` of pixels of a class, that of the smallest class `T_min`, and
/// s = `smooth`. (`T_min` leaves the ratio as it is; without it the sums of a large image are so small that any smoothing decides.)
///
/// Source: C. H. Sudre, W. Li, T. Vercauteren, S. Ourselin, M. J. Cardoso, *Generalised Dice Overlap as a Deep Learning Loss
/// Function for Highly Unbalanced Segmentations*, 2017.
///
/// Shapes: logits `[N, C, ..]`, classes `[N, ..]` or masks `[N, C, ..]`; a loss for each sample. Panics if they do not
/// fit or a target is no class (NaN on a GPU).
///
/// Equivalent: `monai.losses.GeneralizedDiceLoss` has `w = 1 / T²`, so its `smooth` of 1e-5 counts as `T_min²`
/// times as many pixels as here; a class without a pixel gets the largest of the other weights, and the loss
/// without any class is 0.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::GeneralizedDiceLossConfig;
///
/// let device = Device::flex();
/// let loss = GeneralizedDiceLossConfig::new().with_smooth(0.0).init();
/// // The one pixel of class 1 is missed, and three pixels of class 0 are found.
/// let logits = Tensor::<3>::from_floats([[[30., 30., 30., 30.], [0., 0., 0., 0.]]], &device);
/// let targets = Tensor::<2, Int>::from_ints([[0, 0, 0, 1]], &device);
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// let (w0, w1) = (1.0 / 9.0, 1.0);
/// assert!((value - (w0 * 1.0 + w1 * 1.0) / (w0 * 7.0 + w1 * 1.0)).abs() < 1e-6);
/// ```
#[doc(alias = "generalized_dice")]
pub type GeneralizedDiceLoss = MaskLoss<GeneralizedDice>;

impl GeneralizedDiceLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `smooth` or a class weight is negative or not finite.
    pub fn try_init(&self) -> Result<GeneralizedDiceLoss, LossError> {
        let check = Check("GeneralizedDiceLossConfig");
        check.at_least_zero("smooth", self.smooth)?;
        let settings = settings!(self, self.from_logits).checked(check)?;
        let formula = GeneralizedDice {
            volume_weights: self.volume_weights,
            smooth: self.smooth,
        };
        let shown: &[Field<'_>] = &[
            ("volume_weights", &self.volume_weights),
            ("smooth", &self.smooth),
        ];
        let loss = MaskLoss::of_overlaps(
            "GeneralizedDiceLoss",
            formula,
            shown,
            settings,
            self.reduction,
        );
        Ok(loss)
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> GeneralizedDiceLoss {
        built(self.try_init())
    }
}

impl SampleFormula for GeneralizedDice {
    fn losses(&self, sums: OverlapSums, shares: &Shares) -> Tensor<1> {
        let weights = match shares.absent_classes {
            AbsentClasses::Kept => shares.weights.clone(),
            _ => shares.weights.clone().mask_fill(shares.absent.clone(), 0.0),
        };
        let left_out = weights.clone().equal_scalar(0.0);
        let unknown = left_out.clone().bool_or(shares.absent.clone());
        let size = sums.target.detach();
        let smallest = size.clone().mask_fill(unknown.clone(), f32::MAX).min_dim(1);
        // 1 where there is none: the weight of the smallest.
        let ratio = smallest / size.mask_fill(unknown.clone(), 1.0);
        let ratio = ratio.mask_fill(unknown, 1.0);
        let weights = match self.volume_weights {
            VolumeWeights::Square => weights * ratio.clone() * ratio,
            VolumeWeights::Simple => weights * ratio,
            VolumeWeights::Uniform => weights,
        };
        let total =
            |sums: Tensor<2>| (sums.mask_fill(left_out.clone(), 0.0) * weights.clone()).sum_dim(1);
        let wrong = total(sums.predicted + sums.missed);
        let all = total(sums.both) * 2.0 + wrong.clone() + self.smooth;
        wrong.over(all, 0.0).squeeze_dim::<1>(1)
    }
}

//! Any loss of masks, chosen by a configuration file.

use crate::{
    config::choice,
    error::{LossError, built},
    segmentation::*,
};

choice! {
    /// The configuration of any loss of masks, for training programs that leave the choice to a file.
    ///
    /// The JSON field `"loss"` names the loss in snake case; the other fields are those of its configuration.
    ///
    /// # Example
    /// ```
    /// use burn::config::Config;
    /// use burn_losses::SegmentationLossConfig;
    ///
    /// let text = r#"{"loss": "combined", "gamma": 2.0}"#;
    /// let config = SegmentationLossConfig::load_binary(text.as_bytes()).unwrap();
    /// let loss = config.try_init().unwrap();
    /// # let _ = loss;
    /// ```
    pub enum SegmentationLossConfig {
        /// Dice loss.
        "dice" => Dice(DiceLossConfig),
        /// Generalized Dice loss.
        "generalized_dice" => GeneralizedDice(GeneralizedDiceLossConfig),
        /// Jaccard loss.
        "jaccard" => Jaccard(JaccardLossConfig),
        /// Tversky loss.
        "tversky" => Tversky(TverskyLossConfig),
        /// Focal Tversky loss.
        "focal_tversky" => FocalTversky(FocalTverskyLossConfig),
        /// Matthews correlation coefficient loss.
        "mcc" => Mcc(MccLossConfig),
        /// Dice and cross entropy, or focal loss.
        "combined" => Combined(CombinedLossConfig),
        /// Lovasz hinge loss.
        "lovasz_hinge" => LovaszHinge(LovaszHingeLossConfig),
        /// Lovasz softmax loss.
        "lovasz_softmax" => LovaszSoftmax(LovaszSoftmaxLossConfig),
        /// Boundary loss.
        "boundary" => Boundary(BoundaryLossConfig),
        /// Centreline Dice loss.
        "cl_dice" => ClDice(ClDiceLossConfig),
    }
}

/// Any loss of masks, built by a [`SegmentationLossConfig`], or made from a [`MaskLoss`] by
/// [`into_any`](MaskLoss::into_any).
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::{DiceLossConfig, SegmentationLossConfig};
///
/// let device = Device::flex();
/// let loss = SegmentationLossConfig::from(DiceLossConfig::new()).init();
/// let logits = Tensor::<3>::from_floats([[[30.0, 0.0], [0.0, 30.0]]], &device);
/// let targets = Tensor::<2, Int>::from_ints([[0, 1]], &device);
/// assert!(loss.forward(logits, targets).into_scalar::<f32>() < 1e-6);
/// ```
pub type SegmentationLoss = MaskLoss<AnyMaskFormula>;

impl SegmentationLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a hyperparameter is out of its range.
    pub fn try_init(&self) -> Result<SegmentationLoss, LossError> {
        Ok(match self {
            Self::Dice(config) => config.try_init()?.into_any(),
            Self::GeneralizedDice(config) => config.try_init()?.into_any(),
            Self::Jaccard(config) => config.try_init()?.into_any(),
            Self::Tversky(config) => config.try_init()?.into_any(),
            Self::FocalTversky(config) => config.try_init()?.into_any(),
            Self::Mcc(config) => config.try_init()?.into_any(),
            Self::Combined(config) => config.try_init()?.into_any(),
            Self::LovaszHinge(config) => config.try_init()?.into_any(),
            Self::LovaszSoftmax(config) => config.try_init()?.into_any(),
            Self::Boundary(config) => config.try_init()?.into_any(),
            Self::ClDice(config) => config.try_init()?.into_any(),
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> SegmentationLoss {
        built(self.try_init())
    }
}

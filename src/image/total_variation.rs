//! Total variation.

use super::{
    formula::{evaluation, shown},
    neighbours::{DifferenceScale, differences},
};
use crate::{
    backend::widened,
    config::{Named, config},
    error::{LossError, built},
    module::display,
    reduction::Reduction,
    samples::SampleEvaluation,
};
use burn::{
    module::Module,
    serde::{Deserialize, Serialize},
    tensor::Tensor,
};

/// What [`TotalVariationLoss`] takes of differences. It is `"l1"`, `"l2"` or `"squared_l2"` in a configuration file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum TotalVariationNorm {
    /// Their absolute values: the anisotropic total variation (kornia, torchmetrics).
    #[default]
    L1,
    /// The root of what their squares come to in an image, with gradient 0 for a flat image (piq's `"l2"`).
    L2,
    /// Their squares (piq's `"l2_squared"`).
    SquaredL2,
}

impl Named for TotalVariationNorm {
    const NAMES: &'static [(Self, &'static str)] = &[
        (TotalVariationNorm::L1, "l1"),
        (TotalVariationNorm::L2, "l2"),
        (TotalVariationNorm::SquaredL2, "squared_l2"),
    ];
}

config! {
    /// Configuration of [`TotalVariationLoss`].
    pub struct TotalVariationLossConfig {
        /// What is taken of differences. Default: their absolute values (kornia, torchmetrics).
        pub norm: TotalVariationNorm = TotalVariationNorm::L1,
        /// Whether these are added up or averaged. Default: the mean, which does not depend on the size of an image (kornia's
        /// `"mean"`; its default, and torchmetrics, are the sum).
        pub scale: DifferenceScale = DifferenceScale::Mean,
        /// How the losses of all images become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The total variation of images: how much pixels differ from those above them and to their left. It keeps a prediction smooth.
///
/// ```text
/// l1          l = S |x_(i+1,j) - x_ij| + S |x_(i,j+1) - x_ij|
/// squared_l2  l = S (x_(i+1,j) - x_ij)² + S (x_(i,j+1) - x_ij)²          l2: its root
/// ```
/// where S is a sum or a mean, in each direction by itself. Equal neighbours have gradient 0.
///
/// Source: L. I. Rudin, S. Osher and E. Fatemi, *Nonlinear Total Variation Based Noise Removal Algorithms*, 1992.
///
/// Shapes: images `[N, C, H, W]`; a loss for each.
///
/// Equivalent: `kornia.losses.total_variation(x, reduction="mean").mean()`; for sums
/// `torchmetrics.image.TotalVariation`, or kornia's `TotalVariation`, summed over the channels.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::{DifferenceScale, TotalVariationLossConfig};
///
/// let device = Device::flex();
/// let config = TotalVariationLossConfig::new().with_scale(DifferenceScale::Sum);
/// let image = Tensor::<4>::from_floats([[[[0.0, 1.0], [0.0, 3.0]]]], &device);
/// assert_eq!(config.init().forward(image).into_scalar::<f32>(), 6.0);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
#[doc(alias = "TotalVariation")]
#[doc(alias = "TV")]
pub struct TotalVariationLoss {
    #[module(skip)]
    config: TotalVariationLossConfig,
}

const NAME: &str = "TotalVariationLoss";

impl TotalVariationLossConfig {
    /// Builds the loss.
    ///
    /// # Errors
    /// Never. The method exists because every loss has it.
    pub fn try_init(&self) -> Result<TotalVariationLoss, LossError> {
        let config = self.clone();
        Ok(TotalVariationLoss { config })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> TotalVariationLoss {
        built(self.try_init())
    }
}
display!(TotalVariationLoss, |loss, content| {
    shown(NAME, &loss.config).content(content, &loss.config.reduction)
});

impl TotalVariationLoss {
    /// Returns the losses of all images as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - images: `[N, C, H, W]`
    /// - output: `[1]`
    #[track_caller]
    pub fn forward(&self, images: Tensor<4>) -> Tensor<1> {
        self.on(images).reduce()
    }

    /// Returns the loss of each image.
    ///
    /// # Shapes
    /// - images: `[N, C, H, W]`
    /// - output: `[N]`
    #[track_caller]
    pub fn forward_no_reduction(&self, images: Tensor<4>) -> Tensor<1> {
        self.on(images).each()
    }

    /// Begins an evaluation, to which weights of the images, a normalizer or another reduction can be added.
    ///
    /// # Shapes
    /// - images: `[N, C, H, W]`
    #[track_caller]
    pub fn on(&self, images: Tensor<4>) -> SampleEvaluation {
        let TotalVariationLossConfig {
            norm,
            scale,
            reduction,
        } = self.config;
        evaluation(NAME, reduction, [images], move |[images]| {
            let differences = differences(&widened(images.clone())).into_iter();
            if norm == TotalVariationNorm::L1 {
                return scale.of_images(
                    core::slice::from_ref(&images),
                    differences.map(Tensor::abs).collect(),
                );
            }
            let squares = differences.map(|gap| gap.clone() * gap).collect();
            let squares = scale.of_images(core::slice::from_ref(&images), squares);
            if norm == TotalVariationNorm::SquaredL2 {
                return squares;
            }
            // The root has an infinite slope at 0.
            let flat = squares.clone().detach().equal_scalar(0.0);
            let roots = squares.mask_fill(flat.clone(), 1.0).sqrt();
            roots.mask_fill(flat, 0.0)
        })
    }
}

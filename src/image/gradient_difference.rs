//! Differences of image gradients.

use super::{
    formula::ImageFormula,
    loss::ImageLoss,
    neighbours::{DifferenceScale, differences},
};
use crate::{
    backend::widened,
    config::{Named, config},
    error::{Check, LossError, built},
    reduction::Reduction,
};
use burn::{
    serde::{Deserialize, Serialize},
    tensor::Tensor,
};

/// What [`GradientDifferenceLoss`] compares. It is `"magnitudes"` or `"signed"` in a configuration file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum GradientDifferenceForm {
    /// How steep edges are, whichever way (Mathieu et al.).
    #[default]
    Magnitudes,
    /// Edges with their sign: the L1 loss of image gradients, for `alpha` 1.
    Signed,
}

impl Named for GradientDifferenceForm {
    const NAMES: &'static [(Self, &'static str)] = &[
        (GradientDifferenceForm::Magnitudes, "magnitudes"),
        (GradientDifferenceForm::Signed, "signed"),
    ];
}

config! {
    /// Configuration of [`GradientDifferenceLoss`].
    pub struct GradientDifferenceLossConfig {
        /// The exponent, at least 1. Default: 1 (Mathieu et al.).
        pub alpha: f64 = 1.0,
        /// What is compared. Default: the magnitudes (Mathieu et al.).
        pub form: GradientDifferenceForm = GradientDifferenceForm::Magnitudes,
        /// Whether the terms of an image are added up or averaged. Default: the mean, which does not depend on its size; the paper
        /// has the sum.
        pub scale: DifferenceScale = DifferenceScale::Mean,
        /// How the losses of all images become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The gradient difference loss: edges of the prediction should be those of the target. It sharpens what a squared error blurs.
///
/// ```text
/// magnitudes  l = S ||dy x| - |dy t||^alpha + S ||dx x| - |dx t||^alpha
/// signed      l = S |dy x - dy t|^alpha + S |dx x - dx t|^alpha
/// ```
/// with the differences `dy` and `dx` of pixels from those above them and to their left, and a sum or a mean S in each direction by
/// itself. The slope is 0 where both are equal, and where a pixel equals its neighbour.
///
/// Source: M. Mathieu, C. Couprie and Y. LeCun, *Deep Multi-Scale Video Prediction beyond Mean Square Error*, 2016.
///
/// Shapes: both images `[N, C, H, W]`; a loss for each. Panics if they differ.
///
/// Equivalent: none in PyTorch and its common libraries.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::GradientDifferenceLossConfig;
///
/// let device = Device::flex();
/// let loss = GradientDifferenceLossConfig::new().init();
/// let prediction = Tensor::<4>::from_floats([[[[0.0, 3.0]]]], &device);
/// let target = Tensor::<4>::from_floats([[[[1.0, 0.0]]]], &device);
/// assert_eq!(loss.forward(prediction, target).into_scalar::<f32>(), 2.0);
/// ```
#[doc(alias = "GDL")]
pub type GradientDifferenceLoss = ImageLoss<GradientDifferenceLossConfig>;

impl GradientDifferenceLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `alpha` is below 1 or not finite.
    pub fn try_init(&self) -> Result<GradientDifferenceLoss, LossError> {
        let is_known = self.alpha >= 1.0 && self.alpha.is_finite();
        let expected = "a finite number of at least 1";
        Check("GradientDifferenceLossConfig").that(is_known, "alpha", self.alpha, expected)?;
        let name = "GradientDifferenceLoss";
        Ok(ImageLoss::defined(name, self, self.clone(), self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> GradientDifferenceLoss {
        built(self.try_init())
    }
}

impl ImageFormula for GradientDifferenceLossConfig {
    fn losses(&self, prediction: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
        let images = [prediction, target].map(widened);
        let [x, t] = images.clone();
        let terms = match self.form {
            GradientDifferenceForm::Signed => differences(&(x - t)),
            GradientDifferenceForm::Magnitudes => {
                let pairs = differences(&x).into_iter().zip(differences(&t));
                pairs.map(|(x, t)| x.abs() - t.abs()).collect()
            }
        };
        let terms = terms.into_iter().map(|gap| power(gap.abs(), self.alpha));
        self.scale.of_images(&images, terms.collect())
    }
}

/// Numbers of 0 or above to a power of at least 1, with slope 0 at 0.
fn power(numbers: Tensor<4>, exponent: f64) -> Tensor<4> {
    if exponent == 1.0 {
        return numbers;
    }
    if exponent == 2.0 {
        return numbers.clone() * numbers;
    }
    let zero = numbers.clone().detach().equal_scalar(0.0);
    let powers = numbers.mask_fill(zero.clone(), 1.0).powf_scalar(exponent);
    powers.mask_fill(zero, 0.0)
}

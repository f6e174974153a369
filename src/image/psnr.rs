//! Peak signal-to-noise ratio.

use super::{formula::ImageFormula, loss::ImageLoss};
use crate::{
    backend::{row_means, widened},
    config::config,
    error::{Check, LossError, built},
    formula::Real,
    reduction::Reduction,
};
use burn::tensor::Tensor;

config! {
    /// Configuration of [`PsnrLoss`].
    pub struct PsnrLossConfig {
        /// The difference of the largest and the smallest value that pixels may have, above 0. There is no default.
        pub data_range: f64,
        /// The ratio in decibels beyond which images count as equal, above 0. Default: 100, a mean squared error of
        /// `1e-10 data_range²`, where `f32` ends.
        pub max_psnr: f64 = 100.0,
        /// How the losses of all images become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The negative peak signal-to-noise ratio of each image, in decibels.
///
/// ```text
/// l = -10 log10(data_range² / MSE)          at least -max_psnr
/// ```
/// with the mean squared error of all channels and pixels of an image. Beyond `max_psnr` the loss is that and the gradient 0, also
/// for equal images, where the references have minus infinity and NaN.
///
/// Source: Q. Huynh-Thu, M. Ghanbari, *Scope of Validity of PSNR in Image/Video Quality Assessment*, 2008.
///
/// Shapes: both images `[N, C, H, W]`; a loss for each. Panics if they differ.
///
/// Equivalent: `kornia.losses.PSNRLoss(max_val)`, which takes the error of the whole batch: for that, reshape both
/// to one image, `[1, N * C, H, W]`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::PsnrLossConfig;
///
/// let device = Device::flex();
/// let loss = PsnrLossConfig::new(1.0).init();
/// let target = Tensor::<4>::zeros([1, 3, 8, 8], &device);
/// let value = loss.forward(target.clone() + 0.1, target).into_scalar::<f32>();
/// assert!((value + 20.0).abs() < 1e-4);
/// ```
#[doc(alias = "PSNRLoss")]
#[doc(alias = "psnr_loss")]
pub type PsnrLoss = ImageLoss<PsnrLossConfig>;

impl PsnrLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `data_range` or `max_psnr` is not a finite number above 0.
    pub fn try_init(&self) -> Result<PsnrLoss, LossError> {
        let check = Check("PsnrLossConfig");
        check.above_zero("data_range", self.data_range)?;
        check.above_zero("max_psnr", self.max_psnr)?;
        let formula = Decibels {
            unit: 1.0 / self.data_range,
            floor: -self.max_psnr,
        };
        Ok(ImageLoss::defined(
            "PsnrLoss",
            self,
            formula,
            self.reduction,
        ))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> PsnrLoss {
        built(self.try_init())
    }
}

#[derive(Debug)]
struct Decibels {
    unit: f64,
    floor: f64,
}

impl ImageFormula for Decibels {
    fn losses(&self, prediction: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
        let [images, channels, height, width] = prediction.dims();
        let pixels = [images, channels * height * width];
        let [x, t] = [prediction, target].map(|image| widened(image).reshape(pixels));
        let gap = (x - t) * self.unit;
        let error = row_means(gap.clone() * gap);
        // Where the images count as equal, the error is replaced: its logarithm may be infinite.
        let equal = error
            .clone()
            .detach()
            .lower_equal_scalar(10f64.powf(self.floor / 10.0));
        let ratio = Real::ln(error.mask_fill(equal.clone(), 1.0)) * (10.0 / 10f64.ln());
        ratio.mask_fill(equal, self.floor)
    }
}

//! Structural similarity.

use super::{formula::ImageFormula, loss::ImageLoss};
use crate::{
    backend::ssim,
    config::{Named, config},
    error::{Check, Least, LossError, built},
    formula::{Ssim, SsimTerm},
    reduction::Reduction,
};
use burn::{
    serde::{Deserialize, Serialize},
    tensor::Tensor,
};
use std::sync::Arc;

/// What the window of [`SsimLoss`] weighs. It is `"gaussian"` or `"uniform"` in a configuration file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum SsimWindow {
    /// Pixels near the middle more than others, by a Gaussian.
    #[default]
    Gaussian,
    /// All pixels the same.
    Uniform,
}

impl Named for SsimWindow {
    const NAMES: &'static [(Self, &'static str)] = &[
        (SsimWindow::Gaussian, "gaussian"),
        (SsimWindow::Uniform, "uniform"),
    ];
}

impl SsimWindow {
    /// The weights along one side, with sum 1.
    pub(super) fn weights(self, size: usize, sigma: f64) -> Vec<f64> {
        let middle = (size / 2) as f64;
        let weights = (0..size).map(|place| match self {
            SsimWindow::Gaussian => (-((place as f64 - middle) / sigma).powi(2) / 2.0).exp(),
            SsimWindow::Uniform => 1.0,
        });
        let weights: Vec<f64> = weights.collect();
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / sum).collect()
    }
}

/// What [`SsimLoss`] does at the edges of an image. It is `"valid"` or `"reflect"` in a configuration file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum SsimPadding {
    /// The window stands where all of it is within the image (Wang et al., pytorch-msssim, MONAI).
    #[default]
    Valid,
    /// The window stands on every pixel of the image, which is continued by its reflection (kornia's default).
    Reflect,
}

impl Named for SsimPadding {
    const NAMES: &'static [(Self, &'static str)] = &[
        (SsimPadding::Valid, "valid"),
        (SsimPadding::Reflect, "reflect"),
    ];
}

/// What [`SsimLoss`] makes of a similarity. It is `"one_minus"` or `"half"` in a configuration file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum SsimForm {
    /// `1 - SSIM` (MONAI, and what users of pytorch-msssim write), from 0 to 2.
    #[default]
    OneMinus,
    /// `(1 - SSIM) / 2`, the structural dissimilarity D-SSIM (kornia), from 0 to 1.
    Half,
}

impl Named for SsimForm {
    const NAMES: &'static [(Self, &'static str)] =
        &[(SsimForm::OneMinus, "one_minus"), (SsimForm::Half, "half")];
}

config! {
    /// Configuration of [`SsimLoss`].
    pub struct SsimLossConfig {
        /// The difference of the largest and the smallest value that pixels may have, above 0: 1 for pixels from 0 to 1, 2 for
        /// pixels from -1 to 1, 255 for pixels from 0 to 255. There is no default, since a wrong one gives a loss near 0 for
        /// all images (pytorch-msssim: 255) or one that looks at noise.
        pub data_range: f64,
        /// The side of the window in pixels, odd. Default: 11 (Wang et al.).
        pub window_size: usize = 11,
        /// What the window weighs. Default: a Gaussian (Wang et al.).
        pub window: SsimWindow = SsimWindow::Gaussian,
        /// The standard deviation of the Gaussian in pixels, above 0. Default: 1.5 (Wang et al.).
        pub sigma: f64 = 1.5,
        /// The constant that steadies the brightness of dark images, above 0. Default: 0.01 (Wang et al.).
        pub k1: f64 = 0.01,
        /// The constant that steadies the contrast of flat images, above 0. Default: 0.03 (Wang et al.).
        pub k2: f64 = 0.03,
        /// What is done at the edges. Default: the window stays within the image (pytorch-msssim, MONAI).
        pub padding: SsimPadding = SsimPadding::Valid,
        /// What is made of the similarity. Default: `1 - SSIM` (MONAI).
        pub form: SsimForm = SsimForm::OneMinus,
        /// How the losses of all images become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// One minus the structural similarity of images: what differs in brightness, contrast and structure, seen through a small
/// window.
///
/// ```text
/// SSIM = (2 mx my + C1) / (mx² + my² + C1) · (2 cov(x, y) + C2) / (var x + var y + C2)
/// l    = mean (1 - SSIM)                          C1 = (k1 data_range)², C2 = (k2 data_range)²
/// ```
/// over all channels and places of the window, with the means, variances and the covariance that the window weighs. Variances
/// are those of a population. It is one fused pass on the CPU, and two kernels on a GPU (composed for a window above 33); no map of the
/// image is kept but the gradient.
///
/// Near images keep the digits of their loss, and so do pixels far from 0 (near 10,000 with a range of 1).
///
/// Source: Z. Wang, A. C. Bovik, H. R. Sheikh and E. P. Simoncelli, *Image Quality Assessment: From Error Visibility to
/// Structural Similarity*, 2004.
///
/// Shapes: both images `[N, C, H, W]`; a loss for each. Panics if they differ.
///
/// Equivalent: `1 - pytorch_msssim.ssim(x, t, data_range=..)`,
/// `monai.losses.SSIMLoss(spatial_dims=2, data_range=..)`, and with `"reflect"` and `"half"`
/// `kornia.losses.SSIMLoss(11, max_val=..)`. An image smaller than the window is refused, along which
/// pytorch-msssim would leave out the filter.
///
/// # Panics
/// If an image is smaller than the window (with [`SsimPadding::Reflect`]: than half of it).
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::SsimLossConfig;
///
/// let device = Device::flex();
/// let loss = SsimLossConfig::new(1.0).with_window_size(3).init();
/// let black = Tensor::<4>::zeros([1, 1, 4, 4], &device);
/// let value = loss.forward(black.ones_like(), black).into_scalar::<f32>();
/// assert!((value - 1.0 / 1.0001).abs() < 1e-6);
/// ```
#[doc(alias = "SSIMLoss")]
#[doc(alias = "DSSIM")]
pub type SsimLoss = ImageLoss<SsimLossConfig>;

const NAME: &str = "SsimLoss";

impl SsimLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `data_range`, `sigma`, `k1` or `k2` is not a finite number above 0, or if `window_size` is even.
    pub fn try_init(&self) -> Result<SsimLoss, LossError> {
        let check = Check("SsimLossConfig");
        check.above_zero("data_range", self.data_range)?;
        check.odd("window_size", self.window_size)?;
        check.above_zero("sigma", self.sigma)?;
        check.above_zero("k1", self.k1)?;
        check.above_zero("k2", self.k2)?;
        let similarity = Ssim {
            window: self.window.weights(self.window_size, self.sigma),
            reflects: self.padding == SsimPadding::Reflect,
            range: self.data_range,
            constants: [self.k1, self.k2].map(|k| k * k),
            term: SsimTerm::Whole,
        };
        let formula = OneScale {
            ssim: Arc::new(similarity),
            factor: match self.form {
                SsimForm::OneMinus => 1.0,
                SsimForm::Half => 0.5,
            },
        };
        Ok(ImageLoss::defined(NAME, self, formula, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> SsimLoss {
        built(self.try_init())
    }
}

/// The similarity of images as they are.
#[derive(Debug)]
struct OneScale {
    ssim: Arc<Ssim>,
    factor: f64,
}

impl ImageFormula for OneScale {
    #[track_caller]
    fn least(&self) -> Least {
        let size = self.ssim.window.len();
        Least {
            side: self.ssim.least_side(),
            because: format!("a window of {size} x {size}"),
            advice: "take a smaller window, `with_window_size`, or larger images",
        }
    }

    fn losses(&self, prediction: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
        let lacking = ssim(&self.ssim, prediction, target, None);
        let images = lacking.dims()[0];
        lacking.mean_dim(1).reshape([images]) * self.factor
    }
}

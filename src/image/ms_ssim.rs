//! Structural similarity at several scales.

use super::{SsimWindow, formula::ImageFormula, halved::halved, loss::ImageLoss};
use crate::{
    backend::{row_means, ssim, widened},
    config::config,
    error::{Check, Least, LossError, built},
    formula::{Real, Ssim, SsimTerm},
    reduction::Reduction,
};
use burn::tensor::Tensor;
use std::sync::Arc;

config! {
    /// Configuration of [`MsSsimLoss`].
    pub struct MsSsimLossConfig {
        /// The difference of the largest and the smallest value that pixels may have, above 0; see
        /// [`SsimLossConfig`](crate::SsimLossConfig). There is no default.
        pub data_range: f64,
        /// The exponent of each scale, above 0, from the full size down: as many scales as there are exponents. Default:
        /// 0.0448, 0.2856, 0.3001, 0.2363, 0.1333 (Wang et al.).
        pub scale_weights: Vec<f64> = vec![0.0448, 0.2856, 0.3001, 0.2363, 0.1333],
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
        /// How the losses of all images become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// One minus the structural similarity of images at several scales: contrast and structure at each of them, brightness at the
/// last.
///
/// ```text
/// l = mean_c (1 - SSIM_s^w_s prod_(i < s) CS_i^w_i)
/// ```
/// for the channels c, with the mean similarity `SSIM` (see [`SsimLoss`](crate::SsimLoss)) and the mean of its second factor, `CS`, over
/// all places of the window. From one scale to the next an image is halved: the mean of 2 x 2 pixels, at an odd side of those that are
/// there (TensorFlow; pytorch-msssim counts zeros beyond the edge).
///
/// A mean of 0 or below counts as 0, as in pytorch-msssim: the loss of that channel is 1, and its gradient 0. (The power of a negative
/// number is none, and the slope at 0 infinite.)
///
/// Source: Z. Wang, E. P. Simoncelli and A. C. Bovik, *Multiscale Structural Similarity for Image Quality Assessment*, 2003.
///
/// Shapes: both images `[N, C, H, W]`; a loss for each. Panics if they differ.
///
/// Equivalent: `1 - pytorch_msssim.ms_ssim(x, t, data_range=..)` for sides that are multiples of 16. (kornia's
/// `MS_SSIMLoss` is a mix with L1, H. Zhao et al., 2017.)
///
/// # Panics
/// If an image is smaller than `(window_size - 1) 2^(scales - 1) + 1`, 161 pixels by default.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::MsSsimLossConfig;
///
/// let device = Device::flex();
/// let config = MsSsimLossConfig::new(1.0).with_scale_weights(vec![0.5, 0.5]);
/// let loss = config.with_window_size(3).init();
/// let image = Tensor::<4>::ones([1, 1, 8, 8], &device);
/// assert_eq!(loss.forward(image.clone(), image).into_scalar::<f32>(), 0.0);
/// ```
#[doc(alias = "MS_SSIM")]
pub type MsSsimLoss = ImageLoss<MsSsimLossConfig>;

const NAME: &str = "MsSsimLoss";

impl MsSsimLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `scale_weights` is empty, if it, `data_range`, `sigma`, `k1` or `k2` holds what is not a finite number above 0, or if
    /// `window_size` is even.
    pub fn try_init(&self) -> Result<MsSsimLoss, LossError> {
        let check = Check("MsSsimLossConfig");
        check.above_zero("data_range", self.data_range)?;
        let ok = |&weight: &f64| weight > 0.0 && weight.is_finite();
        let expected = "a finite number above 0";
        check.each("scale_weights", &self.scale_weights, ok, expected)?;
        check.odd("window_size", self.window_size)?;
        check.above_zero("sigma", self.sigma)?;
        check.above_zero("k1", self.k1)?;
        check.above_zero("k2", self.k2)?;
        let of = |term| {
            Arc::new(Ssim {
                window: self.window.weights(self.window_size, self.sigma),
                reflects: false,
                range: self.data_range,
                constants: [self.k1, self.k2].map(|k| k * k),
                term,
            })
        };
        let formula = Scales {
            contrast: of(SsimTerm::Contrast),
            whole: of(SsimTerm::Whole),
            weights: self.scale_weights.clone(),
        };
        Ok(ImageLoss::defined(NAME, self, formula, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> MsSsimLoss {
        built(self.try_init())
    }
}

/// The similarity of images at several scales.
#[derive(Debug)]
struct Scales {
    contrast: Arc<Ssim>,
    whole: Arc<Ssim>,
    weights: Vec<f64>,
}

impl ImageFormula for Scales {
    #[track_caller]
    fn least(&self) -> Least {
        let (size, scales) = (self.whole.window.len(), self.weights.len());
        let halvings = u32::try_from(scales - 1).unwrap_or(u32::MAX);
        let factor = 2usize.checked_pow(halvings).unwrap_or(usize::MAX);
        Least {
            side: (size - 1).saturating_mul(factor).saturating_add(1),
            because: format!(
                "a window of {size} x {size} at {scales} scales, each half of the one before"
            ),
            advice: "take fewer scales, `with_scale_weights`, a smaller window, `with_window_size`, or larger images",
        }
    }

    fn losses(&self, prediction: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
        let [images, channels, height, width] = prediction.dims();
        let mut pair = [prediction, target].map(widened);
        // Rounding of a mean is relative to the pixels, which may lie far from 0.
        let [middle, other] = pair.each_ref().map(|image| {
            let planes = [images * channels, height * width];
            row_means(image.clone().detach().reshape(planes))
        });
        let middle = (middle + other) * 0.5;
        let of_planes = middle.clone().reshape([images, channels, 1, 1]);
        pair = pair.map(|image| image - of_planes.clone());
        let mut logarithms = None;
        let mut none = None;
        for (scale, &weight) in self.weights.iter().enumerate() {
            if scale > 0 {
                pair = pair.map(halved);
            }
            let [x, t] = pair.clone();
            let lacking = match scale + 1 == self.weights.len() {
                true => ssim(&self.whole, x, t, Some(middle.clone())),
                false => ssim(&self.contrast, x, t, None),
            };
            let nothing = lacking.clone().detach().greater_equal_scalar(1.0);
            let similar = (-lacking.mask_fill(nothing.clone(), 0.0)).ln_1p() * weight;
            logarithms = Some(match logarithms {
                Some(sum) => sum + similar,
                None => similar,
            });
            none = Some(match none {
                Some(before) => nothing.bool_or(before),
                None => nothing,
            });
        }
        let (Some(logarithms), Some(none)) = (logarithms, none) else {
            unreachable!("there is a scale");
        };
        let lacking = (-Real::exp_m1(logarithms)).mask_fill(none, 1.0);
        lacking.mean_dim(1).reshape([images])
    }
}

//! Focal frequency loss.

use super::{formula::ImageFormula, loss::ImageLoss};
use crate::{
    backend::{row_means, widened},
    config::config,
    error::{Check, LossError, built},
    formula::Real,
    reduction::Reduction,
};
use burn::tensor::{Tensor, TensorData};
use core::f64::consts::TAU;

config! {
    /// Configuration of [`FocalFrequencyLoss`].
    pub struct FocalFrequencyLossConfig {
        /// How much more frequencies weigh that are far off, 0 or above. Default: 1 (Jiang et al.).
        pub alpha: f64 = 1.0,
        /// Whether weights are the logarithms of 1 plus these. Default: false (Jiang et al.).
        pub log_matrix: bool = false,
        /// How the losses of all images become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The focal frequency loss: the squared error of the spectra of two images, in which frequencies that are far off weigh more.
///
/// ```text
/// l = mean w_uv |F_uv|²          F = DFT(x - t) / sqrt(H W),  w_uv = |F_uv|^alpha / max |F|^alpha
/// ```
/// over all channels and frequencies. The maximum is that of a channel of an image, and weights get no gradient. Equal images have
/// loss and gradient 0.
///
/// The transform is a product with matrices of cosines and sines, for any side and on any backend. (Burn's own, in its feature `signal`, takes
/// powers of two alone, and there is none for NdArray.) It costs `H W (H + W)` products a channel.
///
/// Source: L. Jiang, B. Dai, W. Wu and C. C. Loy, *Focal Frequency Loss for Image Reconstruction and Synthesis*, 2021.
///
/// Shapes: both images `[N, C, H, W]`; a loss for each. Panics if they differ.
///
/// Equivalent: the authors' `focal_frequency_loss.FocalFrequencyLoss(alpha=.., log_matrix=..)`. Not here:
/// `batch_matrix`, which makes the loss of an image depend on the others, and patches: cut them out first.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::FocalFrequencyLossConfig;
///
/// let device = Device::flex();
/// let loss = FocalFrequencyLossConfig::new().init();
/// let target = Tensor::<4>::zeros([1, 1, 6, 10], &device);
/// // A constant has one frequency, 0.
/// let value = loss.forward(target.clone() + 0.5, target).into_scalar::<f32>();
/// assert!((value - 0.25).abs() < 1e-6);
/// ```
#[doc(alias = "FFL")]
pub type FocalFrequencyLoss = ImageLoss<FocalFrequencyLossConfig>;

impl FocalFrequencyLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `alpha` is negative or not finite.
    pub fn try_init(&self) -> Result<FocalFrequencyLoss, LossError> {
        Check("FocalFrequencyLossConfig").at_least_zero("alpha", self.alpha)?;
        let name = "FocalFrequencyLoss";
        Ok(ImageLoss::defined(name, self, self.clone(), self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> FocalFrequencyLoss {
        built(self.try_init())
    }
}

impl ImageFormula for FocalFrequencyLossConfig {
    fn losses(&self, prediction: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
        let [images, channels, height, width] = prediction.dims();
        let planes = [images * channels, height, width];
        let gap = (widened(prediction) - widened(target)).reshape(planes);
        let squares = power_spectrum(gap);
        let weights = self.weights(squares.clone().detach());
        let half = squares.dims()[2];
        // A real image has every frequency twice, but for those that are their own mirror image.
        let twice = (0..half).map(|u| match u == 0 || 2 * u == width {
            true => half as f64 / width as f64,
            false => 2.0 * half as f64 / width as f64,
        });
        let data = TensorData::new(twice.collect::<Vec<_>>(), [1, 1, half]);
        let twice = Tensor::from_data(data, (&squares.device(), squares.dtype()));
        let terms = squares * (weights * twice);
        row_means(terms.reshape([images, channels * height * half]))
    }
}

impl FocalFrequencyLossConfig {
    /// The weight of each frequency, from 0 to 1; 0 where there is no difference at all.
    fn weights(&self, squares: Tensor<3>) -> Tensor<3> {
        if self.alpha == 0.0 {
            return squares.ones_like();
        }
        let far = squares.sqrt();
        let weights = match self.log_matrix {
            // Divided by the largest first, the logarithm would be another.
            true => Real::ln_1p(far.powf_scalar(self.alpha)),
            false => {
                let largest = largest_of_planes(&far);
                (far / largest).powf_scalar(self.alpha)
            }
        };
        let largest = largest_of_planes(&weights);
        weights / largest
    }
}

/// The largest number of each plane, `[P, 1, 1]`; 1 where that is 0.
fn largest_of_planes(numbers: &Tensor<3>) -> Tensor<3> {
    let largest = numbers.clone().max_dim(2).max_dim(1);
    let none = largest.clone().equal_scalar(0.0);
    largest.mask_fill(none, 1.0)
}

/// The squares of the orthonormal Fourier transform of planes `[P, H, W]`, up to half of the frequencies along the width: the others are
/// their mirror image.
fn power_spectrum(planes: Tensor<3>) -> Tensor<3> {
    let [count, height, width] = planes.dims();
    let half = width / 2 + 1;
    let waves = |size: usize, many: usize, phase: fn(f64) -> f64| {
        let share = 1.0 / (size as f64).sqrt();
        let of_place = move |place: usize| {
            let turns = move |wave: usize| (place * wave % size) as f64 / size as f64;
            (0..many).map(move |wave| phase(TAU * turns(wave)) * share)
        };
        let values: Vec<f64> = (0..size).flat_map(of_place).collect();
        let data = TensorData::new(values, [1, size, many]);
        Tensor::<3>::from_data(data, (&planes.device(), planes.dtype()))
    };
    let [cosines, sines] = [f64::cos, f64::sin].map(|phase| waves(width, half, phase));
    let lines = planes.clone().reshape([1, count * height, width]);
    let [real, imaginary] = [cosines, sines].map(|waves| {
        let sums = lines.clone().matmul(waves);
        sums.reshape([count, height, half])
    });
    // The matrices of both sides are the same from both corners. The second sum is that of sines, the negative imaginary part.
    let [cosines, sines] = [f64::cos, f64::sin]
        .map(|phase| waves(height, height, phase).expand([count, height, height]));
    let of_cosines = cosines.clone().matmul(real.clone()) - sines.clone().matmul(imaginary.clone());
    let of_sines = cosines.matmul(imaginary) + sines.matmul(real);
    of_cosines.clone() * of_cosines + of_sines.clone() * of_sines
}

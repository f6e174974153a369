//! The loss of CLIP.

use super::info_nce::Pairing;
use crate::embeddings::{Batch, SampleEvaluation, Temperature};
use crate::{
    config::config,
    error::{Check, LossError, built, check_embeddings_alike},
    module::display,
    reduction::Reduction,
};
use burn::{
    module::Module,
    tensor::{Device, Tensor},
};

config! {
    /// Configuration of [`ClipLoss`].
    pub struct ClipLossConfig {
        /// The initial temperature that divides the similarities, above 0. Default: 0.07 (the paper).
        pub temperature: f64 = 0.07,
        /// Whether the temperature is learned. Default: true.
        pub learnable_temperature: bool = true,
        /// The largest factor `1 / T` of the similarities, above 0. Default: 100 (the paper). A learned temperature beyond
        /// it has the loss and the gradient of one that was clipped after the step of the optimizer.
        pub max_scale: f64 = 100.0,
        /// Whether embeddings are divided by their norm first. Default: true.
        pub normalize: bool = true,
        /// How the losses of all pairs become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The loss of CLIP: each image should find its text among all texts, and each text its image.
///
/// ```text
/// l_i = -(ln e^(s_ii) / sum_j e^(s_ij) + ln e^(s_ii) / sum_j e^(s_ji)) / 2
/// s_ij = min(1 / T, max_scale) x_i · t_j
/// ```
/// for images x and texts t, with a temperature T that is learned as `ln(1 / T)` ([`Temperature`]). Both directions are computed in one
/// pass over the similarities, which are never stored all at once. A single pair has loss 0.
///
/// Source: A. Radford et al., *Learning Transferable Visual Models From Natural Language Supervision*,
/// 2021.
///
/// Shapes: images and texts `[N, D]`; a loss for each pair. Panics if they differ.
///
/// Equivalent: `open_clip.ClipLoss()`, which takes normalised features and the scale.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::ClipLossConfig;
///
/// let device = Device::flex();
/// let loss = ClipLossConfig::new().with_temperature(1.0).init(&device);
/// let images = Tensor::<2>::from_floats([[2.0, 0.0], [0.0, 2.0]], &device);
/// let texts = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0]], &device);
/// let value = loss.forward(images, texts).into_scalar::<f32>();
/// assert!((value - (1.0 + (-1f32).exp()).ln()).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
#[doc(alias = "open_clip")]
#[doc(alias = "image_text_contrastive")]
pub struct ClipLoss {
    temperature: Temperature,
    normalize: bool,
    #[module(skip)]
    reduction: Reduction,
}

impl ClipLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `temperature` or `max_scale` is not above 0.
    pub fn try_init(&self, device: &Device) -> Result<ClipLoss, LossError> {
        let check = Check("ClipLossConfig");
        Temperature::check(check, self.temperature)?;
        check.above_zero("max_scale", self.max_scale)?;
        let (is_learned, most) = (self.learnable_temperature, Some(self.max_scale));
        Ok(ClipLoss {
            temperature: Temperature::new(self.temperature, is_learned, most, device),
            normalize: self.normalize,
            reduction: self.reduction,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self, device: &Device) -> ClipLoss {
        built(self.try_init(device))
    }
}
display!(ClipLoss, |loss, content| {
    content
        .add("temperature", &loss.temperature)
        .add_debug_attribute("normalize", &loss.normalize)
        .add("reduction", &loss.reduction.to_string())
});

const NAME: &str = "ClipLoss";

impl ClipLoss {
    /// The temperature.
    pub fn temperature(&self) -> &Temperature {
        &self.temperature
    }

    /// Returns the loss with its temperature [clamped](Temperature::clamped): for use after the step of an optimizer.
    pub fn clamped(self) -> Self {
        let temperature = self.temperature.clamped();
        Self {
            temperature,
            ..self
        }
    }

    /// Returns the losses of all pairs as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - images: `[N, D]`
    /// - texts: `[N, D]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward(&self, images: Tensor<2>, texts: Tensor<2>) -> Tensor<1> {
        self.on(images, texts).reduce()
    }

    /// Returns the loss of each pair.
    ///
    /// # Shapes
    /// - images: `[N, D]`
    /// - texts: `[N, D]`
    /// - output: `[N]`, the mean of both directions
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_no_reduction(&self, images: Tensor<2>, texts: Tensor<2>) -> Tensor<1> {
        self.on(images, texts).each()
    }

    /// Begins an evaluation, to which weights of the pairs, a normalizer or another reduction can be added.
    ///
    /// # Shapes
    /// - images: `[N, D]`
    /// - texts: `[N, D]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn on(&self, images: Tensor<2>, texts: Tensor<2>) -> SampleEvaluation {
        check_embeddings_alike(NAME, ("images", &images), ("texts", &texts));
        let loss = self.clone();
        let batch = Batch::of(NAME, &images);
        SampleEvaluation::complete(batch, self.reduction, move |_| {
            let pairing = Pairing {
                temperature: &loss.temperature,
                symmetric: true,
                normalize: loss.normalize,
            };
            pairing.losses(images, texts, 0)
        })
    }
}

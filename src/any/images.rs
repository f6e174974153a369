//! Any loss of two images, chosen by a configuration file.

use crate::{
    config::choice,
    error::{LossError, built},
    image::*,
};

choice! {
    /// The configuration of any loss of images against images, for training programs that leave the choice to a file.
    ///
    /// The JSON field `"loss"` names the loss in snake case; the other fields are those of its configuration.
    /// [The guide](crate::guide::evaluation#from-a-file) says what may be left out, and what a file is told.
    ///
    /// [`TotalVariationLoss`] is not among them: it takes a prediction alone.
    ///
    /// # Example
    /// ```
    /// use burn::{config::Config, tensor::{Device, Tensor}};
    /// use burn_losses::ImageLossConfig;
    ///
    /// let text = r#"{"loss": "ssim", "data_range": 1, "window_size": 7}"#;
    /// let config = ImageLossConfig::load_binary(text.as_bytes()).unwrap();
    /// let image = Tensor::<4>::ones([2, 3, 8, 8], &Device::flex());
    /// let value = config.init().forward(image.clone(), image).into_scalar::<f32>();
    /// assert_eq!(value, 0.0);
    /// ```
    pub enum ImageLossConfig {
        /// Structural similarity.
        "ssim" => Ssim(SsimLossConfig),
        /// Structural similarity at several scales.
        "ms_ssim" => MsSsim(MsSsimLossConfig),
        /// Peak signal-to-noise ratio.
        "psnr" => Psnr(PsnrLossConfig),
        /// Differences of image gradients.
        "gradient_difference" => GradientDifference(GradientDifferenceLossConfig),
        /// Focal frequency loss.
        "focal_frequency" => FocalFrequency(FocalFrequencyLossConfig),
    }
}

impl ImageLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a hyperparameter is out of its range.
    pub fn try_init(&self) -> Result<ImageLoss<Self>, LossError> {
        Ok(match self {
            Self::Ssim(config) => config.try_init()?.of_any(),
            Self::MsSsim(config) => config.try_init()?.of_any(),
            Self::Psnr(config) => config.try_init()?.of_any(),
            Self::GradientDifference(config) => config.try_init()?.of_any(),
            Self::FocalFrequency(config) => config.try_init()?.of_any(),
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> ImageLoss<Self> {
        built(self.try_init())
    }
}

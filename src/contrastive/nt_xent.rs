//! The normalised temperature-scaled cross entropy of SimCLR.

use super::views::Views;
use crate::embeddings::{SampleEvaluation, SampleLosses, Temperature, Terms};
use crate::{
    config::config,
    error::{Check, LossError, built},
    formula::{OnePositive, softplus},
    module::display,
    reduction::Reduction,
};
use burn::{
    module::Module,
    tensor::{Device, Tensor},
};

config! {
    /// Configuration of [`NtXentLoss`].
    pub struct NtXentLossConfig {
        /// The temperature that divides the similarities, above 0. Default: 0.5 (lightly).
        pub temperature: f64 = 0.5,
        /// Whether the temperature is learned; it starts from `temperature`. Default: false.
        pub learnable_temperature: bool = false,
        /// Whether embeddings are divided by their norm first. Default: true.
        pub normalize: bool = true,
        /// How the losses of all views become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The loss of SimCLR: each view of an image should be more similar to the other view of that image than to all views
/// of other images.
///
/// ```text
/// l_i = -ln e^(s_ip) / sum_(j != i) e^(s_ij)          s_ij = z_i · z_j / T
/// ```
/// over the `2 N` views of `N` images, with p the other view of the image of i. The mean is over all views.
/// Similarities are never stored all at once: memory grows with N, not with its square. A single image has no
/// negatives and loss 0.
///
/// Source: T. Chen et al., *A Simple Framework for Contrastive Learning of Visual Representations*,
/// 2020.
///
/// Shapes: both views `[N, D]`; a loss for each of the `2 N` views. Panics if they differ.
///
/// Equivalent: `lightly.loss.NTXentLoss(temperature=0.5)`, and pytorch-metric-learning's
/// `NTXentLoss(temperature=0.5)` of labelled views.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::NtXentLossConfig;
///
/// let device = Device::flex();
/// let loss = NtXentLossConfig::new().with_temperature(1.0).init(&device);
/// let first = Tensor::<2>::from_floats([[2.0, 0.0], [0.0, 3.0]], &device);
/// let second = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0]], &device);
/// let value = loss.forward(first, second).into_scalar::<f32>();
/// assert!((value - (1.0 + 2.0 * (-1f32).exp()).ln()).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
#[doc(alias = "NT-Xent")]
#[doc(alias = "SimCLR")]
pub struct NtXentLoss {
    temperature: Temperature,
    normalize: bool,
    #[module(skip)]
    reduction: Reduction,
}

impl NtXentLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `temperature` is not above 0.
    pub fn try_init(&self, device: &Device) -> Result<NtXentLoss, LossError> {
        Temperature::check(Check("NtXentLossConfig"), self.temperature)?;
        let is_learned = self.learnable_temperature;
        Ok(NtXentLoss {
            temperature: Temperature::new(self.temperature, is_learned, None, device),
            normalize: self.normalize,
            reduction: self.reduction,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self, device: &Device) -> NtXentLoss {
        built(self.try_init(device))
    }
}
display!(NtXentLoss, |loss, content| {
    content
        .add("temperature", &loss.temperature)
        .add_debug_attribute("normalize", &loss.normalize)
        .add("reduction", &loss.reduction.to_string())
});

const NAME: &str = "NtXentLoss";

impl NtXentLoss {
    /// The temperature.
    pub fn temperature(&self) -> &Temperature {
        &self.temperature
    }

    /// Returns the losses of all views as one number, by the configured reduction. Returns 0 for an empty batch, and
    /// for a single image.
    ///
    /// # Shapes
    /// - first: `[N, D]`, an embedding of each image
    /// - second: `[N, D]`, that of another view of the same image
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward(&self, first: Tensor<2>, second: Tensor<2>) -> Tensor<1> {
        self.on(first, second).reduce()
    }

    /// Returns the loss of each view.
    ///
    /// # Shapes
    /// - first: `[N, D]`, an embedding of each image
    /// - second: `[N, D]`, that of another view of the same image
    /// - output: `[2 N]`, the losses of the first views, then those of the second
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_no_reduction(&self, first: Tensor<2>, second: Tensor<2>) -> Tensor<1> {
        self.on(first, second).each()
    }

    /// Begins an evaluation, to which weights of the views, a normalizer or another reduction can be added. There
    /// are `2 N` views: the first of all images, then the second.
    ///
    /// # Shapes
    /// - first: `[N, D]`, an embedding of each image
    /// - second: `[N, D]`, that of another view of the same image
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn on(&self, first: Tensor<2>, second: Tensor<2>) -> SampleEvaluation {
        let loss = self.clone();
        Views::evaluation(
            NAME,
            first,
            second,
            self.normalize,
            self.reduction,
            move |views| loss.sample_losses(views),
        )
    }

    fn sample_losses(&self, views: Views) -> SampleLosses {
        let scaled = self.temperature.scaled_both(views.embeddings);
        let terms = Terms::of(OnePositive, scaled, views.labels);
        SampleLosses::new(softplus(terms.of_rows(0) - terms.of_rows(1)))
    }
}

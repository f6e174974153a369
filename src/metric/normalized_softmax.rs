//! The normalised softmax loss.

use super::{
    proxies::check_sizes,
    proxy_softmax::{Parts, ProxySoftmaxLoss},
};
use crate::{
    config::config,
    embeddings::Temperature,
    error::{Check, LossError, built},
    formula::NoMargin,
    reduction::Reduction,
};
use burn::tensor::Device;

config! {
    /// Configuration of [`NormalizedSoftmaxLoss`].
    pub struct NormalizedSoftmaxLossConfig {
        /// The number of classes, at least 1.
        pub classes: usize,
        /// The dimension of the embeddings, at least 1.
        pub dimension: usize,
        /// The temperature that divides the cosines, above 0. Default: 0.05 (the paper).
        pub temperature: f64 = 0.05,
        /// Whether the temperature is learned; it starts from `temperature`. Default: false.
        pub learnable_temperature: bool = false,
        /// The label of embeddings that are left out: they cost nothing, get no gradient and do not count in a mean.
        /// Default: -100.
        pub ignore_index: Option<i64> = Some(-100),
        /// How the losses of all embeddings become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The normalised softmax loss: cross entropy of the cosines with learned proxies of the classes.
///
/// ```text
/// l = -ln e^(cos t_y / T) / sum_c e^(cos t_c / T)
/// ```
/// with the angle `t_c` between the embedding and the proxy of class c. The proxies are parameters of the loss: give
/// the loss to the optimizer with the model. The cosines `[N, C]` are stored.
///
/// Source: A. Zhai and H.-Y. Wu, *Classification is a Strong Baseline for Deep Metric Learning*, 2018.
///
/// Shapes: embeddings `[N, D]`, labels `[N]`; a loss for each embedding. Panics if a label is no class (NaN on a GPU).
///
/// Equivalent: pytorch-metric-learning's `NormalizedSoftmaxLoss(classes, dimension, temperature=0.05)`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::NormalizedSoftmaxLossConfig;
///
/// let device = Device::flex();
/// let loss = NormalizedSoftmaxLossConfig::new(1, 2).init(&device);
/// let embeddings = Tensor::<2>::from_floats([[3.0, 4.0]], &device);
/// // There is one class: nothing to tell it from.
/// let value = loss.forward(embeddings, Tensor::<1, Int>::from_ints([0], &device));
/// assert_eq!(value.into_scalar::<f32>(), 0.0);
/// ```
#[doc(alias = "NormFace")]
#[doc(alias = "norm_softmax")]
pub type NormalizedSoftmaxLoss = ProxySoftmaxLoss<NoMargin>;

impl NormalizedSoftmaxLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `classes` or `dimension` is 0, or `temperature` is not above 0.
    pub fn try_init(&self, device: &Device) -> Result<NormalizedSoftmaxLoss, LossError> {
        let check = Check("NormalizedSoftmaxLossConfig");
        check_sizes(check, self.classes, self.dimension)?;
        Temperature::check(check, self.temperature)?;
        let is_learned = self.learnable_temperature;
        let parts = Parts {
            loss: "NormalizedSoftmaxLoss",
            classes: self.classes,
            dimension: self.dimension,
            margin: NoMargin,
            parameter: 0.0,
            // A learned temperature scales the embeddings.
            scale: match is_learned {
                true => 1.0,
                false => 1.0 / self.temperature,
            },
            shown: &[("temperature", &self.temperature)],
            ignore_index: self.ignore_index,
            reduction: self.reduction,
        };
        let temperature = Temperature::new(self.temperature, is_learned, None, device);
        Ok(ProxySoftmaxLoss::new(parts, device).with_temperature(temperature))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self, device: &Device) -> NormalizedSoftmaxLoss {
        built(self.try_init(device))
    }
}

impl NormalizedSoftmaxLoss {
    /// The temperature.
    pub fn temperature(&self) -> &Temperature {
        self.scaling().expect("one of its configuration")
    }
}

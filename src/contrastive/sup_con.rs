//! Supervised contrastive learning.

use crate::{
    config::{Named, config},
    embeddings::{PairLoss, Temperature},
    error::{Check, LossError, built},
    formula::SupervisedPairs,
    reduction::Reduction,
};
use burn::{
    serde::{Deserialize, Serialize},
    tensor::Device,
};

/// The place of the mean over the positives of an anchor.
///
/// It is `"out"` or `"in"` in a configuration file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum SupConForm {
    /// Outside the logarithm: the form the authors recommend.
    #[default]
    Out,
    /// Inside the logarithm.
    In,
}

impl Named for SupConForm {
    const NAMES: &'static [(Self, &'static str)] =
        &[(SupConForm::Out, "out"), (SupConForm::In, "in")];
}

config! {
    /// Configuration of [`SupConLoss`].
    pub struct SupConLossConfig {
        /// The temperature that divides the similarities, above 0. Default: 0.07 (the authors' code).
        pub temperature: f64 = 0.07,
        /// Whether the temperature is learned; it starts from `temperature`. Default: false.
        pub learnable_temperature: bool = false,
        /// The base temperature, above 0: the loss is multiplied by `temperature / base_temperature`. Default: 0.07 (the
        /// authors' code).
        pub base_temperature: f64 = 0.07,
        /// The place of the mean over positives. Default: outside the logarithm.
        pub form: SupConForm = SupConForm::Out,
        /// Whether embeddings are divided by their norm first. Default: true.
        pub normalize: bool = true,
        /// How the losses of all anchors become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The supervised contrastive loss: embeddings of the same class are positives for one another.
///
/// ```text
/// out: l_i = -(T / B) mean_p ln e^(s_ip) / sum_(j != i) e^(s_ij)          s_ij = z_i · z_j / T
/// in:  l_i = -(T / B) ln mean_p e^(s_ip) / sum_(j != i) e^(s_ij)
/// ```
/// over the other embeddings p with the label of i, with the base temperature B. If T is learned, the factor `T / B`
/// stays that of the configuration: it would make every smaller temperature the better one. An embedding without any is ignored:
/// its loss is 0 and it does not count in the mean. Similarities are never stored all at once.
///
/// Source: P. Khosla et al., *Supervised Contrastive Learning*, 2020.
///
/// Shapes: embeddings `[N, D]`, labels `[N]`; a loss for each embedding. Panics if their numbers differ.
///
/// Equivalent: pytorch-metric-learning's `SupConLoss(temperature=0.07)`, without the factor `T / B` and with a mean
/// over losses that are not 0.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::SupConLossConfig;
///
/// let device = Device::flex();
/// let config = SupConLossConfig::new().with_temperature(1.0);
/// let loss = config.with_base_temperature(1.0).init(&device);
/// let embeddings = Tensor::<2>::from_floats([[2.0, 0.0], [1.0, 0.0], [0.0, 1.0]], &device);
/// let labels = Tensor::<1, Int>::from_ints([7, 7, 8], &device);
/// let value = loss.forward(embeddings, labels).into_scalar::<f32>();
/// assert!((value - (1.0 + (-1f32).exp()).ln()).abs() < 1e-6);
/// ```
#[doc(alias = "SupervisedContrastive")]
pub type SupConLoss = PairLoss<SupervisedPairs>;

impl SupConLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `temperature` or `base_temperature` is not above 0.
    pub fn try_init(&self, device: &Device) -> Result<SupConLoss, LossError> {
        let check = Check("SupConLossConfig");
        Temperature::check(check, self.temperature)?;
        check.above_zero("base_temperature", self.base_temperature)?;
        let is_learned = self.learnable_temperature;
        let (temperature, base_temperature) = match is_learned {
            // The embeddings are scaled before they are paired.
            true => (1.0, self.base_temperature / self.temperature),
            false => (self.temperature, self.base_temperature),
        };
        let formula = SupervisedPairs {
            temperature,
            base_temperature,
            log_of_mean: self.form == SupConForm::In,
        };
        let loss = PairLoss::named(
            "SupConLoss",
            formula,
            self.normalize,
            self.reduction,
            &[
                ("temperature", &self.temperature),
                ("base_temperature", &self.base_temperature),
                ("form", &format_args!("{}", self.form.name())),
            ],
        );
        let temperature = Temperature::new(self.temperature, is_learned, None, device);
        Ok(loss.with_temperature(temperature))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self, device: &Device) -> SupConLoss {
        built(self.try_init(device))
    }
}

impl SupConLoss {
    /// The temperature.
    pub fn temperature(&self) -> &Temperature {
        self.scaling().expect("one of its configuration")
    }
}

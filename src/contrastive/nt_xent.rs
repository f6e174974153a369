//! The normalised temperature-scaled cross entropy of SimCLR.

use super::{temperature::Temperature, views::Views};
use crate::embeddings::{RowLosses, Terms, rows_loss, softplus};
use crate::{
    error::{Check, LossError},
    formula::OnePositive,
    module::device_loss_module,
    reduction::Reduction,
};
use burn::{
    config::Config,
    module::Module,
    tensor::{Device, Tensor},
};

/// Configuration of [`NtXentLoss`].
#[derive(Config, Debug)]
pub struct NtXentLossConfig {
    /// What similarities are divided by, above 0. Default 0.5, as in lightly.
    #[config(default = 0.5)]
    pub temperature: f64,
    /// Whether the temperature is learned, from that value on. Default: no.
    #[config(default = false)]
    pub learnable_temperature: bool,
    /// Whether embeddings are divided by their norm first. Default: yes.
    #[config(default = true)]
    pub normalize: bool,
    /// How the losses of all views become one number.
    #[config(default = "Reduction::Mean")]
    pub reduction: Reduction,
}

/// The loss of SimCLR: each view of an image is to be told apart from all views of other images by its
/// likeness to the image's other view.
///
/// ```text
/// l_i = -ln e^(s_ip) / sum_(j != i) e^(s_ij)          s_ij = z_i · z_j / T
/// ```
/// over the `2 N` views of `N` images, with p the other view of the image of i. The mean is over all
/// views. Similarities are never held all at once: memory grows with N, not with its square. One
/// image alone has nothing to be told apart from and costs 0.
///
/// Source: T. Chen et al., *A Simple Framework for Contrastive Learning of Visual Representations*,
/// 2020.
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
}

device_loss_module!(NtXentLoss, NtXentLossConfig, shows: [temperature, normalize]);
rows_loss!(
    NtXentLoss,
    first: "`[N, D]`, an embedding of each image",
    second: "`[N, D]`, that of another view of the same image",
    losses: "`[2 N]`, those of the first views, then those of the second"
);

impl NtXentLoss {
    /// The temperature.
    pub fn temperature(&self) -> &Temperature {
        &self.temperature
    }

    #[track_caller]
    fn row_losses(
        &self,
        first: Tensor<2>,
        second: Tensor<2>,
        _weights: Option<&Tensor<1>>,
    ) -> RowLosses {
        let dtype = first.dtype();
        let Some(views) = Views::of("NtXentLoss", &first, &second, self.normalize) else {
            return RowLosses::none(&[&first, &second]);
        };
        let rows = self.temperature.scale_both(views.rows);
        let terms = Terms::of(OnePositive, rows, views.labels);
        RowLosses::new(softplus(terms.of_rows(0) - terms.of_rows(1)), dtype)
    }
}

//! Decoupled contrastive learning.

use super::{temperature::Temperature, views::Views};
use crate::embeddings::{RowLosses, Terms, rows_loss};
use crate::{
    error::{Check, LossError},
    formula::OnePositive,
    module::loss_module,
    reduction::Reduction,
};
use burn::{config::Config, module::Module, tensor::Tensor};

/// Configuration of [`DclLoss`].
#[derive(Config, Debug)]
pub struct DclLossConfig {
    /// What similarities are divided by, above 0. Default 0.1, as in the paper and in lightly.
    #[config(default = 0.1)]
    pub temperature: f64,
    /// Whether embeddings are divided by their norm first. Default: yes.
    #[config(default = true)]
    pub normalize: bool,
    /// How the losses of all views become one number.
    #[config(default = "Reduction::Mean")]
    pub reduction: Reduction,
}

/// The loss of SimCLR without the positive pair in the denominator, where it slows learning down in
/// small batches.
///
/// ```text
/// l_i = -s_ip + ln sum_(j != i, p) e^(s_ij)          s_ij = z_i · z_j / T
/// ```
/// over the `2 N` views of `N` images, with p the other view of the image of i. It can be below 0. The
/// mean is over all views. One image alone has no negatives and costs 0.
///
/// Source: C.-H. Yeh et al., *Decoupled Contrastive Learning*, 2022.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::DclLossConfig;
///
/// let device = Device::flex();
/// let loss = DclLossConfig::new().with_temperature(1.0).init();
/// let first = Tensor::<2>::from_floats([[2.0, 0.0], [0.0, 3.0]], &device);
/// let second = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0]], &device);
/// let value = loss.forward(first, second).into_scalar::<f32>();
/// assert!((value - (2f32.ln() - 1.0)).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct DclLoss {
    temperature: f64,
    normalize: bool,
    #[module(skip)]
    reduction: Reduction,
}

impl DclLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `temperature` is not above 0.
    pub fn try_init(&self) -> Result<DclLoss, LossError> {
        Temperature::check(Check("DclLossConfig"), self.temperature)?;
        Ok(DclLoss {
            temperature: self.temperature,
            normalize: self.normalize,
            reduction: self.reduction,
        })
    }
}

loss_module!(DclLoss, DclLossConfig, shows: [temperature, normalize]);
rows_loss!(
    DclLoss,
    first: "`[N, D]`, an embedding of each image",
    second: "`[N, D]`, that of another view of the same image",
    losses: "`[2 N]`, those of the first views, then those of the second"
);

impl DclLoss {
    #[track_caller]
    fn row_losses(
        &self,
        first: Tensor<2>,
        second: Tensor<2>,
        _weights: Option<&Tensor<1>>,
    ) -> RowLosses {
        let dtype = first.dtype();
        let Some(views) = Views::of("DclLoss", &first, &second, self.normalize) else {
            return RowLosses::none(&[&first, &second]);
        };
        let rows = views.rows * (1.0 / self.temperature).sqrt();
        let terms = Terms::of(OnePositive, rows, views.labels);
        let losses = terms.of_rows(0) - terms.of_rows(1);
        match first.dims()[0] {
            1 => RowLosses::silent(losses, dtype),
            _ => RowLosses::new(losses, dtype),
        }
    }
}

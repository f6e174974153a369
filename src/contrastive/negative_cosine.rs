//! The negative cosine of BYOL and SimSiam.

use crate::embeddings::{RowLosses, ready, rows_loss, without_weightless};
use crate::{
    error::{LossError, check_embeddings_alike},
    module::loss_module,
    reduction::Reduction,
};
use burn::{config::Config, module::Module, tensor::Tensor};

/// Configuration of [`NegativeCosineLoss`].
#[derive(Config, Debug)]
pub struct NegativeCosineLossConfig {
    /// How the losses of all rows become one number.
    #[config(default = "Reduction::Mean")]
    pub reduction: Reduction,
}

/// The negative cosine of predictions and targets, without a gradient to the targets: the loss of SimSiam
/// and, up to a constant and a factor, of BYOL.
///
/// ```text
/// l_i = -p_i · t_i / (|p_i| |t_i|)
/// ```
/// A row of zeros has the cosine 0. The symmetric loss of both papers is the mean of two calls, with the
/// views exchanged.
///
/// Sources: J.-B. Grill et al., *Bootstrap Your Own Latent*, 2020; X. Chen and K. He, *Exploring Simple
/// Siamese Representation Learning*, 2021.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::NegativeCosineLossConfig;
///
/// let device = Device::flex();
/// let loss = NegativeCosineLossConfig::new().init();
/// let predictions = Tensor::<2>::from_floats([[3.0, 0.0], [0.0, 2.0]], &device);
/// let targets = Tensor::<2>::from_floats([[1.0, 0.0], [5.0, 0.0]], &device);
/// assert_eq!(loss.forward(predictions, targets).into_scalar::<f32>(), -0.5);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct NegativeCosineLoss {
    #[module(skip)]
    reduction: Reduction,
}

impl NegativeCosineLossConfig {
    /// Builds the loss.
    ///
    /// # Errors
    /// Never: there is nothing to check.
    pub fn try_init(&self) -> Result<NegativeCosineLoss, LossError> {
        Ok(NegativeCosineLoss {
            reduction: self.reduction,
        })
    }
}

loss_module!(NegativeCosineLoss, NegativeCosineLossConfig, shows: []);
rows_loss!(
    NegativeCosineLoss,
    predictions: "`[N, D]`",
    targets: "`[N, D]`, which get no gradient",
    losses: "`[N]`"
);

impl NegativeCosineLoss {
    #[track_caller]
    fn row_losses(
        &self,
        predictions: Tensor<2>,
        targets: Tensor<2>,
        weights: Option<&Tensor<1>>,
    ) -> RowLosses {
        let (given, wanted) = (("predictions", &predictions), ("targets", &targets));
        check_embeddings_alike("NegativeCosineLoss", given, wanted);
        let predictions = without_weightless("NegativeCosineLoss", predictions, weights);
        let dtype = predictions.dtype();
        let count = predictions.dims()[0];
        if count == 0 {
            return RowLosses::none(&[&predictions]);
        }
        let cosines = ready(predictions, true) * ready(targets.detach(), true);
        RowLosses::new(-cosines.sum_dim(1).reshape([count]), dtype)
    }
}

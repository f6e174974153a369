//! The negative cosine of BYOL and SimSiam.

use super::{embeddings::ready, rows::RowLosses};
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

impl NegativeCosineLoss {
    /// The loss of all rows, reduced as configured. Of no rows at all it is 0.
    ///
    /// # Shapes
    /// - predictions: `[N, D]`
    /// - targets: `[N, D]`, which get no gradient
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward(&self, predictions: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        let rows = self.row_losses(predictions, targets);
        rows.reduced("NegativeCosineLoss", self.reduction, None)
    }

    /// The loss of each row.
    ///
    /// # Shapes
    /// - predictions: `[N, D]`
    /// - targets: `[N, D]`, which get no gradient
    /// - output: `[N]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_no_reduction(&self, predictions: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        self.row_losses(predictions, targets).each()
    }

    /// The loss of all rows, each with a weight: `sum(w l) / sum(w)` as a mean, `sum(w l)` as a sum. Where
    /// all weights sum to 0 the loss is 0.
    ///
    /// # Shapes
    /// - predictions: `[N, D]`
    /// - targets: `[N, D]`, which get no gradient
    /// - weights: `[N]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_weighted(
        &self,
        predictions: Tensor<2>,
        targets: Tensor<2>,
        weights: Tensor<1>,
    ) -> Tensor<1> {
        let rows = self.row_losses(predictions, targets);
        rows.reduced("NegativeCosineLoss", self.reduction, Some(weights))
    }

    #[track_caller]
    fn row_losses(&self, predictions: Tensor<2>, targets: Tensor<2>) -> RowLosses {
        let (given, wanted) = (("predictions", &predictions), ("targets", &targets));
        check_embeddings_alike("NegativeCosineLoss", given, wanted);
        let dtype = predictions.dtype();
        let count = predictions.dims()[0];
        if count == 0 {
            return RowLosses::none(&[&predictions]);
        }
        let cosines = ready(predictions, true) * ready(targets.detach(), true);
        RowLosses::new(-cosines.sum_dim(1).reshape([count]), dtype)
    }
}

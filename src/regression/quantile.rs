//! Quantile (pinball) loss.

use crate::{
    config::config,
    element::{ClassParameters, Definition, ElementLoss},
    error::{Check, LossError, built},
    formula::Quantile,
    reduction::Reduction,
};

config! {
    /// Configuration of [`QuantileLoss`].
    pub struct QuantileLossConfig {
        /// The quantiles to predict, each between 0 and 1. Default: 0.5 (the median).
        pub quantiles: Vec<f64> = vec![0.5],
        /// The dimension of the prediction that has the quantiles side by side; below 0 from the end. Default: -1 (the
        /// last dimension).
        pub quantile_dim: isize = -1,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The pinball loss: its minimum is at a quantile of the targets.
///
/// ```text
/// l = q (t - x)          where t >= x
///     (1 - q) (x - t)    elsewhere
/// ```
/// The derivative is 0 for equal values.
///
/// Several quantiles are predicted side by side in the last dimension (or in `quantile_dim`), with one target for all of them.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/quantile.svg"))]
///
/// Source: R. Koenker and G. Bassett, *Regression Quantiles*, 1978.
///
/// Shapes: one quantile: prediction and target `[..]`, of any rank; Q of them: `[.., Q]` and `[.., 1]`. Panics if they
/// do not fit.
///
/// Equivalent: `sklearn.metrics.mean_pinball_loss(t, x, alpha=q)` for one quantile; PyTorch has none.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::QuantileLossConfig;
///
/// let device = Device::flex();
/// let loss = QuantileLossConfig::new().with_quantiles(vec![0.1, 0.5, 0.9]).init();
/// let prediction = Tensor::<2>::from_floats([[1.0, 2.0, 3.0]], &device);
/// let target = Tensor::<2>::from_floats([[2.0]], &device);
/// let value = loss.forward(prediction, target).into_scalar::<f32>();
/// assert!((value - 0.2 / 3.0).abs() < 1e-6);
/// ```
#[doc(alias = "pinball_loss")]
pub type QuantileLoss = ElementLoss<Quantile>;

impl QuantileLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If there is no quantile, or a quantile is not between 0 and 1.
    pub fn try_init(&self) -> Result<QuantileLoss, LossError> {
        // As the kernels see them: 1 - 1e-12 would be 1 there.
        let inside = |&q: &f64| q as f32 > 0.0 && (q as f32) < 1.0;
        let check = Check("QuantileLossConfig");
        check.each(
            "quantiles",
            &self.quantiles,
            inside,
            "a number between 0 and 1",
        )?;
        let formula = Quantile;
        let definition = Definition::new("QuantileLoss", &formula)
            .shows("quantiles", &self.quantiles)
            .shows("quantile_dim", self.quantile_dim)
            .with_parameters(Some(ClassParameters {
                field: "quantiles",
                values: self.quantiles.clone(),
                dim: self.quantile_dim,
                share_target: true,
            }));
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> QuantileLoss {
        built(self.try_init())
    }
}

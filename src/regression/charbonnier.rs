//! Charbonnier loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{Check, LossError, built},
    formula::Charbonnier,
    reduction::Reduction,
};

config! {
    /// Configuration of [`CharbonnierLoss`].
    pub struct CharbonnierLossConfig {
        /// The smoothing width, above 0. Default: 0.001 (LapSRN; Lai et al., 2017).
        pub epsilon: f64 = 1e-3,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The absolute error, but smooth at 0; common in image restoration.
///
/// ```text
/// l = sqrt((x - t)² + epsilon²)
/// ```
/// The loss of equal values is `epsilon`, its derivative 0.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/smooth.svg"))]
///
/// Source: P. Charbonnier, L. Blanc-Féraud, G. Aubert, M. Barlaud, *Two deterministic half-quadratic
/// regularization algorithms for computed imaging*, 1994.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `kornia.losses.charbonnier_loss` is `sqrt(d² + 1) - 1`: this loss with `epsilon` 1, less a constant.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::CharbonnierLossConfig;
///
/// let device = Device::flex();
/// let loss = CharbonnierLossConfig::new().with_epsilon(4.0).init();
/// let prediction = Tensor::<1>::from_floats([1.0], &device);
/// let target = Tensor::<1>::from_floats([4.0], &device);
/// let value = loss.forward(prediction, target).into_scalar::<f32>();
/// assert!((value - 5.0).abs() < 1e-6);
/// ```
#[doc(alias = "charbonnier_loss")]
pub type CharbonnierLoss = ElementLoss<Charbonnier>;

impl CharbonnierLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `epsilon` is not a finite number above 0.
    pub fn try_init(&self) -> Result<CharbonnierLoss, LossError> {
        Check("CharbonnierLossConfig").above_zero("epsilon", self.epsilon)?;
        let formula = Charbonnier {
            epsilon: self.epsilon,
        };
        let definition =
            Definition::new("CharbonnierLoss", &formula).shows("epsilon", self.epsilon);
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> CharbonnierLoss {
        built(self.try_init())
    }
}

//! Hinge embedding loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{Check, LossError, built},
    formula::HingeEmbedding,
    reduction::Reduction,
};

config! {
    /// Configuration of [`HingeEmbeddingLoss`].
    pub struct HingeEmbeddingLossConfig {
        /// How far apart what differs should be. Default: 1 (PyTorch).
        pub margin: f64 = 1.0,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The loss of a distance whose target says whether it should be small, 1, or above a margin, -1.
///
/// ```text
/// l = x                       where t = 1
///     max(margin - x, 0)      where t = -1
/// ```
/// The derivative is 0 at the margin. A target of 0, which is neither, makes its loss NaN.
///
/// Source: R. Hadsell, S. Chopra, Y. LeCun, *Dimensionality Reduction by Learning an Invariant Mapping*, 2006.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `torch.nn.HingeEmbeddingLoss(margin=1.0)`, which adds up both for a target of 0.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::HingeEmbeddingLossConfig;
///
/// let device = Device::flex();
/// let loss = HingeEmbeddingLossConfig::new().init();
/// let distances = Tensor::<1>::from_floats([0.5, 0.25], &device);
/// let targets = Tensor::<1>::from_floats([1.0, -1.0], &device);
/// assert_eq!(loss.forward(distances, targets).into_scalar::<f32>(), (0.5 + 0.75) / 2.0);
/// ```
#[doc(alias = "hinge_embedding_loss")]
pub type HingeEmbeddingLoss = ElementLoss<HingeEmbedding>;

impl HingeEmbeddingLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `margin` is not finite.
    pub fn try_init(&self) -> Result<HingeEmbeddingLoss, LossError> {
        Check("HingeEmbeddingLossConfig").in_range_of_f32("margin", self.margin)?;
        let formula = HingeEmbedding {
            margin: self.margin,
        };
        let definition =
            Definition::new("HingeEmbeddingLoss", &formula).shows("margin", self.margin);
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> HingeEmbeddingLoss {
        built(self.try_init())
    }
}

//! Hinge loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{LossError, built},
    formula::Hinge,
    reduction::Reduction,
};

config! {
    /// Configuration of [`HingeLoss`].
    pub struct HingeLossConfig {
        /// Whether the square is taken. Default: false.
        pub squared: bool = false,
        /// Whether targets are 0 and 1; otherwise they are -1 and 1. Default: false.
        pub from_zero: bool = false,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The loss of a support vector machine: a score should be on the side of its target, by a margin of 1.
///
/// ```text
/// l = max(1 - s x, 0), or its square          s = t, or 2 t - 1 if targets are 0 and 1 (`from_zero`)
/// ```
/// The derivative is 0 at the margin.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/margins.svg"))]
///
/// Source: C. Cortes, V. Vapnik, *Support-Vector Networks*, 1995.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: Keras's `Hinge()` and `SquaredHinge()`, which take both kinds of targets and guess which they are;
/// PyTorch has none.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::HingeLossConfig;
///
/// let device = Device::flex();
/// let loss = HingeLossConfig::new().with_from_zero(true).init();
/// let scores = Tensor::<1>::from_floats([0.5, 0.5], &device);
/// let labels = Tensor::<1>::from_floats([1.0, 0.0], &device);
/// assert_eq!(loss.forward(scores, labels).into_scalar::<f32>(), (0.5 + 1.5) / 2.0);
/// ```
#[doc(alias = "SquaredHinge")]
#[doc(alias = "SVM")]
pub type HingeLoss = ElementLoss<Hinge>;

impl HingeLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// Never. The method exists because every loss has it.
    pub fn try_init(&self) -> Result<HingeLoss, LossError> {
        let formula = Hinge {
            squared: self.squared,
            from_zero: self.from_zero,
        };
        let definition = Definition::new("HingeLoss", &formula)
            .shows("squared", self.squared)
            .shows("from_zero", self.from_zero);
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> HingeLoss {
        built(self.try_init())
    }
}

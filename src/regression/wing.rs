//! Wing loss.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{Check, LossError, built},
    formula::Wing,
    reduction::Reduction,
};

config! {
    /// Configuration of [`WingLoss`].
    pub struct WingLossConfig {
        /// The error at which the logarithm turns into a line, above 0. Default: 10 (the paper).
        pub width: f64 = 10.0,
        /// The smaller, the harder small errors pull; above 0. Default: 2 (the paper).
        pub epsilon: f64 = 2.0,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// A logarithm for small errors, which pull harder than those of MAE, and a line beyond: for landmarks, whose errors are
/// in pixels.
///
/// ```text
/// l = w ln(1 + |d| / e)              where |d| < w          d = x - t
///     |d| - w + w ln(1 + w / e)      elsewhere
/// ```
/// with `w = width` and `e = epsilon`. The derivative is 0 at 0.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/small_errors.svg"))]
///
/// Source: Z.-H. Feng et al., *Wing Loss for Robust Facial Landmark Localisation with Convolutional Neural Networks*, 2018.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `pytorch_toolbelt.losses.WingLoss(width=10, curvature=2)`, whose defaults are 5 and 0.5.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::WingLossConfig;
///
/// let device = Device::flex();
/// let loss = WingLossConfig::new().init();
/// let prediction = Tensor::<1>::from_floats([2.0, 12.0], &device);
/// let target = Tensor::<1>::from_floats([0.0, 0.0], &device);
/// let value = loss.forward(prediction, target).into_scalar::<f32>();
/// assert!((value - (10.0 * 2f32.ln() + 2.0 + 10.0 * 6f32.ln()) / 2.0).abs() < 1e-5);
/// ```
#[doc(alias = "wing_loss")]
pub type WingLoss = ElementLoss<Wing>;

impl WingLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `width` or `epsilon` is not a finite number above 0, or their ratio is out of the range of `f32`.
    pub fn try_init(&self) -> Result<WingLoss, LossError> {
        let check = Check("WingLossConfig");
        check.above_zero("width", self.width)?;
        check.above_zero("epsilon", self.epsilon)?;
        let ratio = self.width / self.epsilon;
        let expected = "a number that width can be divided by in f32";
        check.that(ratio <= f32::MAX as f64, "epsilon", self.epsilon, expected)?;
        let formula = Wing {
            width: self.width,
            epsilon: self.epsilon,
        };
        let definition = Definition::new("WingLoss", &formula)
            .shows("width", self.width)
            .shows("epsilon", self.epsilon);
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> WingLoss {
        built(self.try_init())
    }
}

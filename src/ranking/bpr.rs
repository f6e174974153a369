//! Bayesian personalised ranking.

use crate::{
    config::config,
    element::{Definition, ElementLoss},
    error::{LossError, built},
    formula::Preference,
    reduction::Reduction,
};

config! {
    /// Configuration of [`BprLoss`].
    pub struct BprLossConfig {
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The loss of a recommender's two scores: that of an item that was chosen should be above that of one that was not.
///
/// ```text
/// l = -ln sigmoid(x - t) = ln(1 + e^(t - x))
/// ```
/// The prediction is the score of the positive, the target that of the negative, and both get a gradient. It is the loss of
/// a reward model of two answers (Bradley-Terry), too.
///
/// Source: S. Rendle et al., *BPR: Bayesian Personalized Ranking from Implicit Feedback*, 2009.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: RecBole's `BPRLoss()`, which adds 1e-10 to the sigmoid.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::BprLossConfig;
///
/// let device = Device::flex();
/// let loss = BprLossConfig::new().init();
/// let positives = Tensor::<1>::from_floats([1.0, -1e4], &device);
/// let negatives = Tensor::<1>::from_floats([1.0, 0.0], &device);
/// let value = loss.forward(positives, negatives).into_scalar::<f32>();
/// assert!((value - (2f32.ln() + 1e4) / 2.0).abs() < 1e-3);
/// ```
#[doc(alias = "BPR")]
#[doc(alias = "Bradley-Terry")]
#[doc(alias = "reward_model")]
pub type BprLoss = ElementLoss<Preference>;

impl BprLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// Never. The method exists because every loss has it.
    pub fn try_init(&self) -> Result<BprLoss, LossError> {
        let formula = Preference;
        let definition = Definition::new("BprLoss", &formula);
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> BprLoss {
        built(self.try_init())
    }
}

//! Which of two scores is the larger.

use crate::{
    config::config,
    error::{Check, LossError, Numbers, built},
    formula::MarginRanking,
    reduction::Reduction,
    tuple::{Definition, JointLoss},
};

config! {
    /// Configuration of [`MarginRankingLoss`].
    pub struct MarginRankingLossConfig {
        /// By how much the better score is to be the larger. Default: 0 (PyTorch).
        pub margin: f64 = 0.0,
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The margin ranking loss: of two scores one is to be larger than the other by a margin.
///
/// ```text
/// l = max(0, margin - t (a - b))
/// ```
/// Predictions are the scores `[a, b]`; the target is 1 where `a` is to be the larger, and -1 where `b` is. The slope exactly at the
/// margin is 0.
///
/// Source: R. Herbrich et al., *Large Margin Rank Boundaries for Ordinal Regression*, 2000.
///
/// Shapes: each prediction and the target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `torch.nn.MarginRankingLoss(margin=0.0)`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::MarginRankingLossConfig;
///
/// let device = Device::flex();
/// let loss = MarginRankingLossConfig::new().with_margin(0.5).init();
/// let [a, b, target] = [[1.0, 1.0], [0.0, 0.0], [1.0, -1.0]].map(|v| Tensor::<1>::from_floats(v, &device));
/// assert_eq!(loss.forward([a, b], target).into_scalar::<f32>(), 0.75);
/// ```
#[doc(alias = "margin_ranking_loss")]
pub type MarginRankingLoss = JointLoss<MarginRanking, 2>;

impl MarginRankingLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `margin` is not finite.
    pub fn try_init(&self) -> Result<MarginRankingLoss, LossError> {
        Check("MarginRankingLossConfig").in_range_of_f32("margin", self.margin)?;
        let formula = MarginRanking {
            margin: self.margin,
        };
        let definition = Definition::new("MarginRankingLoss", &formula)
            .of_fields(&[
                ("first score", Numbers::Any),
                ("second score", Numbers::Any),
            ])
            .shows("margin", self.margin);
        Ok(JointLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> MarginRankingLoss {
        built(self.try_init())
    }
}

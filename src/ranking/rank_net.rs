//! RankNet.

use super::{ListLoss, list_loss::Ranking, lists::Ready};
use crate::{
    backend::{list_pairs, row_sums},
    config::config,
    error::{Check, LossError, built},
    formula::{LowerItems, PairwiseLogistic},
    reduction::Reduction,
    samples::{Costs, Numbers, SampleLosses},
};

config! {
    /// Configuration of [`RankNetLoss`].
    pub struct RankNetLossConfig {
        /// What differences of scores are multiplied with, above 0. Default: 1.
        pub sigma: f64 = 1.0,
        /// How the losses of all lists become one number. Default: the mean over pairs.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// RankNet: the logistic loss of every pair of items in a list that are not equally relevant.
///
/// ```text
/// loss of a list = sum over i, j with rel_i > rel_j of ln(1 + e^(-sigma (s_i - s_j)))
/// ```
/// A mean is that over all pairs of all lists: it divides the sum by their number. The loss is exact for scores of any size, and
/// pairs are visited without being held: time grows with the square of the length of a list, memory with the length.
///
/// Source: C. Burges et al., *Learning to Rank using Gradient Descent*, 2005.
///
/// Shapes: scores and relevances `[B, L]`; a loss for each list. Panics if they differ.
///
/// Equivalent: allRank's `rankNet`, whose mean over pairs this has.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::RankNetLossConfig;
///
/// let device = Device::flex();
/// let loss = RankNetLossConfig::new().init();
/// let scores = Tensor::<2>::from_floats([[1.0, 1.0, 1.0], [5.0, 4.0, 3.0]], &device);
/// let relevances = Tensor::<2>::from_floats([[2.0, 1.0, 0.0], [1.0, 1.0, 1.0]], &device);
/// // The second list has no pair.
/// let value = loss.forward(scores, relevances).into_scalar::<f32>();
/// assert!((value - 2f32.ln()).abs() < 1e-6);
/// ```
#[doc(alias = "rankNet")]
#[doc(alias = "pairwise_logistic")]
pub type RankNetLoss = ListLoss<RankNet>;

/// [`RankNetLoss`] without its reduction.
#[derive(Clone, Debug)]
pub struct RankNet {
    pairs: PairwiseLogistic,
}

impl RankNetLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `sigma` is not above 0.
    pub fn try_init(&self) -> Result<RankNetLoss, LossError> {
        let sigma = self.sigma;
        Check("RankNetLossConfig").above_zero("sigma", sigma)?;
        let ranking = RankNet {
            pairs: PairwiseLogistic { sigma },
        };
        let shown: &[_] = &[("sigma", &sigma as _)];
        Ok(ListLoss::new("RankNetLoss", ranking, shown, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> RankNetLoss {
        built(self.try_init())
    }
}

impl Ranking for RankNet {
    fn losses(&self, lists: Ready) -> SampleLosses {
        let count = lists.scores.dims()[0];
        let costs = list_pairs(self.pairs, lists.scores.clone(), lists.members());
        let costs = lists.shown(row_sums(costs));
        let all = list_pairs(LowerItems, lists.scores.clone().detach(), lists.members());
        let all = row_sums(all);
        let numbers = Numbers {
            costly: all.clone(),
            all,
        };
        SampleLosses::of_kinds(vec![Costs::new(costs).with_numbers(numbers)], count)
    }
}

//! Approximate NDCG.

use super::{ListLoss, list_loss::Ranking, lists::Ready};
use crate::{
    backend::{list_pairs, row_sums},
    config::config,
    error::{Check, LossError, built},
    formula::{Precedence, Real},
    reduction::Reduction,
    samples::SampleLosses,
};
use burn::tensor::{Int, Tensor};
use core::f64::consts::LN_2;

config! {
    /// Configuration of [`ApproxNdcgLoss`].
    pub struct ApproxNdcgLossConfig {
        /// How steep the sigmoid is that stands for "is behind", above 0; 1 over the temperature of TF-Ranking, which has 10 by
        /// default. Default: 1 (allRank).
        pub alpha: f64 = 1.0,
        /// How the losses of all lists become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// 1 minus an approximation of the normalised discounted cumulative gain (NDCG), in which ranks have a slope.
///
/// ```text
/// loss of a list = 1 - (sum_i (2^rel_i - 1) / log2(1 + rank_i)) / (the same of the ideal order)
/// rank_i = 1 + sum over j other than i of 1 / (1 + e^(alpha (s_i - s_j)))
/// ```
/// Relevances below 0 count as 0; above 127 the gain is more than `f32` holds.
///
/// Source: T. Qin, T.-Y. Liu and H. Li, *A General Approximation Framework for Direct Optimization of Information Retrieval
/// Measures*, 2010.
///
/// Shapes: scores and relevances `[B, L]`; a loss for each list. Panics if they differ.
///
/// Equivalent: allRank's `approxNDCGLoss` and TF-Ranking's `ApproxNDCGLoss` return the negative of the
/// approximation, which is 1 less; the gradient is the same.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::ApproxNdcgLossConfig;
///
/// let device = Device::flex();
/// let loss = ApproxNdcgLossConfig::new().with_alpha(10.0).init();
/// let relevances = Tensor::<2>::from_floats([[0.0, 3.0, 1.0]], &device);
/// let value = loss.forward(relevances.clone(), relevances);
/// assert!(value.into_scalar::<f32>().abs() < 1e-4);
/// ```
#[doc(alias = "approxNDCG")]
#[doc(alias = "ApproxNDCGLoss")]
pub type ApproxNdcgLoss = ListLoss<ApproxNdcg>;

/// [`ApproxNdcgLoss`] without its reduction.
#[derive(Clone, Debug)]
pub struct ApproxNdcg {
    behind: Precedence,
}

impl ApproxNdcgLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `alpha` is not above 0.
    pub fn try_init(&self) -> Result<ApproxNdcgLoss, LossError> {
        let alpha = self.alpha;
        Check("ApproxNdcgLossConfig").above_zero("alpha", alpha)?;
        let ranking = ApproxNdcg {
            behind: Precedence { alpha },
        };
        let shown: &[_] = &[("alpha", &alpha as _)];
        let reduction = self.reduction;
        Ok(ListLoss::new("ApproxNdcgLoss", ranking, shown, reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> ApproxNdcgLoss {
        built(self.try_init())
    }
}

impl Ranking for ApproxNdcg {
    fn losses(&self, mut lists: Ready) -> SampleLosses {
        // A list whose relevances are all 0 or below has no order, either.
        lists.relevances = Real::at_least(lists.relevances, 0.0);
        let [_, length] = lists.scores.dims();
        let behind = list_pairs(self.behind, lists.scores.clone(), lists.members());
        // What is no item has the relevance 0, and so no gain.
        let gains = Real::exp_m1(lists.relevances.clone() * LN_2);
        let places = Tensor::<1, Int>::arange(0..length as i64, &gains.device());
        let places = places.float().cast(gains.dtype()).unsqueeze_dim::<2>(0);
        let best = gains.clone().sort_descending(1);
        let discounted =
            |gains: Tensor<2>, behind: Tensor<2>| row_sums(gains * (behind + 2.0).log().recip());
        let ideal = discounted(best.clone(), places.expand(best.shape()));
        let none = ideal.clone().equal_scalar(0.0);
        let found = discounted(gains, behind) / ideal.mask_fill(none.clone(), 1.0);
        lists.ordered((-found + 1.0).mask_fill(none, 0.0))
    }
}

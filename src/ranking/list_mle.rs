//! ListMLE.

use super::{ListLoss, list_loss::Ranking, lists::Ready};
use crate::{
    backend::{Order, cumulative, row_sums},
    config::config,
    error::{LossError, built},
    reduction::Reduction,
    samples::SampleLosses,
};
use burn::tensor::{Int, Tensor, TensorData};

config! {
    /// Configuration of [`ListMleLoss`].
    pub struct ListMleLossConfig {
        /// How the losses of all lists become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// ListMLE: the negative logarithm of the likelihood of the right order, where each next item is drawn by the softmax of those
/// that are left (Plackett and Luce).
///
/// ```text
/// loss of a list = sum_i ln(sum over j from i on of e^(s_j)) - s_i          items by falling relevance
/// ```
/// Equally relevant items are in the order in which they are given. The loss is exact for
/// scores of any size: sums are those of logarithms, not of shifted exponentials. Relevances are read by the host, which
/// sorts them.
///
/// Source: F. Xia et al., *Listwise Approach to Learning to Rank: Theory and Algorithm*, 2008.
///
/// Shapes: scores and relevances `[B, L]`; a loss for each list. Panics if they differ.
///
/// Equivalent: allRank's `listMLE`, which shuffles equally relevant items.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::ListMleLossConfig;
///
/// let device = Device::flex();
/// let scores = Tensor::<2>::from_floats([[1.0, 1.0, 1.0]], &device);
/// let relevances = Tensor::<2>::from_floats([[0.0, 2.0, 1.0]], &device);
/// let value = ListMleLossConfig::new().init().forward(scores, relevances);
/// assert!((value.into_scalar::<f32>() - 6f32.ln()).abs() < 1e-6);
/// ```
#[doc(alias = "listMLE")]
#[doc(alias = "Plackett-Luce")]
pub type ListMleLoss = ListLoss<ListMle>;

/// [`ListMleLoss`] without its reduction.
#[derive(Clone, Debug)]
pub struct ListMle;

impl ListMleLossConfig {
    /// Builds the loss.
    ///
    /// # Errors
    /// Never. The method exists because every loss has it.
    pub fn try_init(&self) -> Result<ListMleLoss, LossError> {
        Ok(ListLoss::new("ListMleLoss", ListMle, &[], self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> ListMleLoss {
        built(self.try_init())
    }
}

impl Ranking for ListMle {
    fn losses(&self, lists: Ready) -> SampleLosses {
        let length = lists.scores.dims()[1];
        // -0 becomes 0, which is as relevant.
        let relevances = lists.relevances.to_data();
        let relevances: Vec<f64> = relevances.iter::<f64>().map(|x| x + 0.0).collect();
        let padded = lists.padded.as_ref().map(|padded| padded.to_data());
        let padded = padded.map(|padded| padded.iter::<bool>().collect::<Vec<_>>());
        let is_item = |place: usize| !padded.as_ref().is_some_and(|padded| padded[place]);
        let (mut places, mut sizes) = (Vec::new(), Vec::new());
        for first in (0..relevances.len()).step_by(length) {
            // From the last to the first, and what is no item behind them.
            let (mut items, none): (Vec<_>, Vec<_>) =
                (0..length).partition(|&item| is_item(first + item));
            items.reverse();
            items.sort_by(|&a, &b| relevances[first + a].total_cmp(&relevances[first + b]));
            sizes.extend(items.iter().map(|_| 1).chain(none.iter().map(|_| 0)));
            places.extend(items.into_iter().chain(none).map(|item| item as i64));
        }
        let order = Order {
            sizes,
            one_by_one: false,
        };
        let places = TensorData::new(places, lists.scores.shape());
        let places = Tensor::<2, Int>::from_data(places, &lists.scores.device());
        let ordered = lists.scores.clone().gather(1, places);
        lists.ordered(row_sums(cumulative(ordered, &order)))
    }
}

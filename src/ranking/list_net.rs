//! ListNet.

use super::{ListLoss, list_loss::Ranking, lists::Ready};
use crate::{
    backend::{NOTHING, RowInputs, SoftmaxRow, Target, row_losses},
    config::config,
    error::{LossError, built},
    formula::CrossEntropy,
    reduction::Reduction,
    samples::SampleLosses,
};
use burn::tensor::activation::softmax;
use std::sync::Arc;

config! {
    /// Configuration of [`ListNetLoss`].
    pub struct ListNetLossConfig {
        /// How the losses of all lists become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// ListNet: the cross entropy of two distributions over the items of a list, the softmax of the relevances and that of the
/// scores.
///
/// ```text
/// loss of a list = -sum_i p_i ln q_i          p = softmax(relevances), q = softmax(scores)
/// ```
/// The loss is exact for scores of any size.
///
/// Source: Z. Cao et al., *Learning to Rank: From Pairwise Approach to Listwise Approach*, 2007 (the top one probability).
///
/// Shapes: scores and relevances `[B, L]`; a loss for each list. Panics if they differ.
///
/// Equivalent: allRank's `listNet`, which adds 1e-10 to q, with which no item costs more than 23.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::ListNetLossConfig;
///
/// let device = Device::flex();
/// let scores = Tensor::<2>::from_floats([[1.0, 1.0]], &device);
/// let relevances = Tensor::<2>::from_floats([[3.0, 0.0]], &device);
/// let value = ListNetLossConfig::new().init().forward(scores, relevances);
/// assert!((value.into_scalar::<f32>() - 2f32.ln()).abs() < 1e-6);
/// ```
#[doc(alias = "listNet")]
pub type ListNetLoss = ListLoss<ListNet>;

/// [`ListNetLoss`] without its reduction.
#[derive(Clone, Debug)]
pub struct ListNet {
    row: Arc<SoftmaxRow>,
}

impl ListNetLossConfig {
    /// Builds the loss.
    ///
    /// # Errors
    /// Never. The method exists because every loss has it.
    pub fn try_init(&self) -> Result<ListNetLoss, LossError> {
        let ranking = ListNet {
            row: Arc::new(SoftmaxRow::new(NAME, Arc::new(CrossEntropy))),
        };
        Ok(ListLoss::new(NAME, ranking, &[], self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> ListNetLoss {
        built(self.try_init())
    }
}

const NAME: &str = "ListNetLoss";

impl Ranking for ListNet {
    fn losses(&self, lists: Ready) -> SampleLosses {
        let [count, _] = lists.scores.dims();
        let [logits, exponents] =
            [&lists.scores, &lists.relevances].map(|items| lists.filled(items.clone(), NOTHING));
        let inputs = RowInputs {
            logits: logits.unsqueeze_dim(2),
            target: Target::Shares(softmax(exponents, 1).unsqueeze_dim(2)),
            weights: None,
            samples: vec![count],
        };
        lists.ordered(row_losses(self.row.clone(), inputs).reshape([count]))
    }
}

//! What all losses of lists have in common.

use super::lists::{Lists, Ready};
use crate::{
    error::check_items,
    module::{Field, Shown, display},
    reduction::Reduction,
    samples::{Batch, SampleEvaluation, SampleLosses},
};
use burn::{module::Module, tensor::Tensor};
use core::fmt;
use std::sync::Arc;

/// What lists of items cost.
pub(crate) trait Ranking: fmt::Debug + Send + Sync + 'static {
    /// What each list costs.
    fn losses(&self, lists: Ready) -> SampleLosses;
}

/// A loss of lists of items: scores, and how relevant each item is to its list (a query, a user, ..).
///
/// | loss | of a list |
/// |---|---|
/// | [`RankNetLoss`](crate::RankNetLoss) | a term for each pair of items that are not equally relevant |
/// | [`ListNetLoss`](crate::ListNetLoss) | the cross entropy of two softmax distributions |
/// | [`ListMleLoss`](crate::ListMleLoss) | the likelihood of the right order |
/// | [`ApproxNdcgLoss`](crate::ApproxNdcgLoss) | 1 - NDCG with ranks that have a slope |
///
/// Lists of different lengths are padded to one, and [`padded`](crate::SampleEvaluation::padded) says which items are none.
/// What these hold does not matter. A list that has no order (no item, or equally relevant ones alone) costs 0 and does not
/// count in a mean. Relevances get no gradient.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::ListNetLossConfig;
///
/// let device = Device::flex();
/// let scores = Tensor::<2>::from_floats([[1.0, 1.0], [5.0, 4.0]], &device);
/// let relevances = Tensor::<2>::from_floats([[3.0, 0.0], [1.0, 1.0]], &device);
/// // The second list has no order.
/// let value = ListNetLossConfig::new().init().forward(scores, relevances);
/// assert!((value.into_scalar::<f32>() - 2f32.ln()).abs() < 1e-6);
/// ```
#[derive(Module)]
#[module(custom_display)]
pub struct ListLoss<T: Clone + fmt::Debug + Send + Sync + 'static> {
    #[module(skip)]
    kind: T,
    #[module(skip)]
    ranking: Arc<dyn Ranking>,
    #[module(skip)]
    shown: Shown,
    #[module(skip)]
    reduction: Reduction,
}

impl<T: Clone + fmt::Debug + Send + Sync + 'static> ListLoss<T> {
    pub(super) fn new(
        name: &'static str,
        kind: T,
        shown: &[Field<'_>],
        reduction: Reduction,
    ) -> Self
    where
        T: Ranking,
    {
        Self {
            ranking: Arc::new(kind.clone()),
            kind,
            shown: Shown::new(name).with(shown),
            reduction,
        }
    }

    /// Returns the losses of all lists as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - scores: `[B, L]`
    /// - relevances: `[B, L]`, of any float type; more is better
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn forward(&self, scores: Tensor<2>, relevances: Tensor<2>) -> Tensor<1> {
        self.on(scores, relevances).reduce()
    }

    /// Returns the loss of each list; 0 for one without an order.
    ///
    /// # Shapes
    /// - scores: `[B, L]`
    /// - relevances: `[B, L]`
    /// - output: `[B]`
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn forward_no_reduction(&self, scores: Tensor<2>, relevances: Tensor<2>) -> Tensor<1> {
        self.on(scores, relevances).each()
    }

    /// Begins an evaluation, to which a mask of padding, weights of the lists, a normalizer or another reduction can be added.
    ///
    /// # Shapes
    /// - scores: `[B, L]`
    /// - relevances: `[B, L]`
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn on(&self, scores: Tensor<2>, relevances: Tensor<2>) -> SampleEvaluation<Lists> {
        check_items(
            self.shown.name,
            "relevances",
            relevances.dims(),
            scores.dims(),
        );
        let ranking = self.ranking.clone();
        let batch = Batch::of(self.shown.name, &scores);
        let lists = Lists::new(scores, relevances);
        SampleEvaluation::new(
            batch,
            self.reduction,
            lists,
            move |lists: Lists, weights| lists.losses(weights, |lists| ranking.losses(lists)),
        )
    }
}

impl<T: Clone + fmt::Debug + Send + Sync + 'static> fmt::Debug for ListLoss<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown.debug(f, &self.reduction)
    }
}

display!([T: Clone + fmt::Debug + Send + Sync + 'static] ListLoss<T>, |loss, content| {
    loss.shown.content(content, &loss.reduction)
});

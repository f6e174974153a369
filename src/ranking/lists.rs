//! Lists of items as the arguments of a loss.

use crate::{
    backend::{ListMembers, is_nothing, widened},
    error::check_items,
    formula::PADDED,
    samples::{SampleEvaluation, SampleLosses, without_weightless},
};
use burn::tensor::{Bool, Tensor};

/// Lists of items: their scores and how relevant they are.
#[derive(Clone, Debug)]
pub struct Lists {
    scores: Tensor<2>,
    relevances: Tensor<2>,
    padded: Option<Tensor<2, Bool>>,
}

impl crate::samples::Given for Lists {}

impl<R> SampleEvaluation<Lists, R> {
    /// Says which items are none, because their list is shorter than others. What they hold does not matter, and they get no
    /// gradient.
    ///
    /// # Shapes
    /// - padded: `[B, L]`, true where there is no item
    ///
    /// # Panics
    /// If the shape does not fit.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Bool, Device, Tensor};
    /// use burn_losses::RankNetLossConfig;
    ///
    /// let device = Device::flex();
    /// let scores = Tensor::<2>::from_floats([[2.0, 2.0, f32::NAN]], &device);
    /// let relevances = Tensor::<2>::from_floats([[1.0, 0.0, 0.0]], &device);
    /// let padded = Tensor::<2, Bool>::from_data([[false, false, true]], &device);
    /// let loss = RankNetLossConfig::new().init().on(scores, relevances).padded(padded);
    /// assert_eq!(loss.reduce().into_scalar::<f32>(), 2f32.ln());
    /// ```
    #[track_caller]
    pub fn padded(mut self, padded: Tensor<2, Bool>) -> Self {
        let shape = self.given.scores.dims();
        check_items(self.batch.loss, "padding mask", padded.dims(), shape);
        self.given.padded = Some(padded);
        self
    }
}

/// Lists with at least one item, ready for their loss.
pub(crate) struct Ready {
    /// `[B, L]`, not of half precision; 0 where there is no item.
    pub(super) scores: Tensor<2>,
    /// Of the type of the scores; 0 where there is no item.
    pub(super) relevances: Tensor<2>,
    pub(super) padded: Option<Tensor<2, Bool>>,
}

impl Lists {
    pub(super) fn new(scores: Tensor<2>, relevances: Tensor<2>) -> Self {
        Self {
            scores,
            relevances,
            padded: None,
        }
    }

    /// What each list costs, by a function of lists with items.
    pub(super) fn losses(
        self,
        weights: Option<&Tensor<1>>,
        losses: impl FnOnce(Ready) -> SampleLosses,
    ) -> SampleLosses {
        if is_nothing(&self.scores) {
            let count = self.scores.dims()[0];
            return SampleLosses::none(&[&self.scores]).with_samples(count);
        }
        let without_padding = |items: Tensor<2>| match &self.padded {
            Some(padded) => items.mask_fill(padded.clone(), 0.0),
            None => items,
        };
        let scores = widened(without_padding(without_weightless(self.scores, weights)));
        let relevances = self.relevances.detach().cast(scores.dtype());
        losses(Ready {
            scores,
            relevances: without_padding(relevances),
            padded: self.padded.clone(),
        })
    }
}

impl Ready {
    /// Items with another number in place of those that are none.
    pub(super) fn filled(&self, items: Tensor<2>, number: f64) -> Tensor<2> {
        match &self.padded {
            Some(padded) => items.mask_fill(padded.clone(), number),
            None => items,
        }
    }

    /// What says which items are compared.
    pub(super) fn members(&self) -> ListMembers {
        ListMembers::Relevances(self.filled(self.relevances.clone(), PADDED.into()))
    }

    /// Which lists have a relevance that is NaN.
    fn unknown(&self) -> Tensor<1, Bool> {
        self.relevances.clone().is_nan().any_dim(1).squeeze_dim(1)
    }

    /// Losses of lists of which those without an order say nothing. An unknown relevance shows.
    pub(super) fn ordered(&self, losses: Tensor<1>) -> SampleLosses {
        let lowest = self.filled(self.relevances.clone(), f32::MAX.into());
        let highest = self.filled(self.relevances.clone(), PADDED.into());
        let has_order = highest.max_dim(1).greater(lowest.min_dim(1));
        let unknown = self.unknown();
        let silent = has_order.squeeze_dim::<1>(1).bool_or(unknown).bool_not();
        SampleLosses::with_silent(self.shown(losses), silent)
    }

    /// Losses of lists, NaN where a relevance is.
    pub(super) fn shown(&self, losses: Tensor<1>) -> Tensor<1> {
        losses.mask_fill(self.unknown(), f64::NAN)
    }
}

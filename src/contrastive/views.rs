//! Two views of each of some images.

use crate::{
    embeddings::{Batch, SampleEvaluation, SampleLosses, labels_of, ready},
    error::check_embeddings_alike,
    reduction::Reduction,
};
use burn::tensor::{Int, Tensor};

/// The embeddings of first views, then of second views.
pub(super) struct Views {
    /// `[2 N, D]`, not of half precision
    pub embeddings: Tensor<2>,
    /// The image of each view.
    pub labels: Tensor<1, Int>,
    /// N, at least 1
    pub images: usize,
}

impl Views {
    /// The evaluation of a loss that each view has.
    ///
    /// # Panics
    /// If there is not a second view for each first one.
    #[track_caller]
    pub fn evaluation(
        loss: &'static str,
        first: Tensor<2>,
        second: Tensor<2>,
        normalize: bool,
        reduction: Reduction,
        losses: impl FnOnce(Self) -> SampleLosses + Clone + Send + Sync + 'static,
    ) -> SampleEvaluation {
        check_embeddings_alike(loss, ("first views", &first), ("second views", &second));
        let images = Batch::of(loss, &first);
        let batch = Batch {
            samples: 2 * images.samples,
            ..images
        };
        SampleEvaluation::complete(batch, reduction, move |_| match images.samples {
            0 => SampleLosses::none(&[&first, &second]),
            _ => losses(Self::new(first, second, normalize)),
        })
    }

    /// Views that have been checked, at least one of each.
    fn new(first: Tensor<2>, second: Tensor<2>, normalize: bool) -> Self {
        let images = first.dims()[0];
        let embeddings = ready(Tensor::cat(vec![first, second], 0), normalize);
        let labels = (0..2 * images).map(|view| (view % images) as i64);
        Self {
            labels: labels_of(labels, &embeddings),
            embeddings,
            images,
        }
    }
}

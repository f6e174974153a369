//! Two views of each of some images.

use crate::embeddings::{Batch, SampleLosses, labels_from, ready};
use crate::error::check_embeddings_alike;
use burn::tensor::{Int, Tensor};

/// The embeddings of first views, then of second views.
pub(super) struct Views {
    /// `[2 N, D]`, not of half precision
    pub embeddings: Tensor<2>,
    /// The image of each view.
    pub labels: Tensor<1, Int>,
}

impl Views {
    /// The batch of which each view has a loss.
    ///
    /// # Panics
    /// If there is not a second view for each first one.
    #[track_caller]
    pub fn batch(loss: &'static str, first: &Tensor<2>, second: &Tensor<2>) -> Batch {
        check_embeddings_alike(loss, ("first views", first), ("second views", second));
        let images = Batch::of(loss, first);
        Batch {
            samples: 2 * images.samples,
            ..images
        }
    }

    /// Views that have been checked; where there are none what these cost.
    pub fn new(first: Tensor<2>, second: Tensor<2>, normalize: bool) -> Result<Self, SampleLosses> {
        let images = first.dims()[0];
        if images == 0 {
            return Err(SampleLosses::none(&[&first, &second]));
        }
        let embeddings = ready(Tensor::cat(vec![first, second], 0), normalize);
        let labels = labels_from(0, images, &embeddings);
        Ok(Self {
            embeddings,
            labels: Tensor::cat(vec![labels.clone(), labels], 0),
        })
    }
}

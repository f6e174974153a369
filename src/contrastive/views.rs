//! Two views of each of some images.

use crate::embeddings::{labels_from, ready};
use crate::error::check_embeddings_alike;
use burn::tensor::{Int, Tensor};

/// The embeddings of first views, then of second views.
pub(super) struct Views {
    /// `[2 N, D]`, not of half precision
    pub rows: Tensor<2>,
    /// The image of each view.
    pub labels: Tensor<1, Int>,
}

impl Views {
    /// `None` if there are none.
    ///
    /// # Panics
    /// If there is not a second view for each first one.
    #[track_caller]
    pub fn of(loss: &str, first: &Tensor<2>, second: &Tensor<2>, normalize: bool) -> Option<Self> {
        check_embeddings_alike(loss, ("first views", first), ("second views", second));
        let images = first.dims()[0];
        if images == 0 {
            return None;
        }
        let rows = ready(
            Tensor::cat(vec![first.clone(), second.clone()], 0),
            normalize,
        );
        let labels = labels_from(0, images, &rows);
        Some(Self {
            rows,
            labels: Tensor::cat(vec![labels.clone(), labels], 0),
        })
    }
}

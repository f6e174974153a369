//! Two views of each of some images.

use super::{embeddings::ready, pairs::labels_from};
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

/// Gives a loss of two views its `forward` methods, from `row_losses(first, second)`.
macro_rules! views_loss {
    ($loss:ident) => {
        impl $loss {
            /// The loss of all views, reduced as configured. Of no views at all it is 0.
            ///
            /// # Shapes
            /// - first: `[N, D]`, an embedding of each image
            /// - second: `[N, D]`, that of another view of the same image
            /// - output: `[1]`
            ///
            /// # Panics
            /// If shapes or data types do not fit.
            #[track_caller]
            pub fn forward(
                &self,
                first: ::burn::tensor::Tensor<2>,
                second: ::burn::tensor::Tensor<2>,
            ) -> ::burn::tensor::Tensor<1> {
                let rows = self.row_losses(first, second);
                rows.reduced(stringify!($loss), self.reduction, None)
            }

            /// The loss of each view: those of the first views, then those of the second.
            ///
            /// # Shapes
            /// - first: `[N, D]`, an embedding of each image
            /// - second: `[N, D]`, that of another view of the same image
            /// - output: `[2 N]`
            ///
            /// # Panics
            /// If shapes or data types do not fit.
            #[track_caller]
            pub fn forward_no_reduction(
                &self,
                first: ::burn::tensor::Tensor<2>,
                second: ::burn::tensor::Tensor<2>,
            ) -> ::burn::tensor::Tensor<1> {
                self.row_losses(first, second).each()
            }

            /// The loss of all views, each with a weight: `sum(w l) / sum(w)` as a mean, `sum(w l)` as a
            /// sum. A view of weight 0 has no loss of its own, but stays among those others are compared
            /// with; where all weights sum to 0 the loss is 0.
            ///
            /// # Shapes
            /// - first: `[N, D]`, an embedding of each image
            /// - second: `[N, D]`, that of another view of the same image
            /// - weights: `[2 N]`, those of the first views, then those of the second
            /// - output: `[1]`
            ///
            /// # Panics
            /// If shapes or data types do not fit.
            #[track_caller]
            pub fn forward_weighted(
                &self,
                first: ::burn::tensor::Tensor<2>,
                second: ::burn::tensor::Tensor<2>,
                weights: ::burn::tensor::Tensor<1>,
            ) -> ::burn::tensor::Tensor<1> {
                let rows = self.row_losses(first, second);
                rows.reduced(stringify!($loss), self.reduction, Some(weights))
            }
        }
    };
}
pub(super) use views_loss;

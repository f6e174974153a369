//! Embeddings with labels, as the arguments of a loss.

use super::{SampleEvaluation, Samples};
use burn::tensor::{Int, Tensor};

/// Embeddings with labels, compared with one another or with a reference set. One labelled
/// [`CrossBatchMemory::NO_LABEL`](crate::CrossBatchMemory::NO_LABEL) is left out.
#[derive(Clone, Debug)]
pub struct Labelled(pub(crate) Samples);

impl crate::samples::Given for Labelled {}

impl<R> SampleEvaluation<Labelled, R> {
    /// Compares all embeddings with a reference set instead of one another, such as a gallery or the contents of a
    /// memory ([`CrossBatchMemory`](crate::CrossBatchMemory)). An embedding that is in both is compared with itself.
    ///
    /// # Shapes
    /// - embeddings: `[K, D]`, of any float type
    /// - labels: `[K]`, any numbers
    ///
    /// # Panics
    /// If shapes do not fit.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Int, Tensor};
    /// use burn_losses::ContrastiveLossConfig;
    ///
    /// let device = Device::flex();
    /// let loss = ContrastiveLossConfig::new().with_normalize(false).init();
    /// let embeddings = Tensor::<2>::from_floats([[0.0], [0.5]], &device);
    /// let labels = Tensor::<1, Int>::from_ints([0, 1], &device);
    /// let gallery = Tensor::<2>::from_floats([[0.25]], &device);
    /// let of_gallery = Tensor::<1, Int>::from_ints([0], &device);
    /// // Its positive is 0.25 from the first, and as its negative from the second.
    /// let each = loss.on(embeddings, labels).reference(gallery, of_gallery).each();
    /// assert_eq!(each.into_data().iter::<f32>().collect::<Vec<_>>(), [0.25, 0.75]);
    /// ```
    #[track_caller]
    pub fn reference(mut self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Self {
        let Labelled(samples) = &mut self.given;
        samples.set_reference(self.batch.loss, embeddings, labels);
        self
    }
}

//! A linear layer with a loss of the softmax of its outputs as ordinary tensor operations.

use super::inputs::LinearInputs;
use crate::backend::{
    fold::{Count, Fold},
    row::SoftmaxRow,
    softmax::{Kept, composed_losses, total},
};
use burn::tensor::Tensor;

/// The loss of every row, times its weight. Its gradient needs the logits of all of them.
pub(super) fn losses(row: &SoftmaxRow, inputs: LinearInputs) -> Tensor<1> {
    let kept = inputs.kept(row);
    composed_losses(row, inputs.without_skipped(&kept).rows()).squeeze_dim::<1>(1)
}

/// The losses of all rows as one number.
pub(super) fn reduced(row: &SoftmaxRow, mut inputs: LinearInputs, fold: Fold) -> Tensor<1> {
    inputs.weights = inputs.weights.map(|weights| fold.shifted(weights));
    let kept = inputs.kept(row);
    let options = (&inputs.hidden.device(), inputs.hidden.dtype());
    let count = Count::of(kept.counts(row, options));
    let inputs = inputs.without_skipped(&kept);
    #[cfg(feature = "any-backend")]
    if super::blocks::can_take(&inputs) {
        return super::blocks::reduced(row, inputs, fold, count);
    }
    let total = total(row, inputs.rows());
    fold.on_tensors(total, || count)
}

/// The same with hidden states of 0 in rows that do not count.
#[cfg(feature = "kernels")]
pub(super) fn without_skipped(inputs: LinearInputs, row: &SoftmaxRow) -> LinearInputs {
    let kept = inputs.kept(row);
    inputs.without_skipped(&kept)
}

impl LinearInputs {
    /// What is known of rows before anything is computed of them.
    fn kept(&self, row: &SoftmaxRow) -> Kept {
        let weights = self.weights.clone().map(|weights| weights.unsqueeze_dim(1));
        let shape = [self.hidden.dims()[0], 1];
        Kept::new(row, shape, self.weight.dims()[0], &self.target(), weights)
    }

    /// Hidden states of rows that do not count replaced by 0: whatever they hold, it must not reach
    /// the gradient of the weight, nor what the weight holds their own.
    fn without_skipped(self, kept: &Kept) -> Self {
        let Some(skipped) = kept.skipped.clone() else {
            return self;
        };
        let skipped = skipped.expand(self.hidden.shape());
        Self {
            hidden: self.hidden.mask_fill(skipped, 0.0),
            ..self
        }
    }
}

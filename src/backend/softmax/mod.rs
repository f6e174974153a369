//! Losses of softmax rows on tensors, by whichever path they can take.

#[cfg(feature = "kernels")]
mod call;
mod classes;
mod composed;
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) mod fused;

use super::{
    class_check::{ClassesWanted, check_classes},
    fold::Fold,
    row::{RowInputs, SoftmaxRow, Target},
    served::expect_served,
};
use crate::error::demand;
use burn::tensor::Tensor;
use std::sync::Arc;

#[cfg(feature = "kernels")]
pub(super) use call::{Differentiated, RowGradient, Rows};
pub(super) use classes::Classes;
pub(crate) use classes::{comparable, ignored};
pub(super) use composed::{Kept, losses as composed_losses, total};

/// The loss of every row, times its weight.
#[track_caller]
pub(crate) fn row_losses(row: Arc<SoftmaxRow>, inputs: RowInputs) -> Tensor<2> {
    expect_served(&inputs.logits.device());
    inputs.check_classes(&row);
    #[cfg(feature = "kernels")]
    if are_fused(&row, &inputs) {
        return Tensor::from_dispatch(run_fused(row, inputs, None));
    }
    composed::losses(&row, inputs)
}

/// The losses of all rows as one number. No rows at all give 0.
#[track_caller]
pub(crate) fn reduced_rows(row: Arc<SoftmaxRow>, inputs: RowInputs, fold: Fold) -> Tensor<1> {
    expect_served(&inputs.logits.device());
    inputs.check_classes(&row);
    #[cfg(feature = "kernels")]
    if are_fused(&row, &inputs) {
        return Tensor::from_dispatch(run_fused(row, inputs, Some(fold)));
    }
    composed::reduced(&row, inputs, fold)
}

impl RowInputs {
    /// Panics if a class index is out of range, where the host can see it without waiting.
    #[track_caller]
    fn check_classes(&self, row: &SoftmaxRow) {
        if let Target::Classes(classes) = &self.target {
            let count = self.logits.dims()[1];
            let classes = (classes, &self.samples[..]);
            let wanted = ClassesWanted::of_row(row, count);
            demand(check_classes(wanted, classes, self.weights.as_ref()));
        }
    }
}

/// The fused operation has a softmax in it, and a gradient to logits alone; a target or weights that are tracked take the
/// composed path.
#[cfg(feature = "kernels")]
fn are_fused(row: &SoftmaxRow, inputs: &RowInputs) -> bool {
    let shares_are_tracked =
        matches!(&inputs.target, Target::Shares(shares) if shares.is_tracked());
    let weights_are_tracked = inputs.weights.as_ref().is_some_and(Tensor::is_tracked);
    // Kernels of GPUs name classes in `f32`.
    let is_narrow = inputs.logits.dims()[1] < 1 << 24 || super::path::runs_on_cpu(&inputs.logits);
    let are_tracked = shares_are_tracked || weights_are_tracked;
    super::path::has_kernels(&inputs.logits) && is_narrow && !are_tracked && !row.log_probabilities
}

#[cfg(feature = "kernels")]
fn run_fused(
    row: Arc<SoftmaxRow>,
    inputs: RowInputs,
    fold: Option<Fold>,
) -> burn::backend::DispatchTensor {
    use super::extension::{RowBackend, RowTarget, Weights};
    use burn::backend::Dispatch;

    let on_cpu = super::path::runs_on_cpu(&inputs.logits);
    let target = match inputs.target {
        Target::Classes(classes) if !on_cpu => {
            RowTarget::Classes(classes::comparable(classes).into_dispatch())
        }
        Target::Classes(classes) => RowTarget::Classes(classes.into_dispatch()),
        Target::Shares(shares) => RowTarget::Shares(shares.into_dispatch()),
    };
    <Dispatch as RowBackend>::softmax_rows(
        row,
        inputs.logits.into_dispatch(),
        target,
        Weights::of(inputs.weights),
        fold,
    )
}

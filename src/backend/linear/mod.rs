//! A linear layer with a loss of the softmax of its outputs, by whichever path it can take.

#[cfg(feature = "any-backend")]
mod blocks;
#[cfg(feature = "kernels")]
mod call;
mod composed;
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) mod fused;
mod inputs;

use super::{fold::Fold, nothing::none_of, row::SoftmaxRow, served::expect_served};
use burn::tensor::Tensor;
use std::sync::Arc;

#[cfg(feature = "kernels")]
pub(super) use call::{Differentiated, LinearCall};
pub(crate) use inputs::LinearInputs;

/// The loss of every row, times its weight.
#[track_caller]
pub(crate) fn linear_losses(row: Arc<SoftmaxRow>, inputs: LinearInputs) -> Tensor<1> {
    if inputs.hidden.dims()[0] == 0 {
        let none = inputs.classes.dims();
        return none_of(inputs.loss_of_nothing(), none);
    }
    expect_served(&inputs.hidden.device());
    inputs.check_classes(&row);
    let inputs = inputs.widened();
    #[cfg(feature = "kernels")]
    if inputs.are_fused() {
        return Tensor::from_dispatch(run_fused(row, inputs, None));
    }
    composed::losses(&row, inputs)
}

/// The losses of all rows as one number. No rows at all give 0.
#[track_caller]
pub(crate) fn reduced_linear(row: Arc<SoftmaxRow>, inputs: LinearInputs, fold: Fold) -> Tensor<1> {
    if inputs.hidden.dims()[0] == 0 {
        return inputs.loss_of_nothing();
    }
    expect_served(&inputs.hidden.device());
    inputs.check_classes(&row);
    let inputs = inputs.widened();
    #[cfg(feature = "kernels")]
    if inputs.are_fused() {
        return Tensor::from_dispatch(run_fused(row, inputs, Some(fold)));
    }
    composed::reduced(&row, inputs, fold)
}

#[cfg(feature = "kernels")]
fn run_fused(
    row: Arc<SoftmaxRow>,
    inputs: LinearInputs,
    fold: Option<Fold>,
) -> burn::backend::DispatchTensor {
    use super::extension::{LinearBackend, Weights};
    use burn::backend::Dispatch;

    let inputs = match super::path::runs_on_cpu(&inputs.hidden) {
        true => inputs,
        false => LinearInputs {
            classes: super::softmax::comparable(inputs.classes.clone()),
            ..composed::without_skipped(inputs, &row)
        },
    };
    <Dispatch as LinearBackend>::linear_softmax(
        row,
        inputs.hidden.into_dispatch(),
        inputs.weight.into_dispatch(),
        inputs.bias.into_dispatch(),
        inputs.classes.into_dispatch(),
        Weights::of(inputs.weights),
        fold,
    )
}

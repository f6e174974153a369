//! A linear layer with a loss of the softmax of its outputs, by whichever path it can take.

#[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
mod blocks;
mod composed;
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) mod fused;

use super::{
    fold::Fold,
    nothing::{loss_of_nothing, nothing_of},
    path::is_cpu,
    row::{SoftmaxRow, weightless},
};
use burn::tensor::{DType, Int, Tensor};
use std::sync::Arc;

/// What the loss is computed from; shapes and data types have been checked.
#[derive(Clone, Debug)]
pub(crate) struct LinearInputs {
    /// `[N, H]`
    pub hidden: Tensor<2>,
    /// `[V, H]`
    pub weight: Tensor<2>,
    /// `[V]`
    pub bias: Tensor<1>,
    /// `[N]`
    pub classes: Tensor<1, Int>,
    /// `[N]`
    pub weights: Option<Tensor<1>>,
}

/// The loss of every row, times its weight, in the data type of the hidden states.
#[track_caller]
pub(crate) fn linear_losses(row: Arc<SoftmaxRow>, inputs: LinearInputs) -> Tensor<1> {
    if inputs.hidden.dims()[0] == 0 {
        let none = inputs.classes.shape();
        return inputs.loss_of_nothing().expand(none);
    }
    let dtype = inputs.hidden.dtype();
    let inputs = inputs.widened();
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if inputs.are_fused() {
        let losses: Tensor<1> = Tensor::from_dispatch(run_fused(row, inputs, None));
        return losses.cast(dtype);
    }
    inputs.check_classes(&row);
    composed::losses(&row, inputs).cast(dtype)
}

/// The losses of all rows as one number, in the data type of the hidden states. No rows at all give 0.
#[track_caller]
pub(crate) fn reduced_linear(row: Arc<SoftmaxRow>, inputs: LinearInputs, fold: Fold) -> Tensor<1> {
    if inputs.hidden.dims()[0] == 0 {
        return inputs.loss_of_nothing();
    }
    let dtype = inputs.hidden.dtype();
    let inputs = inputs.widened();
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if inputs.are_fused() {
        let loss: Tensor<1> = Tensor::from_dispatch(run_fused(row, inputs, Some(fold)));
        return loss.cast(dtype);
    }
    inputs.check_classes(&row);
    composed::reduced(&row, inputs, fold).cast(dtype)
}

impl LinearInputs {
    /// Half precision in `f32`, which it is computed in.
    pub(crate) fn widened(self) -> Self {
        let wide = match self.hidden.dtype() {
            DType::F16 | DType::BF16 => DType::F32,
            dtype => dtype,
        };
        Self {
            hidden: self.hidden.cast(wide),
            weight: self.weight.cast(wide),
            bias: self.bias.cast(wide),
            classes: self.classes,
            weights: self.weights.map(|weights| weights.cast(wide)),
        }
    }

    /// The loss of no rows: 0, with a gradient of 0 to the layer.
    fn loss_of_nothing(self) -> Tensor<1> {
        let layer = nothing_of(&self.weight) + nothing_of(&self.bias);
        let loss = loss_of_nothing(&self.hidden) + layer;
        match &self.weights {
            Some(weights) => loss + loss_of_nothing(weights),
            None => loss,
        }
    }

    /// Panics if a class index is out of range, where the host can see it without waiting.
    #[track_caller]
    fn check_classes(&self, row: &SoftmaxRow) {
        if is_cpu(&self.hidden.device()) {
            let weightless = weightless(self.weights.as_ref());
            let count = self.weight.dims()[0];
            row.check_classes(self.classes.to_data().iter(), count, weightless);
        }
    }

    /// The fused operation has no gradient to weights of the rows; such weights take the composed
    /// path.
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    fn are_fused(&self) -> bool {
        let weights_are_tracked = self.weights.as_ref().is_some_and(Tensor::is_tracked);
        super::path::is_fused(&self.hidden) && !weights_are_tracked
    }
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
fn run_fused(
    row: Arc<SoftmaxRow>,
    inputs: LinearInputs,
    fold: Option<Fold>,
) -> burn::backend::DispatchTensor {
    use super::extension::{LossBackend, Weights};
    use burn::backend::Dispatch;

    let weights = match inputs.weights {
        Some(weights) => Weights::Each(weights.into_dispatch()),
        None => Weights::Equal,
    };
    <Dispatch as LossBackend>::linear_softmax(
        row,
        inputs.hidden.into_dispatch(),
        inputs.weight.into_dispatch(),
        inputs.bias.into_dispatch(),
        inputs.classes.into_dispatch(),
        weights,
        fold,
    )
}

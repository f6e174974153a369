//! A linear layer with a loss of the softmax of its outputs, by whichever path it can take.

mod composed;
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) mod fused;

#[cfg(any(feature = "flex", feature = "ndarray"))]
use super::path::is_fused;
use super::{
    Fold,
    nothing::loss_of_nothing,
    path::is_cpu,
    softmax::{check_classes, weightless},
};
use crate::formula::{CrossEntropy, NoMargin, SoftmaxRow};
use burn::tensor::{DType, Int, Tensor};

/// The loss of a linear layer's outputs.
pub(crate) type LinearRow = SoftmaxRow<CrossEntropy, NoMargin>;

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

/// The loss of every row, in the data type of the hidden states.
#[track_caller]
pub(crate) fn linear_losses(row: LinearRow, inputs: LinearInputs) -> Tensor<1> {
    if inputs.hidden.dims()[0] == 0 {
        let none = inputs.classes.shape();
        return inputs.loss_of_nothing().expand(none);
    }
    let (inputs, dtype) = inputs.widened();
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
pub(crate) fn reduced_linear(row: LinearRow, inputs: LinearInputs, fold: Fold) -> Tensor<1> {
    if inputs.hidden.dims()[0] == 0 {
        return inputs.loss_of_nothing();
    }
    let (inputs, dtype) = inputs.widened();
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if inputs.are_fused() {
        let loss: Tensor<1> = Tensor::from_dispatch(run_fused(row, inputs, Some(fold)));
        return loss.cast(dtype);
    }
    inputs.check_classes(&row);
    composed::reduced(&row, inputs, fold).cast(dtype)
}

impl LinearInputs {
    /// Half precision is computed in `f32`; the type it was.
    fn widened(self) -> (Self, DType) {
        let dtype = self.hidden.dtype();
        let wide = match dtype {
            DType::F16 | DType::BF16 => DType::F32,
            dtype => dtype,
        };
        let widened = Self {
            hidden: self.hidden.cast(wide),
            weight: self.weight.cast(wide),
            bias: self.bias.cast(wide),
            classes: self.classes,
            weights: self.weights.map(|weights| weights.cast(wide)),
        };
        (widened, dtype)
    }

    /// The loss of no rows: 0, with a gradient of 0 to the layer.
    fn loss_of_nothing(self) -> Tensor<1> {
        let layer = vanishing(self.weight).sum() + vanishing(self.bias).sum();
        loss_of_nothing(&self.hidden) + layer * 0.0
    }

    /// Panics if a class index is out of range, where the host can see it without waiting.
    #[track_caller]
    fn check_classes(&self, row: &LinearRow) {
        if is_cpu(&self.hidden.device()) {
            let weightless = weightless(self.weights.as_ref());
            check_classes(
                row,
                self.classes.to_data().iter(),
                self.weight.dims()[0],
                weightless,
            );
        }
    }

    /// The fused operation has no gradient to weights of the rows; such weights take the composed
    /// path.
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    fn are_fused(&self) -> bool {
        is_fused(&self.hidden) && !self.weights.as_ref().is_some_and(Tensor::is_tracked)
    }
}

/// Zeros that change as `operand` does: its difference to itself. Of what is not finite there is no
/// difference, so it is left out, and gets no gradient.
fn vanishing<const D: usize>(operand: Tensor<D>) -> Tensor<D> {
    let unknown = operand.clone().detach().is_finite().bool_not();
    let known = operand.mask_fill(unknown, 0.0);
    known.clone() - known.detach()
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
fn run_fused(
    row: LinearRow,
    inputs: LinearInputs,
    fold: Option<Fold>,
) -> burn::backend::DispatchTensor {
    use crate::backend::extension::{LossBackend, Weights};
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

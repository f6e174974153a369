//! Element-wise losses on tensors, by whichever path they can take.

#[cfg(feature = "kernels")]
mod call;
mod composed;
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) mod fused;
mod inputs;
pub(super) mod object;

use super::{fold::Fold, served::expect_served};
use burn::tensor::Tensor;
use std::sync::Arc;

#[cfg(feature = "kernels")]
pub(super) use call::{Differentiated, ElementCall};
pub(crate) use inputs::{Inputs, PerClass};
pub(crate) use object::ElementFormula;

/// The loss of every element, times its weight where there are some.
pub(crate) fn losses(formula: &Arc<dyn ElementFormula>, inputs: Inputs) -> Tensor<2> {
    expect_served(&inputs.prediction.device());
    #[cfg(feature = "kernels")]
    if inputs.are_fused() {
        return Tensor::from_dispatch(run_fused(formula, inputs, None));
    }
    composed::losses(&**formula, inputs)
}

/// The losses of all elements as one number. No elements at all give 0.
pub(crate) fn reduced(formula: &Arc<dyn ElementFormula>, inputs: Inputs, fold: Fold) -> Tensor<1> {
    expect_served(&inputs.prediction.device());
    #[cfg(feature = "kernels")]
    if inputs.are_fused() {
        return Tensor::from_dispatch(run_fused(formula, inputs, Some(fold)));
    }
    composed::reduced(&**formula, inputs, fold)
}

#[cfg(feature = "kernels")]
fn run_fused(
    formula: &Arc<dyn ElementFormula>,
    inputs: Inputs,
    fold: Option<Fold>,
) -> burn::backend::DispatchTensor {
    use crate::backend::extension::{ElementBackend, Weights};
    use burn::backend::Dispatch;

    <Dispatch as ElementBackend>::elements(
        formula.clone(),
        inputs.prediction.into_dispatch(),
        inputs.target.into_dispatch(),
        Weights::of(inputs.weights),
        inputs.parameters,
        fold,
    )
}

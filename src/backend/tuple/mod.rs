//! Losses of samples of a few numbers each, by whichever path they can take.

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
pub(super) use call::TupleCall;
pub(crate) use inputs::TupleInputs;
pub(crate) use object::{TupleObject, object};

/// The loss of every sample, `[N]`, times its weight where there are some.
pub(crate) fn tuple_losses(formula: &Arc<dyn TupleObject>, inputs: TupleInputs) -> Tensor<1> {
    expect_served(&inputs.prediction.device());
    #[cfg(feature = "kernels")]
    if inputs.are_fused() {
        return run_fused(formula, inputs, None);
    }
    composed::losses(&**formula, inputs)
}

/// The losses of all samples, one at least, as one number.
pub(crate) fn reduced_tuples(
    formula: &Arc<dyn TupleObject>,
    inputs: TupleInputs,
    fold: Fold,
) -> Tensor<1> {
    expect_served(&inputs.prediction.device());
    #[cfg(feature = "kernels")]
    if inputs.are_fused() {
        return run_fused(formula, inputs, Some(fold));
    }
    composed::reduced(&**formula, inputs, fold)
}

#[cfg(feature = "kernels")]
fn run_fused(formula: &Arc<dyn TupleObject>, inputs: TupleInputs, fold: Option<Fold>) -> Tensor<1> {
    use crate::backend::extension::{TupleBackend, Weights};
    use burn::backend::Dispatch;

    Tensor::from_dispatch(<Dispatch as TupleBackend>::tuples(
        formula.clone(),
        inputs.prediction.into_dispatch(),
        inputs.target.into_dispatch(),
        Weights::of(inputs.weights),
        fold,
    ))
}

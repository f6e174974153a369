//! Element-wise losses on tensors, by whichever path they can take.

mod composed;
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) mod fused;
pub(super) mod object;

use super::Fold;
#[cfg(any(feature = "flex", feature = "ndarray"))]
use super::path::is_fused;
use burn::tensor::Tensor;
use std::sync::Arc;

pub(crate) use object::ElementFormula;

/// What an element-wise loss is computed from; shapes and data types have been checked.
pub(crate) struct Inputs {
    /// The prediction.
    pub prediction: Tensor<2>,
    /// The target, of the same shape.
    pub target: Tensor<2>,
    /// Weights of the elements, of the same shape.
    pub weights: Option<Tensor<2>>,
    /// Parameters of the columns (the last dimension).
    pub columns: Option<Vec<f64>>,
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
impl Inputs {
    /// The fused operation has no gradient to weights; such weights take the composed path.
    fn are_fused(&self) -> bool {
        is_fused(&self.prediction) && !self.weights.as_ref().is_some_and(Tensor::is_tracked)
    }
}

/// The loss of every element, times its weight where there are some.
pub(crate) fn losses(formula: &Arc<dyn ElementFormula>, inputs: Inputs) -> Tensor<2> {
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if inputs.are_fused() {
        return Tensor::from_dispatch(run_fused(formula, inputs, None));
    }
    composed::losses(&**formula, inputs)
}

/// The losses of all elements as one number. No elements at all give 0.
pub(crate) fn reduced(formula: &Arc<dyn ElementFormula>, inputs: Inputs, fold: Fold) -> Tensor<1> {
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if inputs.are_fused() {
        return Tensor::from_dispatch(run_fused(formula, inputs, Some(fold)));
    }
    composed::reduced(&**formula, inputs, fold)
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
fn run_fused(
    formula: &Arc<dyn ElementFormula>,
    inputs: Inputs,
    fold: Option<Fold>,
) -> burn::backend::DispatchTensor {
    use crate::backend::extension::{LossBackend, Weights};
    use burn::backend::Dispatch;

    let weights = match inputs.weights {
        Some(weights) => Weights::Each(weights.into_dispatch()),
        None => Weights::Equal,
    };
    <Dispatch as LossBackend>::elements(
        formula.clone(),
        inputs.prediction.into_dispatch(),
        inputs.target.into_dispatch(),
        weights,
        inputs.columns,
        fold,
    )
}

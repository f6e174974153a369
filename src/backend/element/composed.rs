//! An element-wise loss as ordinary tensor operations.

use super::{inputs::Inputs, object::ElementFormula};
use crate::backend::fold::Fold;
use burn::tensor::{Tensor, TensorData};

/// The loss of every element, times its weight where there are some, in the data type of the prediction.
pub(super) fn losses(formula: &dyn ElementFormula, inputs: Inputs) -> Tensor<2> {
    let dtype = inputs.prediction.dtype();
    let (elements, weights) = masked(formula, inputs);
    let elements = match weights {
        Some(weights) => elements * weights,
        None => elements,
    };
    elements.cast(dtype)
}

/// The losses of all elements as one number, in the data type of the prediction.
pub(super) fn reduced(formula: &dyn ElementFormula, inputs: Inputs, fold: Fold) -> Tensor<1> {
    let dtype = inputs.prediction.dtype();
    let (elements, weights) = masked(formula, inputs);
    let value = match weights {
        Some(weights) => {
            let total = (elements * weights.clone()).sum();
            fold.on_tensors(total, || weights.sum())
        }
        None => fold.on_tensors(elements.sum(), || {
            unreachable!("a weighted mean has weights")
        }),
    };
    value.cast(dtype)
}

/// The losses and the weights they are yet to be multiplied with.
fn masked(formula: &dyn ElementFormula, inputs: Inputs) -> (Tensor<2>, Option<Tensor<2>>) {
    let mut inputs = inputs.widened();
    let weights = inputs.weights.take().map(|weights| {
        // Elements of weight 0 are replaced before anything is computed of them, so that neither
        // their values nor their derivatives can reach the result, nor the gradient of weights. No
        // formula is infinite at 1 against 1.
        let ignored = weights.clone().equal_scalar(0.0);
        let fill = |tensor: Tensor<2>| tensor.mask_fill(ignored.clone(), 1.0);
        inputs.prediction = fill(inputs.prediction.clone());
        inputs.target = fill(inputs.target.clone());
        weights.mask_fill(ignored, 0.0)
    });
    (evaluate(formula, inputs), weights)
}

fn evaluate(formula: &dyn ElementFormula, inputs: Inputs) -> Tensor<2> {
    let x = inputs.prediction;
    // A formula that looks at its column is always given the parameters; for the others this
    // stays unused, so any tensor will do.
    let column = match &inputs.columns {
        Some(parameters) => {
            let data = TensorData::new(parameters.clone(), [1, parameters.len()]);
            Tensor::<2>::from_data(data, (&x.device(), x.dtype())).expand(x.shape())
        }
        None => x.clone(),
    };
    formula.on_tensors(x, inputs.target, column)
}

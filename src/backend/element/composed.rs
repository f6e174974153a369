//! An element-wise loss as ordinary tensor operations.

use super::{inputs::Inputs, object::ElementFormula};
use crate::backend::fold::Fold;
use burn::tensor::Tensor;

/// The loss of every element, times its weight where there are some.
pub(super) fn losses(formula: &dyn ElementFormula, inputs: Inputs) -> Tensor<2> {
    let (elements, weights) = masked(formula, inputs);
    match weights {
        Some(weights) => elements * weights,
        None => elements,
    }
}

/// The losses of all elements as one number.
pub(super) fn reduced(formula: &dyn ElementFormula, mut inputs: Inputs, fold: Fold) -> Tensor<1> {
    inputs.weights = inputs.weights.map(|weights| fold.shifted(weights));
    let (elements, weights) = masked(formula, inputs);
    fold.of_losses(elements, weights)
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
    // A formula that looks at a parameter is always given the parameters; for the others this
    // stays unused, so any tensor will do.
    let parameter = match &inputs.parameters {
        Some(parameters) => parameters.of_elements(&x),
        None => x.clone(),
    };
    formula.on_tensors(x, inputs.target, parameter)
}

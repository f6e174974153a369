//! A loss of tuples as ordinary tensor operations.

use super::{inputs::TupleInputs, object::TupleObject};
use crate::backend::{fold::Fold, precision::widened};
use burn::tensor::Tensor;

/// The loss of every sample, times its weight where there are some.
pub(super) fn losses(formula: &dyn TupleObject, inputs: TupleInputs) -> Tensor<1> {
    let (losses, weights) = masked(formula, inputs);
    match weights {
        Some(weights) => losses * weights,
        None => losses,
    }
}

/// The losses of all samples as one number.
pub(super) fn reduced(formula: &dyn TupleObject, mut inputs: TupleInputs, fold: Fold) -> Tensor<1> {
    inputs.weights = inputs.weights.map(|weights| fold.shifted(weights));
    let (losses, weights) = masked(formula, inputs);
    fold.of_losses(losses, weights)
}

/// The losses and the weights they are yet to be multiplied with. Samples of weight 0 are replaced by ones before anything
/// is computed of them.
fn masked(formula: &dyn TupleObject, inputs: TupleInputs) -> (Tensor<1>, Option<Tensor<1>>) {
    let ignored = inputs
        .weights
        .clone()
        .map(|weights| weights.equal_scalar(0.0));
    let columns = |tensor: Tensor<2>| -> Vec<Tensor<1>> {
        let tensor = widened(tensor);
        let [samples, width] = tensor.dims();
        let column = |place| {
            let column = tensor.clone().narrow(1, place, 1).reshape([samples]);
            match &ignored {
                Some(ignored) => column.mask_fill(ignored.clone(), 1.0),
                None => column,
            }
        };
        (0..width).map(column).collect()
    };
    let losses = formula.on_tensors(columns(inputs.prediction), columns(inputs.target));
    let weights = inputs.weights.zip(ignored);
    let weights = weights.map(|(weights, ignored)| weights.mask_fill(ignored, 0.0));
    (losses, weights)
}

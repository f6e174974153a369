//! `ln(1 + e^x)` of a few numbers.

use crate::{
    backend::{ElementFormula, Inputs, losses},
    formula::BinaryCrossEntropy,
};
use burn::tensor::{Bool, Tensor};
use std::sync::Arc;

/// `ln(1 + e^x)`, with all its digits.
pub(crate) fn softplus(x: Tensor<1>) -> Tensor<1> {
    let count = x.dims();
    let prediction: Tensor<2> = x.unsqueeze();
    let inputs = Inputs {
        target: prediction.zeros_like(),
        prediction,
        weights: None,
        columns: None,
    };
    let formula: Arc<dyn ElementFormula> = Arc::new(BinaryCrossEntropy);
    losses(&formula, inputs).reshape(count)
}

/// `ln(1 + e^x)`; 0, without a gradient, where there is none.
pub(crate) fn softplus_of_some(x: Tensor<1>, none: Tensor<1, Bool>) -> Tensor<1> {
    softplus(x.mask_fill(none.clone(), 0.0)).mask_fill(none, 0.0)
}

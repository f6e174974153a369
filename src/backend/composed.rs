//! A formula evaluated with Burn tensors: any backend, any float type, gradients by autodiff.

use super::{Fold, Inputs, path::runs_on_cpu};
use crate::formula::{ColumnFormula, Real};
use burn::tensor::{DType, Tensor, TensorData};

impl<const D: usize> Real for Tensor<D> {
    fn constant(&self, value: f64) -> Self {
        self.full_like(value)
    }

    fn detach(self) -> Self {
        Tensor::detach(self)
    }

    fn abs(self) -> Self {
        Tensor::abs(self)
    }

    fn exp(self) -> Self {
        Tensor::exp(self)
    }

    fn ln(self) -> Self {
        near_one(self.clone().log(), || self.detach() - 1.0)
    }

    fn ln_1p(self) -> Self {
        near_one(self.clone().log1p(), || self.detach())
    }

    fn sqrt(self) -> Self {
        Tensor::sqrt(self)
    }

    fn where_below(&self, bound: f64, then: Self, otherwise: Self) -> Self {
        otherwise.mask_where(self.clone().lower_scalar(bound), then)
    }

    fn where_equal(&self, value: f64, then: Self, otherwise: Self) -> Self {
        otherwise.mask_where(self.clone().equal_scalar(value), then)
    }

    // Filling with a number spares the constant tensor of the general form.

    fn at_most(self, bound: f64) -> Self {
        let above = self.clone().greater_scalar(bound);
        self.mask_fill(above, bound)
    }

    fn at_least(self, bound: f64) -> Self {
        let below = self.clone().lower_scalar(bound);
        self.mask_fill(below, bound)
    }
}

/// The logarithm of `1 + x`, given as the device has it. The logarithm of a GPU is off by a fixed
/// amount near 1, which is nothing like a small x; its derivative is right. So the value alone is put
/// right there.
fn near_one<const D: usize>(logarithm: Tensor<D>, x: impl FnOnce() -> Tensor<D>) -> Tensor<D> {
    if runs_on_cpu(&logarithm) || logarithm.dtype() == DType::F64 {
        return logarithm;
    }
    let x = x();
    let far = (x.clone() - 0.25).abs().greater_scalar(0.75);
    let missing = ln_1p_by_series(x) - logarithm.clone().detach();
    logarithm + missing.mask_fill(far, 0.0)
}

/// `ln(1 + x)` for x from -1/2 to 1, to the precision of `f32`: `2 artanh(s)` with `s = x / (2 + x)`,
/// whose square is at most 1/9.
fn ln_1p_by_series<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    const TERMS: i32 = 9;
    let s = x.clone() / (x + 2.0);
    let square = s.clone() * s.clone();
    let coefficient = |n: i32| 2.0 / f64::from(2 * n + 1);
    let series = (0..TERMS - 1)
        .rev()
        .fold(s.full_like(coefficient(TERMS - 1)), |sum, n| {
            sum * square.clone() + coefficient(n)
        });
    series * s
}

/// The loss of every element, in the data type of the prediction.
pub(super) fn losses<const D: usize, F: ColumnFormula>(
    formula: F,
    inputs: Inputs<'_, D>,
) -> Tensor<D> {
    let dtype = inputs.prediction.dtype();
    let prediction = &inputs.prediction;
    if prediction.shape().num_elements() == 0 && !runs_on_cpu(prediction) {
        return inputs.prediction; // As below: nothing is given for nothing.
    }
    evaluate(formula, inputs.widened()).cast(dtype)
}

/// The losses of all elements as one number, in the data type of the prediction.
pub(super) fn reduced<const D: usize, F: ColumnFormula>(
    formula: F,
    inputs: Inputs<'_, D>,
    fold: Fold,
) -> Tensor<1> {
    let prediction = &inputs.prediction;
    let dtype = prediction.dtype();
    if prediction.shape().num_elements() == 0 && !runs_on_cpu(prediction) {
        // Burn's GPU kernels do not take tensors without elements. The 0 is a leaf of its own, so
        // that it has a backward pass, as any loss.
        let zero = Tensor::zeros([1], (&prediction.device(), dtype));
        let mut operands = [
            Some(prediction),
            Some(&inputs.target),
            inputs.weights.as_ref(),
        ]
        .into_iter()
        .flatten();
        return if operands.any(Tensor::is_tracked) {
            zero.require_grad()
        } else {
            zero
        };
    }
    let mut inputs = inputs.widened();
    let weights = inputs.weights.take().map(|weights| {
        // Elements of weight 0 are replaced before anything is computed of them, so that neither
        // their values nor their derivatives can reach the result, nor the gradient of weights.
        let ignored = weights.clone().equal_scalar(0.0);
        let fill = |tensor: Tensor<D>| tensor.mask_fill(ignored.clone(), 0.0);
        inputs.prediction = fill(inputs.prediction.clone());
        inputs.target = fill(inputs.target.clone());
        fill(weights)
    });
    let elements = evaluate(formula, inputs);
    let (total, weight) = match weights {
        Some(weights) => ((elements * weights.clone()).sum(), Some(weights.sum())),
        None => (elements.sum(), None),
    };
    let value = match (fold, weight) {
        (Fold::Sum { factor }, _) => total * factor,
        (Fold::WeightedMean, Some(weight)) => {
            let nothing = weight.clone().equal_scalar(0.0);
            total.mask_fill(nothing.clone(), 0.0) / weight.mask_fill(nothing, 1.0)
        }
        (Fold::WeightedMean, None) => unreachable!("a weighted mean has weights"),
    };
    value.cast(dtype)
}

fn evaluate<const D: usize, F: ColumnFormula>(formula: F, inputs: Inputs<'_, D>) -> Tensor<D> {
    let x = inputs.prediction;
    // A formula that looks at its column is always given the parameters; for the others this
    // stays unused, so any tensor will do.
    let column = match inputs.columns {
        Some(parameters) => {
            let mut shape = [1; D];
            shape[D - 1] = parameters.len();
            let data = TensorData::new(parameters.to_vec(), shape);
            Tensor::<D>::from_data(data, (&x.device(), x.dtype())).expand(x.shape())
        }
        None => x.clone(),
    };
    formula.value_in_column(x, inputs.target, column)
}

impl<const D: usize> Inputs<'_, D> {
    /// Half precision is computed in `f32`.
    pub(crate) fn widened(self) -> Self {
        match self.prediction.dtype() {
            DType::F16 | DType::BF16 => Self {
                prediction: self.prediction.cast(DType::F32),
                target: self.target.cast(DType::F32),
                weights: self.weights.map(|weights| weights.cast(DType::F32)),
                columns: self.columns,
            },
            _ => self,
        }
    }
}

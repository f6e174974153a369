//! A linear layer with a loss of the softmax of its outputs, a block of rows at a time.
//!
//! Never more than a block of logits is held: each block's gradients are computed at once, by autodiff of
//! that block alone, and added up. The value hands them on.

use super::inputs::LinearInputs;
use crate::backend::{
    attached::with_gradient,
    fold::{Count, Fold},
    ordered_sum::ordered_sum,
    row::SoftmaxRow,
    served::is_served,
    softmax::total,
};
use burn::tensor::Tensor;

/// How many logits a block has at most, unless a single row has more.
const BLOCK: usize = 4 << 20;

/// Whether inputs can be taken in blocks: where no gradient is wanted, or on a backend that hands gradients on,
/// and without a gradient to the weights of the rows.
pub(super) fn can_take(inputs: &LinearInputs) -> bool {
    let weights_are_tracked = inputs.weights.as_ref().is_some_and(Tensor::is_tracked);
    !weights_are_tracked && (!inputs.are_tracked() || is_served(&inputs.hidden.device()))
}

/// The losses of all rows, at least one, as one number.
pub(super) fn reduced(
    row: &SoftmaxRow,
    inputs: LinearInputs,
    fold: Fold,
    count: Count,
) -> Tensor<1> {
    let count = count.without_autodiff();
    let differentiate = inputs.are_tracked();
    let fold = |total: Tensor<1>| fold.on_tensors(total, || count.clone());
    let blocks = Blocks::of(row, &inputs, differentiate.then_some(&fold));
    let value = fold(blocks.total);
    let Some(gradients) = blocks.gradients else {
        return value;
    };
    let value = with_gradient(value, inputs.hidden, gradients.hidden);
    let value = with_gradient(value, inputs.weight, gradients.weight);
    with_gradient(value, inputs.bias, gradients.bias)
}

/// What the blocks add up to, without autodiff.
struct Blocks {
    total: Tensor<1>,
    gradients: Option<Gradients>,
}

/// The gradients of the folded loss.
struct Gradients {
    hidden: Tensor<2>,
    weight: Tensor<2>,
    bias: Tensor<1>,
}

impl Blocks {
    /// The blocks of at least one row; where gradients are wanted, of this function of the total.
    fn of(
        row: &SoftmaxRow,
        inputs: &LinearInputs,
        differentiated: Option<&dyn Fn(Tensor<1>) -> Tensor<1>>,
    ) -> Self {
        let inputs = inputs.clone().without_autodiff();
        let [rows, _] = inputs.hidden.dims();
        let per_block = (BLOCK / inputs.weight.dims()[0].max(1)).max(1);
        let mut totals: Vec<Tensor<1>> = Vec::new();
        let mut by_hidden = Vec::new();
        let mut by_parameters: Option<(Tensor<2>, Tensor<1>)> = None;
        for first in (0..rows).step_by(per_block) {
            let block = inputs.block(first, per_block.min(rows - first));
            let hidden = block.hidden.clone();
            let mut rows = block.rows();
            let of_block = match differentiated {
                None => total(row, rows),
                Some(fold) => {
                    let logits = rows.logits.autodiff().require_grad();
                    rows.logits = logits.clone();
                    let total = total(row, rows);
                    let gradient = logits
                        .grad(&fold(total.clone()).backward())
                        .expect("the logits of a block are a leaf of its graph")
                        .squeeze_dim::<2>(2);
                    by_hidden.push(gradient.clone().matmul(inputs.weight.clone()));
                    let by_bias = gradient.clone().sum_dim(0).squeeze_dim::<1>(0);
                    let by_weight = gradient.transpose().matmul(hidden);
                    by_parameters = Some(match by_parameters {
                        Some((weight, bias)) => (weight + by_weight, bias + by_bias),
                        None => (by_weight, by_bias),
                    });
                    total.without_autodiff()
                }
            };
            totals.push(of_block);
        }
        Self {
            total: ordered_sum(Tensor::cat(totals, 0)),
            gradients: by_parameters.map(|(weight, bias)| Gradients {
                hidden: Tensor::cat(by_hidden, 0),
                weight,
                bias,
            }),
        }
    }
}

impl LinearInputs {
    /// Whether a gradient is wanted of the layer or its inputs.
    fn are_tracked(&self) -> bool {
        self.hidden.is_tracked() || self.weight.is_tracked() || self.bias.is_tracked()
    }

    /// The same as constants.
    fn without_autodiff(self) -> Self {
        Self {
            hidden: self.hidden.without_autodiff(),
            weight: self.weight.without_autodiff(),
            bias: self.bias.without_autodiff(),
            classes: self.classes.without_autodiff(),
            weights: self.weights.map(Tensor::without_autodiff),
            samples: self.samples,
        }
    }

    /// The `count` rows from `first` on.
    fn block(&self, first: usize, count: usize) -> Self {
        let rows = first..first + count;
        let of = |tensor: &Tensor<1>| tensor.clone().slice([rows.clone()]);
        Self {
            hidden: self.hidden.clone().slice([rows.clone()]),
            weight: self.weight.clone(),
            bias: self.bias.clone(),
            classes: self.classes.clone().slice([rows.clone()]),
            weights: self.weights.as_ref().map(of),
            samples: vec![count],
        }
    }
}

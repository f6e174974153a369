//! A linear layer with a loss of the softmax of its outputs as ordinary tensor operations.
//!
//! Rows are taken block by block, so that never more than a block of logits is held: each block's
//! gradients are computed at once, by autodiff of that block alone, and added up. What is handed on is
//! the value, and a term that is 0 and has these gradients.

use super::{LinearInputs, LinearRow, vanishing};
use crate::backend::{
    Fold, RowInputs, Target,
    softmax::{composed_losses, skipped, totals},
};
use burn::tensor::{DType, Int, Tensor};

/// How many logits a block has at most, unless a single row has more.
const BLOCK: usize = 4 << 20;

/// The loss of every row. Its gradient needs the logits of all of them.
pub(super) fn losses(row: &LinearRow, inputs: LinearInputs) -> Tensor<1> {
    let inputs = inputs.without_skipped(row);
    composed_losses(row, inputs.rows()).squeeze_dim::<1>(1)
}

/// The losses of all rows as one number.
pub(super) fn reduced(row: &LinearRow, inputs: LinearInputs, fold: Fold) -> Tensor<1> {
    let weights_are_tracked = inputs.weights.as_ref().is_some_and(Tensor::is_tracked);
    let operands_are_tracked =
        inputs.hidden.is_tracked() || inputs.weight.is_tracked() || inputs.bias.is_tracked();
    let inputs = inputs.without_skipped(row);
    if weights_are_tracked {
        let (total, count) = totals(row, inputs.rows());
        return fold.on_tensors(total, || count);
    }
    let blocks = Blocks::of(row, &inputs, operands_are_tracked);
    let value = fold.on_tensors(blocks.total, || blocks.count.clone());
    let Some(gradients) = blocks.gradients else {
        return value;
    };
    let one = value.ones_like().without_autodiff();
    let scale = fold.on_tensors(one, || blocks.count.clone());
    let (by_hidden, by_weight, by_bias) = gradients;
    let term = carrying(inputs.hidden, by_hidden)
        + carrying(inputs.weight, by_weight)
        + carrying(inputs.bias, by_bias);
    term * scale + value
}

/// A 0 whose gradient by `operand` is `gradient`.
fn carrying<const D: usize>(operand: Tensor<D>, gradient: Tensor<D>) -> Tensor<1> {
    if !operand.is_tracked() {
        return Tensor::zeros([1], (&operand.device(), operand.dtype()));
    }
    // 0 times a gradient that is infinite, or none, would be no number. So the factor is finite, and
    // overflows when it is doubled, which in the backward pass comes first.
    let most = match gradient.dtype() {
        DType::F64 => f64::MAX,
        _ => f32::MAX as f64,
    };
    let half = gradient * 0.5;
    let is_nan = half.clone().is_nan();
    let factor = half.clamp(-most, most).mask_fill(is_nan, most);
    (vanishing(operand) * factor).sum() * 2.0
}

/// What the blocks add up to, without autodiff.
struct Blocks {
    total: Tensor<1>,
    count: Tensor<1>,
    /// The gradients of the total by hidden states, weight and bias.
    gradients: Option<(Tensor<2>, Tensor<2>, Tensor<1>)>,
}

impl Blocks {
    fn of(row: &LinearRow, inputs: &LinearInputs, differentiate: bool) -> Self {
        let inputs = inputs.clone().without_autodiff();
        let [rows, _] = inputs.hidden.dims();
        let per_block = (BLOCK / inputs.weight.dims()[0].max(1)).max(1);
        let options = (&inputs.hidden.device(), inputs.hidden.dtype());
        let zero = Tensor::zeros([1], options);
        let mut blocks = Self {
            total: zero.clone(),
            count: zero,
            gradients: None,
        };
        let mut by_hidden = Vec::new();
        let mut by_parameters: Option<(Tensor<2>, Tensor<1>)> = None;
        for first in (0..rows).step_by(per_block) {
            let block = inputs.block(first, per_block.min(rows - first));
            let hidden = block.hidden.clone();
            let mut rows = block.rows();
            if !differentiate {
                let (total, count) = totals(row, rows);
                blocks.total = blocks.total + total;
                blocks.count = blocks.count + count;
                continue;
            }
            let logits = rows.logits.autodiff().require_grad();
            rows.logits = logits.clone();
            let (total, count) = totals(row, rows);
            let gradient = logits
                .grad(&total.backward())
                .expect("the logits of a block are a leaf of its graph")
                .squeeze_dim::<2>(2);
            blocks.total = blocks.total + total.without_autodiff();
            blocks.count = blocks.count + count.without_autodiff();
            by_hidden.push(gradient.clone().matmul(inputs.weight.clone()));
            let by_bias = gradient.clone().sum_dim(0).squeeze_dim::<1>(0);
            let by_weight = gradient.transpose().matmul(hidden);
            by_parameters = Some(match by_parameters {
                Some((weight, bias)) => (weight + by_weight, bias + by_bias),
                None => (by_weight, by_bias),
            });
        }
        blocks.gradients = by_parameters
            .map(|(by_weight, by_bias)| (Tensor::cat(by_hidden, 0), by_weight, by_bias));
        blocks
    }
}

impl LinearInputs {
    /// Hidden states of rows that do not count replaced by 0: whatever they hold, it must not reach
    /// the gradient of the weight.
    fn without_skipped(self, row: &LinearRow) -> Self {
        let classes = self.classes.clone().unsqueeze_dim::<2>(1);
        let weights = self.weights.clone().map(|weights| weights.unsqueeze_dim(1));
        let Some(skipped) = skipped(row, classes, self.weight.dims()[0], weights) else {
            return self;
        };
        let skipped = skipped.expand(self.hidden.shape());
        Self {
            hidden: self.hidden.mask_fill(skipped, 0.0),
            ..self
        }
    }

    fn without_autodiff(self) -> Self {
        Self {
            hidden: self.hidden.without_autodiff(),
            weight: self.weight.without_autodiff(),
            bias: self.bias.without_autodiff(),
            classes: self.classes.without_autodiff(),
            weights: self.weights.map(Tensor::without_autodiff),
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
        }
    }

    /// The outputs of the layer, as rows.
    fn rows(self) -> RowInputs {
        let classes: Tensor<1, Int> = self.classes;
        let logits = self.hidden.matmul(self.weight.transpose()) + self.bias.unsqueeze::<2>();
        RowInputs {
            logits: logits.unsqueeze_dim::<3>(2),
            target: Target::Classes(classes.unsqueeze_dim::<2>(1)),
            weights: self.weights.map(|weights| weights.unsqueeze_dim::<2>(1)),
        }
    }
}

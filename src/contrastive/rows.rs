//! From the losses of rows to what a loss returns.

use crate::{
    backend::{Inputs, loss_of_nothing, losses},
    error::{check_row_weights, check_rows},
    formula::BinaryCrossEntropy,
    reduction::Reduction,
};
use burn::tensor::{Bool, DType, Shape, Tensor};

use super::embeddings::widened;

/// The losses of some rows, in `f32` where the embeddings are of half precision.
pub(super) struct RowLosses {
    /// One for each; a single 0 with a backward pass where there are no rows at all.
    losses: Tensor<1>,
    count: usize,
    /// Which of them say nothing.
    silent: Option<Tensor<1, Bool>>,
    /// The data type of the embeddings.
    dtype: DType,
}

impl RowLosses {
    /// Those of no rows, of operands without elements.
    pub fn none(operands: &[&Tensor<2>]) -> Self {
        let zeros = operands.iter().map(|operand| loss_of_nothing(operand));
        Self {
            losses: zeros.reduce(|a, b| a + b).expect("an operand"),
            count: 0,
            silent: None,
            dtype: operands[0].dtype(),
        }
    }

    pub fn new(losses: Tensor<1>, dtype: DType) -> Self {
        Self {
            count: losses.dims()[0],
            losses,
            silent: None,
            dtype,
        }
    }

    /// With rows that say nothing: they cost 0 and do not count in a mean.
    pub fn with_silent(losses: Tensor<1>, silent: Tensor<1, Bool>, dtype: DType) -> Self {
        Self {
            silent: Some(silent.clone()),
            ..Self::new(losses.mask_fill(silent, 0.0), dtype)
        }
    }

    /// Rows of which none says anything.
    pub fn silent(losses: Tensor<1>, dtype: DType) -> Self {
        let all = losses.clone().detach().ones_like().equal_scalar(1.0);
        Self::with_silent(losses, all, dtype)
    }

    /// The loss of each row.
    pub fn each(self) -> Tensor<1> {
        match self.count {
            0 => self.losses.expand(Shape::new([0])),
            _ => self.losses,
        }
        .cast(self.dtype)
    }

    /// All losses as one number, each with a weight if there are weights.
    #[track_caller]
    pub fn reduced(
        self,
        loss: &str,
        reduction: Reduction,
        weights: Option<Tensor<1>>,
    ) -> Tensor<1> {
        let Self {
            losses,
            count,
            silent,
            dtype,
        } = self;
        if let Some(weights) = &weights {
            check_rows(loss, "weights", &weights.dims(), "losses", &[count, 1], 1);
            check_row_weights(loss, weights.dtype(), dtype);
        }
        if count == 0 {
            return match weights {
                Some(weights) => losses + loss_of_nothing(&weights),
                None => losses,
            };
        }
        let counts = match (weights.map(widened), silent) {
            (None, None) => {
                let factor = match reduction {
                    Reduction::Mean => 1.0 / count as f64,
                    Reduction::Sum => 1.0,
                };
                return (losses.sum() * factor).cast(dtype);
            }
            (Some(weights), None) => weights,
            (weights, Some(silent)) => {
                let weights = weights.unwrap_or_else(|| losses.ones_like());
                weights.mask_fill(silent, 0.0)
            }
        };
        // A weight of 0 ignores its row, whatever that holds.
        let ignored = counts.clone().equal_scalar(0.0);
        let total = (losses.mask_fill(ignored, 0.0) * counts.clone()).sum();
        reduction
            .of_rows()
            .on_tensors(total, || counts.sum())
            .cast(dtype)
    }
}

/// `ln(1 + e^x)`, with all its digits.
pub(super) fn softplus(x: Tensor<1>) -> Tensor<1> {
    let count = x.dims();
    let prediction: Tensor<2> = x.unsqueeze();
    let inputs = Inputs {
        target: prediction.zeros_like(),
        prediction,
        weights: None,
        columns: None,
    };
    losses(BinaryCrossEntropy, inputs).reshape(count)
}

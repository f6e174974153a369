//! From the losses of rows to what a loss returns.

use crate::{
    backend::{ElementFormula, Inputs, is_nothing, loss_of_nothing, losses},
    error::check_loss_weights,
    formula::BinaryCrossEntropy,
    reduction::Reduction,
};
use burn::tensor::{Bool, DType, Shape, Tensor};
use std::sync::Arc;

use super::ready::widened;

/// The losses of some rows, in `f32` where the embeddings are of half precision.
pub(crate) struct RowLosses {
    /// One for each; a single 0 with a backward pass where there are no rows at all.
    losses: Tensor<1>,
    count: usize,
    /// Which of them say nothing.
    silent: Option<Tensor<1, Bool>>,
    /// The data type of the embeddings.
    dtype: DType,
}

impl RowLosses {
    /// Those of no rows: each operand gets a gradient of 0.
    pub fn none(operands: &[&Tensor<2>]) -> Self {
        let dtype = operands[0].dtype();
        let zeros = operands.iter().map(|&operand| {
            if is_nothing(operand) {
                return loss_of_nothing(operand).cast(dtype);
            }
            let zeros = operand.clone().mask_fill(everywhere(operand), 0.0);
            zeros.sum().cast(dtype)
        });
        Self {
            losses: zeros.reduce(|a, b| a + b).expect("an operand"),
            count: 0,
            silent: None,
            dtype: operands[0].dtype(),
        }
    }

    /// So many losses of 0 in place of none, of rows that say nothing.
    pub fn with_rows(self, count: usize) -> Self {
        match count {
            0 => self,
            _ => Self::silent(self.losses.expand(Shape::new([count])), self.dtype),
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
        let all = everywhere(&losses);
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
            check_loss_weights(loss, weights, count, dtype);
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
                    Reduction::Mean | Reduction::BatchMean => 1.0 / count as f64,
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
            .of_counted(1)
            .on_tensors(total, || counts.sum())
            .cast(dtype)
    }
}

/// A mask of all elements.
fn everywhere<const D: usize>(tensor: &Tensor<D>) -> Tensor<D, Bool> {
    tensor.clone().detach().ones_like().equal_scalar(1.0)
}

/// The rows with those of weight 0 replaced by zeros: whatever they hold, it must not reach a gradient.
/// For rows that no other row is compared with.
#[track_caller]
pub(crate) fn without_weightless(
    loss: &str,
    rows: Tensor<2>,
    weights: Option<&Tensor<1>>,
) -> Tensor<2> {
    let Some(weights) = weights else {
        return rows;
    };
    check_loss_weights(loss, weights, rows.dims()[0], rows.dtype());
    if is_nothing(&rows) {
        return rows;
    }
    let weightless = weights.clone().detach().equal_scalar(0.0);
    let mask = weightless.unsqueeze_dim::<2>(1).expand(rows.shape());
    rows.mask_fill(mask, 0.0)
}

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

/// Gives a loss of rows of two sets of embeddings its `forward` methods, from
/// `row_losses(first, second, weights)`, which looks at the weights only to leave rows out.
macro_rules! rows_loss {
    (
        $loss:ident,
        $first:ident: $first_doc:literal,
        $second:ident: $second_doc:literal,
        losses: $count:literal
    ) => {
        impl $loss {
            /// The losses of all rows, reduced as configured. Of no rows at all it is 0.
            ///
            /// # Shapes
            #[doc = concat!("- ", stringify!($first), ": ", $first_doc)]
            #[doc = concat!("- ", stringify!($second), ": ", $second_doc)]
            /// - output: `[1]`
            ///
            /// # Panics
            /// If shapes or data types do not fit.
            #[track_caller]
            pub fn forward(
                &self,
                $first: ::burn::tensor::Tensor<2>,
                $second: ::burn::tensor::Tensor<2>,
            ) -> ::burn::tensor::Tensor<1> {
                let rows = self.row_losses($first, $second, None);
                rows.reduced(stringify!($loss), self.reduction, None)
            }

            /// The loss of each row.
            ///
            /// # Shapes
            #[doc = concat!("- ", stringify!($first), ": ", $first_doc)]
            #[doc = concat!("- ", stringify!($second), ": ", $second_doc)]
            #[doc = concat!("- output: ", $count)]
            ///
            /// # Panics
            /// If shapes or data types do not fit.
            #[track_caller]
            pub fn forward_no_reduction(
                &self,
                $first: ::burn::tensor::Tensor<2>,
                $second: ::burn::tensor::Tensor<2>,
            ) -> ::burn::tensor::Tensor<1> {
                self.row_losses($first, $second, None).each()
            }

            /// The losses of all rows, each with a weight: `sum(w l) / sum(w)` as a mean, `sum(w l)` as a
            /// sum. A row of weight 0 has no loss of its own, but stays among those that others are
            /// compared with; where all weights sum to 0 the loss is 0.
            ///
            /// # Shapes
            #[doc = concat!("- ", stringify!($first), ": ", $first_doc)]
            #[doc = concat!("- ", stringify!($second), ": ", $second_doc)]
            #[doc = concat!("- weights: ", $count)]
            /// - output: `[1]`
            ///
            /// # Panics
            /// If shapes or data types do not fit.
            #[track_caller]
            pub fn forward_weighted(
                &self,
                $first: ::burn::tensor::Tensor<2>,
                $second: ::burn::tensor::Tensor<2>,
                weights: ::burn::tensor::Tensor<1>,
            ) -> ::burn::tensor::Tensor<1> {
                let rows = self.row_losses($first, $second, Some(&weights));
                rows.reduced(stringify!($loss), self.reduction, Some(weights))
            }
        }
    };
}
pub(crate) use rows_loss;

//! The hidden states before a linear layer whose outputs are the logits.

use crate::{
    backend::{Fold, LinearInputs, SoftmaxRow, is_nothing, linear_losses, reduced_linear},
    class::{
        frame::Frame,
        shape::{no_classes, nothing_tracked, reshaped},
    },
    error::{ClassesOf, check_layer},
};
use burn::tensor::{DType, Int, Tensor};
use std::sync::Arc;

/// The hidden states before a linear layer whose outputs are the logits.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    row: Arc<SoftmaxRow>,
    /// Without weights.
    inputs: LinearInputs,
    /// `[N, K]`
    shape: [usize; 2],
}

impl Layer {
    /// Hidden states `[.., H]`, with the shape of the samples they are.
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn new<const D: usize, const T: usize>(
        row: Arc<SoftmaxRow>,
        hidden: Tensor<D>,
        weight: Tensor<2>,
        bias: Option<Tensor<1>>,
        targets: Tensor<T, Int>,
    ) -> (Self, Frame<D>) {
        let frame = Frame {
            whole: "hidden states",
            shape: hidden.dims(),
            along: D - 1,
        };
        check_layer(row.loss, &hidden, &weight, bias.as_ref());
        frame.check(row.loss, "targets", &targets.dims());
        let [classes, width] = weight.dims();
        row.check_lists(classes, ClassesOf::Layer);
        let dims = targets.dims();
        let samples = dims.to_vec();
        let shape = [dims[0], dims[1..].iter().product()];
        let rows = shape[0] * shape[1];
        let options = (&hidden.device(), hidden.dtype());
        let inputs = LinearInputs {
            bias: bias.unwrap_or_else(|| Tensor::zeros([classes], options)),
            hidden: reshaped(hidden, [rows, width], nothing_tracked),
            weight,
            classes: reshaped(targets, [rows], no_classes),
            weights: None,
            samples,
        };
        (Self { row, inputs, shape }, frame)
    }

    pub fn dtype(&self) -> DType {
        self.inputs.hidden.dtype()
    }

    /// The loss of each sample, times its weight, `[N, K]`.
    #[inline(never)]
    #[track_caller]
    pub fn each(self, weights: Option<Tensor<2>>) -> Tensor<2> {
        let shape = self.shape;
        let losses = linear_losses(self.row.clone(), self.inputs(weights));
        match is_nothing(&losses) {
            true => nothing_tracked(losses, shape),
            false => losses.reshape(shape),
        }
    }

    /// The losses of all samples as one number.
    #[inline(never)]
    #[track_caller]
    pub fn reduced(self, weights: Option<Tensor<2>>, fold: Fold) -> Tensor<1> {
        reduced_linear(self.row.clone(), self.inputs(weights), fold)
    }

    fn inputs(self, weights: Option<Tensor<2>>) -> LinearInputs {
        let rows = self.shape[0] * self.shape[1];
        LinearInputs {
            weights: weights.map(|weights| reshaped(weights, [rows], nothing_tracked)),
            ..self.inputs
        }
    }
}

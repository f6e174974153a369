//! What the loss of a linear layer is computed from.

#[cfg(feature = "kernels")]
use crate::backend::path::has_kernels;
use crate::backend::{
    class_check::{ClassesWanted, check_classes},
    nothing::{joined, nothing_of},
    precision::widened,
    row::{RowInputs, SoftmaxRow, Target},
};
use crate::error::demand;
use burn::tensor::{Int, Tensor};

/// What the loss is computed from; shapes and data types have been checked.
#[derive(Clone, Debug)]
pub(crate) struct LinearInputs {
    /// `[N, H]`
    pub hidden: Tensor<2>,
    /// `[V, H]`
    pub weight: Tensor<2>,
    /// `[V]`
    pub bias: Tensor<1>,
    /// `[N]`
    pub classes: Tensor<1, Int>,
    /// `[N]`
    pub weights: Option<Tensor<1>>,
    /// The shape the samples were given in, for messages.
    pub samples: Vec<usize>,
}

impl LinearInputs {
    /// Tensors in the data type they are computed in.
    pub(crate) fn widened(self) -> Self {
        Self {
            hidden: widened(self.hidden),
            weight: widened(self.weight),
            bias: widened(self.bias),
            classes: self.classes,
            weights: self.weights.map(widened),
            samples: self.samples,
        }
    }

    /// The loss of no rows: 0, with a gradient of 0 to the layer.
    pub(super) fn loss_of_nothing(self) -> Tensor<1> {
        let layer = [&self.hidden, &self.weight].map(nothing_of);
        let others = [&self.bias].into_iter().chain(&self.weights);
        joined(layer.into_iter().chain(others.map(nothing_of)))
    }

    /// Panics if a class index is out of range, where the host can see it without waiting.
    #[track_caller]
    pub(super) fn check_classes(&self, row: &SoftmaxRow) {
        let count = self.weight.dims()[0];
        let wanted = ClassesWanted::of_row(row, count);
        let classes = (&self.classes, &self.samples[..]);
        demand(check_classes(wanted, classes, self.weights.as_ref()));
    }

    /// The fused operation has no gradient to weights of the rows; such weights take the composed
    /// path.
    #[cfg(feature = "kernels")]
    pub(super) fn are_fused(&self) -> bool {
        let weights_are_tracked = self.weights.as_ref().is_some_and(Tensor::is_tracked);
        has_kernels(&self.hidden) && !weights_are_tracked
    }

    pub(super) fn target(&self) -> Target {
        Target::Classes(self.classes.clone().unsqueeze_dim::<2>(1))
    }

    /// The outputs of the layer, as rows.
    pub(super) fn rows(self) -> RowInputs {
        let target = self.target();
        let logits = self.hidden.matmul(self.weight.transpose()) + self.bias.unsqueeze::<2>();
        RowInputs {
            logits: logits.unsqueeze_dim::<3>(2),
            target,
            weights: self.weights.map(|weights| weights.unsqueeze_dim::<2>(1)),
            samples: self.samples,
        }
    }
}

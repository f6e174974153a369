//! The shape of a batch of samples with classes.

use crate::error::check_rows;
use burn::tensor::Tensor;

/// The shape that samples come from.
#[derive(Clone, Debug)]
pub(crate) struct Frame<const D: usize> {
    /// What it is the shape of.
    pub whole: &'static str,
    pub shape: [usize; D],
    /// The dimension that a sample runs along.
    pub along: usize,
}

impl<const D: usize> Frame<D> {
    pub fn of_logits(logits: &Tensor<D>) -> Self {
        Self {
            whole: "logits",
            shape: logits.dims(),
            along: 1,
        }
    }

    /// The shape of what there is for each sample, which has one dimension less.
    pub fn samples<const T: usize>(&self) -> [usize; T] {
        core::array::from_fn(|i| self.shape[if i < self.along { i } else { i + 1 }])
    }

    /// The same as a list.
    pub fn samples_shape(&self) -> Vec<usize> {
        let mut shape = self.shape.to_vec();
        shape.remove(self.along);
        shape
    }

    /// How many samples there are for each index of dimension 0.
    pub fn per_index(&self) -> usize {
        let dims = self.shape.iter().enumerate().skip(1);
        let dims = dims.filter(|(dim, _)| *dim != self.along);
        dims.map(|(_, size)| size).product()
    }

    /// Panics unless there is one of `name` for each sample.
    #[track_caller]
    pub fn check(&self, loss: &str, name: &str, shape: &[usize]) {
        check_rows(loss, name, shape, self.whole, &self.shape, self.along);
    }
}

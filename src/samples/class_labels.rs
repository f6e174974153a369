//! Labels that are indices of classes.

use crate::{
    backend::{ignored, runs_on_cpu},
    error::check_label_of_proxy,
};
use burn::tensor::{Bool, Int, Tensor};

/// Labels of samples, each the index of one of so many classes or the index that stands for no class.
#[derive(Clone, Debug)]
pub(crate) struct ClassLabels {
    pub labels: Tensor<1, Int>,
    pub classes: usize,
    pub ignore_index: Option<i64>,
}

impl ClassLabels {
    /// Which stand for no class.
    pub fn ignored(&self) -> Option<Tensor<1, Bool>> {
        ignored(&self.labels, self.ignore_index)
    }

    /// Which do not count, because they stand for no class or have the weight 0.
    pub fn left_out(&self, weights: Option<&Tensor<1>>) -> Option<Tensor<1, Bool>> {
        let weightless = weights.map(|weights| weights.clone().detach().equal_scalar(0.0));
        let masks = [self.ignored(), weightless].into_iter().flatten();
        masks.reduce(Tensor::bool_or)
    }

    /// Looks at the labels where the host can see them without waiting.
    ///
    /// # Panics
    /// If one that counts is no class, on the CPU.
    #[track_caller]
    pub fn check(&self, loss: &str, weights: Option<&Tensor<1>>) {
        if !runs_on_cpu(&self.labels) {
            return;
        }
        let weights = weights.map(|weights| weights.to_data());
        let mut weights = weights.iter().flat_map(|weights| weights.iter::<f64>());
        for (sample, label) in self.labels.to_data().iter::<i64>().enumerate() {
            let counts = weights.next() != Some(0.0) && self.ignore_index != Some(label);
            if counts {
                check_label_of_proxy(loss, sample, label, self.classes, self.ignore_index);
            }
        }
    }
}

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
    /// How many labels a sample has.
    pub per_sample: usize,
}

impl ClassLabels {
    /// A label of each sample, each a class.
    pub fn new(labels: Tensor<1, Int>, classes: usize) -> Self {
        Self {
            labels,
            classes,
            ignore_index: None,
            per_sample: 1,
        }
    }

    /// With an index that stands for no class.
    pub fn ignoring(mut self, ignore_index: impl Into<Option<i64>>) -> Self {
        self.ignore_index = ignore_index.into();
        self
    }

    /// So many of each sample, one after the other.
    pub fn of_samples(mut self, per_sample: usize) -> Self {
        self.per_sample = per_sample;
        self
    }

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
        let weights = weights.map(|weights| weights.to_data().iter::<f64>().collect::<Vec<_>>());
        for (place, label) in self.labels.to_data().iter::<i64>().enumerate() {
            let sample = place / self.per_sample;
            let weight = weights.as_ref().map(|weights| weights[sample]);
            let counts = weight != Some(0.0) && self.ignore_index != Some(label);
            if counts {
                check_label_of_proxy(loss, sample, label, self.classes, self.ignore_index);
            }
        }
    }
}

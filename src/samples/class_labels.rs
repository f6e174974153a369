//! Labels that are indices of classes.

use crate::{
    backend::{ClassesWanted, check_classes, ignored},
    error::{Checked, NoClass},
};
use burn::tensor::{Bool, Int, Tensor};

/// Labels of samples, each the index of one of so many classes or the index that stands for no class.
#[derive(Clone, Debug)]
pub(crate) struct ClassLabels {
    pub labels: Tensor<1, Int>,
    pub classes: usize,
    /// What stands for no class.
    no_class: NoClass,
    /// How many labels a sample has.
    per_sample: usize,
    /// What each is called.
    name: &'static str,
}

impl ClassLabels {
    /// A label of each sample, each a class.
    pub fn new(labels: Tensor<1, Int>, classes: usize) -> Self {
        Self {
            labels,
            classes,
            no_class: NoClass::Index(None),
            per_sample: 1,
            name: "label",
        }
    }

    /// The same as the targets of a loss without an index for no class.
    pub fn targets(targets: Tensor<1, Int>, classes: usize) -> Self {
        Self {
            no_class: NoClass::Never,
            name: "target",
            ..Self::new(targets, classes)
        }
    }

    /// With an index that stands for no class.
    pub fn ignoring(mut self, ignore_index: impl Into<Option<i64>>) -> Self {
        self.no_class = NoClass::Index(ignore_index.into());
        self
    }

    /// So many of each sample, one after the other, up to an index that is none.
    pub fn of_samples(mut self, per_sample: usize, end: i64) -> Self {
        self.per_sample = per_sample;
        self.no_class = NoClass::End(end);
        self
    }

    /// Which stand for no class.
    pub fn ignored(&self) -> Option<Tensor<1, Bool>> {
        ignored(&self.labels, self.no_class.index())
    }

    /// Which do not count, because they stand for no class or have the weight 0.
    pub fn left_out(&self, weights: Option<&Tensor<1>>) -> Option<Tensor<1, Bool>> {
        let weightless = weights.map(|weights| weights.clone().detach().equal_scalar(0.0));
        let masks = [self.ignored(), weightless].into_iter().flatten();
        masks.reduce(Tensor::bool_or)
    }

    /// Whether all that count are classes. Looks where the host can see them without waiting.
    pub fn check(&self, loss: &str, weights: Option<&Tensor<1>>) -> Checked {
        let wanted = ClassesWanted {
            loss,
            name: self.name,
            count: self.classes,
            no_class: self.no_class,
            per_weight: self.per_sample,
        };
        check_classes(wanted, (&self.labels, &[]), weights)
    }
}

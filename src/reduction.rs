//! From the losses of all elements to one number.

use crate::{backend::Fold, config::Named, error::check_normalizer};
use burn::{
    serde::{Deserialize, Serialize},
    tensor::{Int, Tensor},
};
use core::fmt;

/// How the losses of all elements, or of all samples, become one number.
///
/// In a configuration file it is `"mean"`, `"sum"` or `"batch_mean"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum Reduction {
    /// The sum divided by the number of elements (samples), or by the sum of their weights.
    #[default]
    Mean,
    /// The sum.
    Sum,
    /// The mean times the number of elements (samples) for each index of dimension 0. Without weights that is
    /// the sum divided by the size of dimension 0. The terms of a divergence sum to the divergence of a
    /// distribution, so this is the mean divergence of a batch of distributions. For losses with one sample for
    /// each index of dimension 0 it is the mean.
    BatchMean,
}

impl Named for Reduction {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Reduction::Mean, "mean"),
        (Reduction::Sum, "sum"),
        (Reduction::BatchMean, "batch_mean"),
    ];
}

impl fmt::Display for Reduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Reduction {
    /// The fold of elements of this shape, `weighted` or not: without elements a mean is 0.
    pub(crate) fn fold(self, shape: &[usize], weighted: bool) -> Fold {
        match (self, weighted) {
            (Reduction::Mean, false) => divided_by(shape.iter().product()),
            (Reduction::BatchMean, false) => divided_by(shape[0]),
            (_, true) | (Reduction::Sum, false) => self.of_counted(shape[1..].iter().product()),
        }
    }

    /// The fold of elements (samples) of which only some may count; there are `per_index` of them for each index
    /// of dimension 0. How many count is known by looking at them, so a mean is always weighted.
    pub(crate) fn of_counted(self, per_index: usize) -> Fold {
        match self {
            Reduction::Mean => Fold::WeightedMean { factor: 1.0 },
            Reduction::Sum => Fold::Sum { factor: 1.0 },
            Reduction::BatchMean => Fold::WeightedMean {
                factor: per_index as f64,
            },
        }
    }
}

/// The sum divided by a count.
fn divided_by(count: usize) -> Fold {
    Fold::Sum {
        factor: match count {
            0 => 0.0,
            count => 1.0 / count as f64,
        },
    }
}

/// What the sum of the losses is divided by in place of a count of elements: a number, or a tensor
/// of shape `[1]` for a count that lives on the device. Below 1 it counts as 1.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::Normalizer;
///
/// let from_a_count = Normalizer::from(12);
/// let from_the_device = Normalizer::from(Tensor::from_floats([12.0], &Device::flex()));
/// # let _ = (from_a_count, from_the_device);
/// ```
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // Made for one call and taken apart in it.
pub enum Normalizer {
    /// A number the host knows.
    Number(f64),
    /// A number on the device, of shape `[1]`.
    Tensor(Tensor<1>),
}

impl From<f64> for Normalizer {
    fn from(value: f64) -> Self {
        Normalizer::Number(value)
    }
}

impl From<f32> for Normalizer {
    fn from(value: f32) -> Self {
        Normalizer::Number(value as f64)
    }
}

impl From<usize> for Normalizer {
    fn from(value: usize) -> Self {
        Normalizer::Number(value as f64)
    }
}

impl From<i32> for Normalizer {
    fn from(value: i32) -> Self {
        Normalizer::Number(value as f64)
    }
}

impl From<u32> for Normalizer {
    fn from(value: u32) -> Self {
        Normalizer::Number(value as f64)
    }
}

impl From<i64> for Normalizer {
    fn from(value: i64) -> Self {
        Normalizer::Number(value as f64)
    }
}

impl From<u64> for Normalizer {
    fn from(value: u64) -> Self {
        Normalizer::Number(value as f64)
    }
}

impl From<Tensor<1, Int>> for Normalizer {
    fn from(value: Tensor<1, Int>) -> Self {
        Normalizer::Tensor(value.float())
    }
}

impl From<Tensor<1>> for Normalizer {
    fn from(value: Tensor<1>) -> Self {
        Normalizer::Tensor(value)
    }
}

impl Normalizer {
    /// Folds by `reduce`, dividing by the larger of this and 1.
    ///
    /// # Panics
    /// If this is not one finite number.
    #[track_caller]
    pub(crate) fn divide(self, loss: &str, reduce: impl FnOnce(Fold) -> Tensor<1>) -> Tensor<1> {
        let fold = self.fold(loss);
        self.finish(reduce(fold))
    }

    /// The first step of [`divide`](Self::divide), for those who reduce at the caller's line, which a closure hides:
    /// how to fold.
    ///
    /// # Panics
    /// If this is not one finite number.
    #[track_caller]
    pub(crate) fn fold(&self, loss: &str) -> Fold {
        match self {
            &Normalizer::Number(number) => {
                check_normalizer(loss, number);
                let factor = 1.0 / number.max(1.0);
                Fold::Sum { factor }
            }
            Normalizer::Tensor(tensor) => {
                crate::error::check_normalizer_shape(loss, tensor);
                Fold::Sum { factor: 1.0 }
            }
        }
    }

    /// The last step of [`divide`](Self::divide), given what has been folded.
    pub(crate) fn finish(self, total: Tensor<1>) -> Tensor<1> {
        match self {
            Normalizer::Number(_) => total,
            Normalizer::Tensor(tensor) => {
                let dtype = total.dtype();
                total / tensor.cast(dtype).clamp_min(1.0)
            }
        }
    }
}

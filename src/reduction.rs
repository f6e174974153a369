//! From the losses of all elements to one number.

use crate::{
    backend::{Fold, Inputs},
    error::check_normalizer,
};
use burn::{
    serde::{Deserialize, Serialize},
    tensor::Tensor,
};
use core::fmt;

/// How the losses of all elements become one number.
///
/// In a configuration file it is `"mean"` or `"sum"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum Reduction {
    /// The sum divided by the number of elements, or by the sum of their weights.
    #[default]
    Mean,
    /// The sum.
    Sum,
}

impl fmt::Display for Reduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reduction::Mean => "mean",
            Reduction::Sum => "sum",
        })
    }
}

impl Reduction {
    /// The fold for these inputs: without elements the mean is 0.
    pub(crate) fn fold<const D: usize>(self, inputs: &Inputs<'_, D>) -> Fold {
        match (self, &inputs.weights) {
            (Reduction::Sum, _) => Fold::Sum { factor: 1.0 },
            (Reduction::Mean, Some(_)) => Fold::WeightedMean,
            (Reduction::Mean, None) => Fold::Sum {
                factor: match inputs.prediction.shape().num_elements() {
                    0 => 0.0,
                    count => 1.0 / count as f64,
                },
            },
        }
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
    pub(crate) fn divide(self, loss: &str, reduce: impl FnOnce(Fold) -> Tensor<1>) -> Tensor<1> {
        match self {
            Normalizer::Number(number) => {
                check_normalizer(loss, number);
                reduce(Fold::Sum {
                    factor: 1.0 / number.max(1.0),
                })
            }
            Normalizer::Tensor(tensor) => {
                crate::error::check_normalizer_shape(loss, &tensor);
                let total = reduce(Fold::Sum { factor: 1.0 });
                let dtype = total.dtype();
                total / tensor.cast(dtype).clamp_min(1.0)
            }
        }
    }
}

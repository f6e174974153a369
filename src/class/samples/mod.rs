//! What a loss of samples is computed from: logits, the logits of a student and a teacher, or the hidden
//! states before a linear layer.
//!
//! Functions without parameters for types, so they are compiled here and not once more in each program that
//! calls a loss.

mod distilled;
mod layer;
mod logits;

pub(crate) use distilled::{Distilled, Parts};
pub(crate) use layer::Layer;
pub(crate) use logits::Logits;

use crate::backend::Fold;
use burn::tensor::{DType, Tensor};

/// Samples whose arguments have been checked.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // Made for one call and taken apart in it.
pub(crate) enum Samples {
    Logits(Logits),
    Distilled(Distilled),
    Layer(Layer),
}

impl Samples {
    pub fn dtype(&self) -> DType {
        match self {
            Self::Logits(logits) => logits.dtype(),
            Self::Distilled(distilled) => distilled.dtype(),
            Self::Layer(layer) => layer.dtype(),
        }
    }

    /// The loss of each sample, times its weight `[N, K]` if there are weights.
    #[track_caller]
    pub fn each(self, weights: Option<Tensor<2>>) -> Tensor<2> {
        match self {
            Self::Logits(logits) => logits.each(weights),
            Self::Distilled(distilled) => distilled.each(weights),
            Self::Layer(layer) => layer.each(weights),
        }
    }

    /// The losses of all samples as one number.
    #[track_caller]
    pub fn reduced(self, weights: Option<Tensor<2>>, fold: Fold) -> Tensor<1> {
        match self {
            Self::Logits(logits) => logits.reduced(weights, fold),
            Self::Distilled(distilled) => distilled.reduced(weights, fold),
            Self::Layer(layer) => layer.reduced(weights, fold),
        }
    }
}

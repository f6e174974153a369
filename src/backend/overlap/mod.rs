//! Overlap sums of masks on tensors, by whichever path they can take.

#[cfg(feature = "kernels")]
mod call;
mod composed;
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) mod fused;

use super::{element::ElementFormula, row::ClassObject, served::expect_served};
use crate::formula::Activation;
use burn::tensor::{Int, Tensor};
#[cfg(feature = "kernels")]
pub(super) use call::OverlapCall;
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) use call::is_fused;
pub(crate) use composed::{MaskPixels, over_pixels};
use std::sync::Arc;

/// What is summed up of masks, as plain data.
#[derive(Clone, Debug)]
pub(crate) struct OverlapSpec {
    pub activation: Activation,
    /// Whether errors are squared before they are added.
    pub squared: bool,
    /// The class, or the number in a mask, that stands for no target.
    pub ignore_index: Option<i64>,
    /// What is summed up of each pixel besides.
    pub term: Option<PixelTerm>,
}

/// A loss of each pixel, of its class or of each element.
#[derive(Clone, Debug)]
pub(crate) enum PixelTerm {
    Class(Arc<dyn ClassObject>),
    Element(Arc<dyn ElementFormula>),
}

/// Logits and what they are compared with.
#[derive(Clone, Debug)]
pub(crate) struct OverlapInputs {
    /// `[N, C, K]`
    pub logits: Tensor<3>,
    pub target: MaskTarget,
    /// Weights of the pixels, `[N, K]`. Those of weight 0 contribute nothing, whatever they hold.
    pub weights: Option<Tensor<2>>,
}

/// What logits are compared with.
#[derive(Clone, Debug)]
pub(crate) enum MaskTarget {
    /// A class for each pixel, `[N, K]`; of a single channel 0 or 1.
    Classes(Tensor<2, Int>),
    /// A number from 0 to 1 for each logit, `[N, C, K]`.
    Masks(Tensor<3>),
}

/// The sums over the pixels of each sample and class, `[N, C]`, for probabilities `p` and targets `t`.
#[derive(Clone, Debug)]
pub(crate) struct OverlapSums {
    /// Of `p t`.
    pub both: Tensor<2>,
    /// Of `p (1 - t)`.
    pub predicted: Tensor<2>,
    /// Of `(1 - p) t`.
    pub missed: Tensor<2>,
    /// Of `t`.
    pub target: Tensor<2>,
    /// Of `1 - t`, by itself: the difference of two sums of all pixels loses what a class that is nearly everywhere leaves.
    pub absent: Tensor<2>,
    /// Of the term of each pixel; of a target that is a class, at that class.
    pub term: Tensor<2>,
}

impl OverlapSums {
    /// The same of all samples together, `[1, C]`.
    pub fn of_batch(self) -> Self {
        self.each(super::column_sums)
    }

    fn each(self, change: impl Fn(Tensor<2>) -> Tensor<2>) -> Self {
        Self {
            both: change(self.both),
            predicted: change(self.predicted),
            missed: change(self.missed),
            target: change(self.target),
            absent: change(self.absent),
            term: change(self.term),
        }
    }
}

/// The overlap sums of a batch, in the data type of the loss. Classes of pixels have been [checked](super::check_classes).
pub(crate) fn overlap_sums(spec: OverlapSpec, inputs: OverlapInputs) -> OverlapSums {
    expect_served(&inputs.logits.device());
    #[cfg(feature = "kernels")]
    if call::is_fused(&inputs) {
        return call::run(spec, inputs);
    }
    composed::sums(&spec, inputs)
}

/// The pixels of a batch as tensors, likewise.
pub(crate) fn mask_pixels(spec: &OverlapSpec, inputs: OverlapInputs) -> MaskPixels {
    MaskPixels::new(spec, inputs)
}

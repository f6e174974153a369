//! A formula of overlaps as an object, on tensors.

use super::AbsentClasses;
use crate::{
    backend::{MaskPixels, OverlapSums, column_sums, over_pixels},
    formula::{Activation, Overlap, OverlapFormula, Real},
};
use burn::tensor::{Bool, Tensor};
use core::fmt::Debug;

/// The classes of each sample, `[N, C]`.
pub(super) struct Shares {
    /// With how much each counts; 0 where it is left out.
    pub weights: Tensor<2>,
    /// Which have no pixel.
    pub absent: Tensor<2, Bool>,
    /// The cost of such a class.
    pub absent_classes: AbsentClasses,
}

impl Shares {
    /// Which classes cost nothing, whatever their pixels hold.
    fn costless(&self) -> Tensor<2, Bool> {
        let weightless = self.weights.clone().equal_scalar(0.0);
        match self.absent_classes {
            AbsentClasses::Zero => weightless.bool_or(self.absent.clone()),
            _ => weightless,
        }
    }

    /// The mean over the classes, `[N]`, and 0 where none counts.
    pub fn mean(&self, losses: Tensor<2>) -> Tensor<1> {
        let losses = losses.mask_fill(self.costless(), 0.0);
        let total = self.weights.clone().sum_dim(1);
        let sum = (losses * self.weights.clone()).sum_dim(1);
        sum.over(total, 0.0).squeeze_dim::<1>(1)
    }
}

/// A loss of samples from the overlaps of their classes.
pub(crate) trait SampleFormula: Debug + Send + Sync {
    /// The loss of each sample.
    fn losses(&self, sums: OverlapSums, shares: &Shares) -> Tensor<1>;
}

impl<F: OverlapFormula> SampleFormula for F {
    fn losses(&self, sums: OverlapSums, shares: &Shares) -> Tensor<1> {
        // Where the class is everywhere, the first difference is exactly 0.
        let neither = (sums.weight - sums.target) - sums.predicted.clone();
        let costless = shares.costless();
        let counted = |sums: Tensor<2>| sums.mask_fill(costless.clone(), 0.0);
        let losses = self.value(Overlap {
            both: counted(sums.both),
            predicted: counted(sums.predicted),
            missed: counted(sums.missed),
            // Rounding is no pixel.
            neither: counted(neither.clamp_min(0.0)),
        });
        shares.mean(losses)
    }
}

/// The pixels of a prediction.
pub(super) struct Pixels {
    pixels: MaskPixels,
    activation: Activation,
    /// Whether all samples are one.
    batch: bool,
    /// The size of an image.
    pub dims: Vec<usize>,
}

impl Pixels {
    pub fn new(pixels: MaskPixels, activation: Activation, batch: bool, dims: Vec<usize>) -> Self {
        Self {
            pixels,
            activation,
            batch,
            dims,
        }
    }

    pub fn logits(&self) -> Tensor<3> {
        self.pixels.logits.clone()
    }

    /// Probabilities, and what they lack of 1, `[N, C, K]`.
    pub fn shares(&self) -> [Tensor<3>; 2] {
        self.pixels.shares(self.activation).shares
    }

    /// The masks; 0 where ignored.
    pub fn target(&self) -> Tensor<3> {
        self.pixels.target.clone()
    }

    /// The weights; 0 where ignored.
    pub fn weights(&self) -> Tensor<3> {
        self.pixels.weights.clone()
    }

    /// The weighted sum over the pixels that are one loss, `[N, C]` or `[1, C]`.
    pub fn sum(&self, numbers: Tensor<3>) -> Tensor<2> {
        let sums = over_pixels(numbers * self.weights());
        if self.batch { column_sums(sums) } else { sums }
    }

    /// The pixels that are one loss side by side: `[N, C, K]`, or `[1, C, N K]`.
    pub fn together(&self, numbers: Tensor<3>) -> Tensor<3> {
        let [samples, classes, pixels] = numbers.dims();
        match self.batch {
            true => numbers
                .swap_dims(0, 1)
                .reshape([1, classes, samples * pixels]),
            false => numbers,
        }
    }
}

/// A loss of classes from all pixels.
pub(crate) trait PixelFormula: Debug + Send + Sync {
    /// Whether it takes images of two dimensions and nothing else.
    fn takes_images(&self) -> bool {
        false
    }

    /// The loss of each class, for each sample.
    fn losses(&self, pixels: &Pixels) -> Tensor<2>;
}

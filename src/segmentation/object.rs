//! A formula of overlaps as an object, on tensors.

use super::AbsentClasses;
use crate::{
    backend::{
        ClassLosses, MaskPixels, OverlapInputs, OverlapSpec, OverlapSums, column_sums, over_pixels,
    },
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
        let costless = shares.costless();
        let counted = |sums: Tensor<2>| sums.mask_fill(costless.clone(), 0.0);
        let losses = self.value(Overlap {
            both: counted(sums.both),
            predicted: counted(sums.predicted),
            missed: counted(sums.missed),
            absent: sums.absent,
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

    /// Which pixels are in a mask: those of one half and above.
    pub fn inside(&self) -> Tensor<3, Bool> {
        self.pixels.target.clone().greater_equal_scalar(0.5)
    }

    /// How many pixels that count are in each mask, `[N, C]` or `[1, C]`.
    pub fn sizes_of_masks(&self) -> Tensor<2> {
        let counts = self.weights().not_equal_scalar(0.0);
        let counted = counts.bool_and(self.inside()).float();
        self.of_samples(over_pixels(counted.cast(self.pixels.target.dtype())))
    }

    /// The weights; 0 where ignored.
    pub fn weights(&self) -> Tensor<3> {
        self.pixels.weights.clone()
    }

    /// The weighted sum over the pixels that are one loss, `[N, C]` or `[1, C]`.
    pub fn sum(&self, numbers: Tensor<3>) -> Tensor<2> {
        self.of_samples(over_pixels(numbers * self.weights()))
    }

    fn of_samples(&self, sums: Tensor<2>) -> Tensor<2> {
        match self.batch {
            true => column_sums(sums),
            false => sums,
        }
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

    /// The losses by a kernel, where one can take the inputs.
    #[allow(unused_variables)]
    fn fused(
        &self,
        spec: &OverlapSpec,
        inputs: &OverlapInputs,
        batch: bool,
    ) -> Option<ClassLosses> {
        None
    }

    /// How much there is of each class, as the formula sees it.
    fn sizes(&self, pixels: &Pixels) -> Tensor<2> {
        pixels.sum(pixels.target())
    }

    /// The loss of each class, for each sample.
    fn losses(&self, pixels: &Pixels) -> Tensor<2>;
}

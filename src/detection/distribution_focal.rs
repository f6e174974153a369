//! Distances as distributions over bins.

use crate::{
    backend::{SoftmaxRow, is_nothing, none_of, nothing_of, widened},
    class::{ClassEvaluation, Frame, Logits, Samples},
    config::config,
    error::{LossError, assert_rank_of_samples, built, check_rows},
    formula::CrossEntropy,
    module::display,
    reduction::Reduction,
};
use burn::{
    module::Module,
    tensor::{Int, Tensor},
};
use std::sync::Arc;

config! {
    /// Configuration of [`DistributionFocalLoss`].
    pub struct DistributionFocalLossConfig {
        /// How the losses of all distances become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The distribution focal loss (DFL) of a distance that is predicted as a distribution over `n + 1` bins.
///
/// ```text
/// l = -(k + 1 - y) ln p_k - (y - k) ln p_(k + 1)          p = softmax(logits), k = floor(y)
/// ```
/// The target `y` is a number from 0 to `n`, in units of the width of a bin; the loss of any other target is NaN. `n` itself is
/// the last bin.
///
/// Source: X. Li et al., *Generalized Focal Loss*, 2020.
///
/// Shapes: logits `[.., n + 1]`, targets `[..]`. Panics if they do not fit.
///
/// Equivalent: `mmdet`'s `DistributionFocalLoss()`, which reads beyond the last bin for a target of `n`;
/// ultralytics' `DFLoss` makes `n - 0.01` of it, and takes the mean of the four sides of a box, which
/// [`each`](ClassEvaluation::each) has one by one.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::DistributionFocalLossConfig;
///
/// let device = Device::flex();
/// let loss = DistributionFocalLossConfig::new().init();
/// // Four sides of a box, 17 bins each.
/// let logits = Tensor::<3>::zeros([1, 4, 17], &device);
/// let targets = Tensor::<2>::from_floats([[0.0, 3.25, 7.5, 16.0]], &device);
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// assert!((value - 17f32.ln()).abs() < 1e-5);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
#[doc(alias = "DFL")]
#[doc(alias = "DFLoss")]
pub struct DistributionFocalLoss {
    #[module(skip)]
    reduction: Reduction,
}

impl DistributionFocalLossConfig {
    /// Builds the loss.
    ///
    /// # Errors
    /// Never. The method exists because every loss has it.
    pub fn try_init(&self) -> Result<DistributionFocalLoss, LossError> {
        Ok(DistributionFocalLoss {
            reduction: self.reduction,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> DistributionFocalLoss {
        built(self.try_init())
    }
}
display!(DistributionFocalLoss, |loss, content| {
    content.add("reduction", &loss.reduction.to_string())
});

const NAME: &str = "DistributionFocalLoss";

impl DistributionFocalLoss {
    /// Returns the losses of all distances as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - logits: `[.., n + 1]`
    /// - targets: `[..]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn forward<const D: usize, const T: usize>(
        &self,
        logits: Tensor<D>,
        targets: Tensor<T>,
    ) -> Tensor<1> {
        const { assert_rank_of_samples(D, T) };
        self.on(logits, targets).reduce()
    }

    /// Returns the loss of each distance.
    ///
    /// # Shapes
    /// - logits: `[.., n + 1]`
    /// - targets, output: `[..]`
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn forward_no_reduction<const D: usize, const T: usize>(
        &self,
        logits: Tensor<D>,
        targets: Tensor<T>,
    ) -> Tensor<T> {
        const { assert_rank_of_samples(D, T) };
        self.on(logits, targets).each()
    }

    /// Begins an evaluation, to which weights of the distances, a normalizer or another reduction can be added.
    ///
    /// # Shapes
    /// - logits: `[.., n + 1]`
    /// - targets: `[..]`, without a gradient
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn on<const D: usize, const T: usize>(
        &self,
        logits: Tensor<D>,
        targets: Tensor<T>,
    ) -> ClassEvaluation<D> {
        const { assert_rank_of_samples(D, T) };
        let shape = logits.dims();
        check_rows(NAME, "targets", &targets.dims(), "logits", &shape, D - 1);
        let frame = Frame {
            whole: "logits",
            shape,
            along: D - 1,
        };
        let bins = shape[D - 1];
        // In half precision the two shares would not sum to 1.
        let dtype = logits.dtype();
        let logits = widened(logits);
        let distances = shape[..D - 1].iter().product();
        let logits: Tensor<2> = match is_nothing(&logits) {
            true => none_of(nothing_of(&logits), [distances, bins]),
            false => logits.reshape([distances, bins]),
        };
        let shares = match is_nothing(&logits) {
            true => logits.clone().detach(),
            false => shares(widened(targets.detach()).reshape([distances, 1]), &logits),
        };
        let row = Arc::new(SoftmaxRow::new(NAME, Arc::new(CrossEntropy)));
        let samples = Samples::Logits(Logits::of_probabilities(row, logits, shares));
        ClassEvaluation::new(NAME, samples, frame, self.reduction).of_type(dtype)
    }
}

/// The shares of the bins in distances `[N, 1]`: 1 less how far a bin is away, where that is less than 1.
fn shares(targets: Tensor<2>, logits: &Tensor<2>) -> Tensor<2> {
    let [distances, bins] = logits.dims();
    let device = targets.device();
    let options = (&device, targets.dtype());
    let places = Tensor::<1, Int>::arange(0..bins as i64, &device)
        .float()
        .cast(options.1);
    let places = places.reshape([1, bins]).expand([distances, bins]);
    let targets = targets.expand([distances, bins]);
    let outside = targets.clone().lower_scalar(0.0);
    let outside = outside.bool_or(targets.clone().greater_scalar((bins - 1) as f64));
    let near = (targets - places)
        .abs()
        .neg()
        .add_scalar(1.0)
        .clamp_min(0.0);
    near.mask_fill(outside, f64::NAN).cast(logits.dtype())
}

use super::{
    frame::Frame,
    samples::{Logits, Samples},
    shape::{flat, nothing_tracked, reshaped},
};
use crate::{
    backend::{SoftmaxRow, widened},
    error::{assert_rank_of_samples, check_weights_type},
    reduction::{Normalizer, Reduction},
};
use burn::tensor::{DType, Int, Tensor};
use std::sync::Arc;

/// The loss of a batch of samples with classes, made by [`ClassLoss::on`](crate::ClassLoss::on),
/// [`ClassLoss::on_probabilities`](crate::ClassLoss::on_probabilities),
/// [`DistillationLoss::on`](crate::DistillationLoss::on) or
/// [`LinearCrossEntropyLoss::on`](crate::LinearCrossEntropyLoss::on).
///
/// Nothing is computed before the last call, which is [`reduce`](Self::reduce), [`each`](Self::each) or
/// [`divided_by`](Self::divided_by). `D` is the rank of the logits (of the hidden states), one more than the rank of
/// the per-sample losses.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::CrossEntropyLossConfig;
///
/// let device = Device::flex();
/// let loss = CrossEntropyLossConfig::new().init();
/// let logits = Tensor::<2>::zeros([2, 4], &device);
/// let targets = Tensor::<1, Int>::from_ints([0, 3], &device);
/// let weights = Tensor::<1>::from_floats([1.0, 0.0], &device);
///
/// // The rank of what there is for each sample is named.
/// let each: Tensor<1> = loss.on(logits, targets).weights(weights).each();
/// let [first, second] = each.into_data().try_to_vec::<f32>().unwrap()[..] else { unreachable!() };
/// assert!((first - 4f32.ln()).abs() < 1e-6 && second == 0.0);
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is computed before `reduce`, `each` or `divided_by`"]
pub struct ClassEvaluation<const D: usize> {
    /// The name of the loss in messages.
    loss: &'static str,
    samples: Samples,
    frame: Frame<D>,
    reduction: Reduction,
    /// The data type of the prediction.
    dtype: DType,
    /// `[N, K]`, in the data type of the loss.
    weights: Option<Tensor<2>>,
}

impl<const D: usize> ClassEvaluation<D> {
    pub(crate) fn new(
        loss: &'static str,
        samples: Samples,
        frame: Frame<D>,
        reduction: Reduction,
    ) -> Self {
        Self {
            loss,
            dtype: samples.dtype(),
            samples,
            frame,
            reduction,
            weights: None,
        }
    }

    /// The same of a prediction that was given in another data type.
    pub(crate) fn of_type(self, dtype: DType) -> Self {
        Self { dtype, ..self }
    }

    /// Logits against class indices.
    #[track_caller]
    pub(crate) fn of_classes<const T: usize>(
        row: Arc<SoftmaxRow>,
        reduction: Reduction,
        logits: Tensor<D>,
        targets: Tensor<T, Int>,
    ) -> Self {
        let frame = Frame::of_logits(&logits);
        let loss = row.loss;
        let samples = Samples::Logits(Logits::of_classes(row, logits, targets));
        Self::new(loss, samples, frame, reduction)
    }

    /// Logits against probabilities of the classes.
    #[track_caller]
    pub(crate) fn of_probabilities(
        row: Arc<SoftmaxRow>,
        reduction: Reduction,
        logits: Tensor<D>,
        probabilities: Tensor<D>,
    ) -> Self {
        let frame = Frame::of_logits(&logits);
        let loss = row.loss;
        let samples = Samples::Logits(Logits::of_probabilities(row, logits, probabilities));
        Self::new(loss, samples, frame, reduction)
    }

    /// Gives each sample a weight `s`. A sample of weight 0 is ignored, whatever it holds.
    ///
    /// # Shapes
    /// - weights: `[N, d1..dk]`, of the data type of the logits or of the loss (`f32` for half precision)
    ///
    /// # Panics
    /// If the shape or the data type does not fit.
    #[track_caller]
    pub fn weights<const T: usize>(mut self, weights: Tensor<T>) -> Self {
        const { assert_rank_of_samples(D, T) };
        self.frame.check(self.loss, "weights", &weights.dims());
        let of_prediction = ("prediction", self.dtype);
        check_weights_type(self.loss, weights.dtype(), of_prediction);
        self.weights = Some(flat(widened(weights), nothing_tracked));
        self
    }

    /// Replaces the reduction of the loss.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// Returns the losses of all samples as one number, `[1]`, by the reduction. Returns 0 for an empty batch.
    ///
    /// The mean is `sum(s l) / sum(s w)` with the sample weights `s` and the class weights `w` of the targets; `s` and
    /// `w` are 1 if there are none, and `w` is 1 for probabilities. Ignored samples count in neither sum; the loss is
    /// 0 if no sample counts. The sum is `sum(s l)`. The batch mean is the mean times the number of samples for each
    /// index of dimension 0.
    ///
    /// # Panics
    /// If a target is not a class index (on the CPU; the loss of its sample is NaN on a GPU).
    #[track_caller]
    pub fn reduce(self) -> Tensor<1> {
        let fold = self.reduction.of_counted(self.frame.per_index());
        self.samples.reduced(self.weights, fold)
    }

    /// Returns the sum of all losses, times the weights of their samples if there are weights, divided by
    /// `max(normalizer, 1)`, whatever the reduction. The normalizer is a
    /// number, or a tensor of shape `[1]`.
    ///
    /// # Panics
    /// If the normalizer is a number that is not finite, or a tensor of another shape. If a target is not a class
    /// index (on the CPU; the loss of its sample is NaN on a GPU).
    #[track_caller]
    pub fn divided_by(self, normalizer: impl Into<Normalizer>) -> Tensor<1> {
        let Self {
            loss,
            samples,
            weights,
            ..
        } = self;
        let normalizer = normalizer.into();
        let fold = normalizer.fold(loss);
        normalizer.finish(samples.reduced(weights, fold))
    }

    /// Returns the loss of each sample, times its weight if there are weights; 0 for an ignored sample.
    ///
    /// # Shapes
    /// - output: `[N, d1..dk]`
    ///
    /// # Panics
    /// If a target is not a class index (on the CPU; the loss of its sample is NaN on a GPU).
    #[track_caller]
    pub fn each<const T: usize>(self) -> Tensor<T> {
        const { assert_rank_of_samples(D, T) };
        let shape = self.frame.samples();
        reshaped(self.samples.each(self.weights), shape, nothing_tracked)
    }
}

//! A loss of samples with everything that was given to it.

use super::{
    class_labels::ClassLabels,
    losses::{Divisor, SampleLosses},
};
use crate::{
    error::{Checked, check_loss_weights, check_sum_of_losses, demand},
    reduction::{Normalizer, Reduction},
};
use burn::tensor::{DType, Tensor};
use core::{fmt, marker::PhantomData};
use std::sync::Arc;

/// Complete arguments: a [`SampleEvaluation`] of them has only the choices of every loss.
#[derive(Clone, Copy, Debug)]
pub struct Complete;

/// The loss of a batch of samples (embeddings, images, lists, ..), made by the `on` of a loss. Nothing is computed before the last
/// call, which is [`reduce`](Self::reduce), [`each`](Self::each) or [`divided_by`](Self::divided_by).
///
/// `A` is the type of the arguments. It decides which choices there are besides those of every loss:
///
/// | `A` | losses | choices |
/// |---|---|---|
/// | [`Complete`](crate::arguments::Complete) | all other losses with a number for each sample | |
/// | [`Labelled`](crate::arguments::Labelled) | losses of all pairs with labels | `reference` |
/// | [`QueriesAndKeys`](crate::arguments::QueriesAndKeys) | [`InfoNceLoss`](crate::InfoNceLoss) | `offset`, `negatives` |
/// | [`Masks`](crate::arguments::Masks) | losses of masks | `pixel_weights` |
/// | [`Mined`](crate::arguments::Mined) | [`TripletLoss`](crate::TripletLoss) | `reference`, `triplets` |
/// | [`Lists`](crate::arguments::Lists) | [losses of rankings](crate::ListLoss) | `padded` |
///
/// `R` is the type of the reduction: [`Reduction`], or [`MiningReduction`](crate::MiningReduction) for losses of mined
/// pairs or triplets.
///
/// An argument that does not fit causes a panic in the call that takes it.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::{ClipLossConfig, Reduction};
///
/// let device = Device::flex();
/// let loss = ClipLossConfig::new().init(&device);
/// let images = Tensor::<2>::from_floats([[1.0, 0.1], [0.2, 1.0], [1.0, 1.0]], &device);
/// let texts = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0], [0.7, 0.9]], &device);
/// let weights = Tensor::<1>::from_floats([1.0, 0.5, 0.0], &device);
///
/// let weighted = || loss.on(images.clone(), texts.clone()).weights(weights.clone());
/// let each = weighted().each();
/// assert_eq!(each.dims(), [3]);
/// let sum = weighted().reduction(Reduction::Sum).reduce();
/// let halves = weighted().divided_by(2);
/// let [each, sum, halves] = [each.sum(), sum, halves].map(|loss| loss.into_scalar::<f32>());
/// assert!((each - sum).abs() < 1e-5 && (halves - sum / 2.0).abs() < 1e-5);
/// ```
#[derive(Clone)]
#[must_use = "nothing is computed before `reduce`, `each` or `divided_by`"]
pub struct SampleEvaluation<A = Complete, R = Reduction> {
    pub(crate) batch: Batch,
    pub(crate) given: A,
    losses: Box<dyn Losses<A>>,
    /// What the last word looks at: what counts depends on the weights.
    checks: Vec<LaterCheck>,
    weights: Option<Tensor<1>>,
    divisor: Divisor,
    reduction: PhantomData<R>,
}

/// Whether arguments are what they should be where the weight is not 0.
type LaterCheck = Arc<dyn Fn(Option<&Tensor<1>>) -> Checked + Send + Sync>;

/// How the losses of samples follow from the arguments, by a closure. Of the weights it looks at those that are
/// 0 alone, to keep out of the gradient what these samples hold.
trait Losses<A>: Send + Sync {
    fn losses(self: Box<Self>, given: A, weights: Option<&Tensor<1>>) -> SampleLosses;

    fn boxed(&self) -> Box<dyn Losses<A>>;
}

impl<A, F> Losses<A> for F
where
    F: FnOnce(A, Option<&Tensor<1>>) -> SampleLosses + Clone + Send + Sync + 'static,
{
    fn losses(self: Box<Self>, given: A, weights: Option<&Tensor<1>>) -> SampleLosses {
        self(given, weights)
    }

    fn boxed(&self) -> Box<dyn Losses<A>> {
        Box::new(self.clone())
    }
}

impl<A> Clone for Box<dyn Losses<A>> {
    fn clone(&self) -> Self {
        (**self).boxed()
    }
}

/// The arguments of a loss of samples, which the last word looks at: only then all of them, and the weights, are known.
pub trait Given {
    /// What to do with weights that are none of samples, behind the message that refuses them.
    const ON_WEIGHTS: &'static str = "";

    /// Whether all that counts is what it should be. Looks where the host can see it without waiting.
    ///
    /// # Errors
    /// What is wrong, as the message of a panic.
    fn check(&self, loss: &str, weights: Option<&Tensor<1>>) -> Result<(), String> {
        let _ = (loss, weights);
        Ok(())
    }
}

impl Given for Complete {}

/// What a loss says of its batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    /// The name of the loss in messages.
    pub loss: &'static str,
    /// How many samples have a loss.
    pub samples: usize,
    /// The data type of the predictions.
    pub dtype: DType,
}

impl Batch {
    /// A batch of which each index of dimension 0 has a loss.
    pub fn of<const D: usize>(loss: &'static str, samples: &Tensor<D>) -> Self {
        Self {
            loss,
            samples: samples.dims()[0],
            dtype: samples.dtype(),
        }
    }
}

impl<R> SampleEvaluation<Complete, R> {
    /// One whose losses follow from what is in the function.
    pub(crate) fn complete(
        batch: Batch,
        reduction: R,
        losses: impl FnOnce(Option<&Tensor<1>>) -> SampleLosses + Clone + Send + Sync + 'static,
    ) -> Self
    where
        R: Into<Divisor>,
    {
        Self::new(batch, reduction, Complete, |Complete, weights| {
            losses(weights)
        })
    }
}

impl<A: Given, R> SampleEvaluation<A, R> {
    pub(crate) fn new(
        batch: Batch,
        reduction: R,
        given: A,
        losses: impl FnOnce(A, Option<&Tensor<1>>) -> SampleLosses + Clone + Send + Sync + 'static,
    ) -> Self
    where
        R: Into<Divisor>,
    {
        Self {
            batch,
            given,
            losses: Box::new(losses),
            checks: Vec::new(),
            weights: None,
            divisor: reduction.into(),
            reduction: PhantomData,
        }
    }

    /// The same with the arguments it has, whatever the loss: nothing can be added to them, and its own reduction stands until
    /// it is replaced.
    pub(crate) fn of_any(self) -> SampleEvaluation
    where
        A: Clone + Send + Sync + 'static,
    {
        let given = self.given.clone();
        self.completed(given)
    }

    /// The same with these arguments, to which nothing can be added.
    pub(crate) fn completed<S>(self, given: A) -> SampleEvaluation<Complete, S>
    where
        A: Clone + Send + Sync + 'static,
    {
        let losses = self.losses;
        let checks = with_check_of(&given, self.batch.loss, self.checks);
        SampleEvaluation {
            batch: self.batch,
            given: Complete,
            losses: Box::new(|Complete, weights: Option<&_>| losses.losses(given, weights)),
            checks,
            weights: self.weights,
            divisor: self.divisor,
            reduction: PhantomData,
        }
    }

    /// With labels that have to be classes where they count.
    pub(crate) fn with_class_labels(self, labels: ClassLabels) -> Self {
        let loss = self.batch.loss;
        self.checked(move |weights| labels.check(loss, weights))
    }

    /// With something to look at when all arguments and the weights are known.
    pub(crate) fn checked(
        mut self,
        check: impl Fn(Option<&Tensor<1>>) -> Checked + Send + Sync + 'static,
    ) -> Self {
        self.checks.push(Arc::new(check));
        self
    }

    /// The losses of all samples, and their weights.
    ///
    /// # Panics
    /// If a label or an argument that counts is not what it should be, where the host can see it.
    #[track_caller]
    fn sample_losses(self) -> (SampleLosses, Option<Tensor<1>>) {
        let weights = self.weights;
        for check in self.checks {
            demand(check(weights.as_ref()));
        }
        demand(self.given.check(self.batch.loss, weights.as_ref()));
        let losses = self.losses.losses(self.given, weights.as_ref());
        (losses, weights)
    }

    pub(crate) fn reduced_by(mut self, reduction: impl Into<Divisor>) -> Self {
        self.divisor = reduction.into();
        self
    }

    /// Gives each sample a weight, which multiplies its loss and its count in the divisor of a mean.
    ///
    /// A sample of weight 0 has loss 0, whatever it holds, and gets no gradient from its own loss. Other samples are
    /// still compared with it.
    ///
    /// # Shapes
    /// - weights: `[N]`, one for each loss of [`each`](Self::each), of the data type of the predictions or of the loss
    ///   (`f32` for half precision)
    ///
    /// # Panics
    /// If the number of weights or their data type does not fit.
    #[track_caller]
    pub fn weights(mut self, weights: Tensor<1>) -> Self {
        let Batch {
            loss,
            samples,
            dtype,
        } = self.batch;
        check_loss_weights(loss, &weights, (samples, A::ON_WEIGHTS), dtype);
        self.weights = Some(weights);
        self
    }

    /// Returns the losses of all samples as one number, by the reduction.
    ///
    /// The mean with weights w is `sum(w l) / sum(w)` over the samples that count, the sum is `sum(w l)`. Returns 0
    /// for an empty batch, and if all weights are 0.
    ///
    /// # Shapes
    /// - output: `[1]`
    #[track_caller]
    pub fn reduce(self) -> Tensor<1> {
        let divisor = self.divisor;
        let (losses, weights) = self.sample_losses();
        losses.reduced(divisor, weights)
    }

    /// Returns the loss of each sample, times its weight if there are weights; 0 for a sample that does not count,
    /// because it is compared with nothing.
    ///
    /// # Shapes
    /// - output: `[N]`
    #[track_caller]
    pub fn each(self) -> Tensor<1> {
        let (losses, weights) = self.sample_losses();
        losses.each(weights)
    }

    /// Returns the sum of the losses of all samples, times their weights if there are weights, divided by the larger of
    /// a normalizer and 1, whatever the reduction.
    ///
    /// # Shapes
    /// - normalizer: a number, or a tensor `[1]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If the normalizer is a number that is not finite, or a tensor of more than one number.
    #[track_caller]
    pub fn divided_by(self, normalizer: impl Into<Normalizer>) -> Tensor<1> {
        let loss = self.batch.loss;
        let (losses, weights) = self.sample_losses();
        losses.divided_by(loss, normalizer.into(), weights)
    }
}

impl<A: Given + Clone + Send + Sync + 'static> SampleEvaluation<A> {
    /// Adds the losses of the same samples by another loss, times a factor: any weighted sum of losses is one loss, with weights,
    /// reductions and losses of each sample as usual. The reduction is that of the first. A mean is the sum of the means of both,
    /// each over the samples that say something to it.
    ///
    /// # Panics
    /// If the other loss has another number of samples, or has been given weights of its own: give them to the sum. If the
    /// factor is not finite.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Int, Tensor};
    /// use burn_losses::{DiceLossConfig, LovaszSoftmaxLossConfig};
    ///
    /// let device = Device::flex();
    /// let logits = Tensor::<3>::from_floats([[[3.0, -2.0], [0.0, 1.0]]], &device);
    /// let targets = Tensor::<2, Int>::from_ints([[0, 1]], &device);
    /// let (dice, lovasz) = (DiceLossConfig::new().init(), LovaszSoftmaxLossConfig::new().init());
    /// let dice = || dice.on(logits.clone(), targets.clone());
    /// let lovasz = || lovasz.on(logits.clone(), targets.clone());
    /// let sum = dice().plus(0.5, lovasz()).reduce();
    /// let by_hand = dice().reduce() + lovasz().reduce() * 0.5;
    /// assert!((sum - by_hand).into_scalar::<f32>().abs() < 1e-6);
    /// ```
    #[track_caller]
    pub fn plus<S: Given + Clone + Send + Sync + 'static>(
        self,
        factor: f64,
        other: SampleEvaluation<S>,
    ) -> SampleEvaluation {
        let samples = [self.batch.samples, other.batch.samples];
        check_sum_of_losses(
            [self.batch.loss, other.batch.loss],
            samples,
            factor,
            other.weights.is_some(),
        );
        let (given, losses) = (self.given, self.losses);
        let (others_given, others) = (other.given, other.losses);
        let mut checks = with_check_of(&given, self.batch.loss, self.checks);
        checks.extend(with_check_of(&others_given, other.batch.loss, other.checks));
        SampleEvaluation {
            batch: self.batch,
            given: Complete,
            losses: Box::new(move |Complete, weights: Option<&_>| {
                let others = others.losses(others_given, weights);
                losses.losses(given, weights).plus(factor, others)
            }),
            checks,
            weights: self.weights,
            divisor: self.divisor,
            reduction: PhantomData,
        }
    }
}

/// Checks, and the one that arguments have of their own.
fn with_check_of<A: Given + Clone + Send + Sync + 'static>(
    given: &A,
    loss: &'static str,
    mut checks: Vec<LaterCheck>,
) -> Vec<LaterCheck> {
    let given = given.clone();
    checks.push(Arc::new(move |weights| given.check(loss, weights)));
    checks
}

impl<A: Given> SampleEvaluation<A> {
    /// Replaces the reduction of the loss. ([`Reduction::BatchMean`] is the mean.)
    pub fn reduction(self, reduction: Reduction) -> Self {
        self.reduced_by(reduction)
    }
}

impl<A: fmt::Debug, R> fmt::Debug for SampleEvaluation<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("SampleEvaluation");
        shown.field("loss", &self.batch.loss);
        shown.field("samples", &self.batch.samples);
        shown.field("given", &self.given);
        shown.field("weights", &self.weights);
        shown.field("divisor", &self.divisor);
        shown.finish()
    }
}

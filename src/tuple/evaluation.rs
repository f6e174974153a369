//! One evaluation of a loss of tuples.

use super::Definition;
use crate::{
    backend::{
        Fold, TupleInputs, is_nothing, joined, none_of, nothing_of, reduced_tuples, tuple_losses,
        widened,
    },
    error::{
        Numbers, are_checked, check_numbers, check_rank, check_sample_weights, check_weights_type,
        demand,
    },
    reduction::{Normalizer, Reduction},
};
use burn::tensor::{DType, Shape, Tensor};
use std::sync::Arc;

/// The loss of a batch of samples of a few numbers each, made by [`TupleLoss::on`](crate::TupleLoss::on) or
/// [`JointLoss::on`](crate::JointLoss::on).
///
/// Nothing is computed before the last call, which is [`reduce`](Self::reduce), [`each`](Self::each) or
/// [`divided_by`](Self::divided_by).
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::IouLossConfig;
///
/// let device = Device::flex();
/// let loss = IouLossConfig::new().init();
/// let boxes = Tensor::<2>::from_floats([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0]], &device);
/// let targets = Tensor::<2>::from_floats([[0.0, 0.0, 1.0, 2.0], [5.0, 5.0, 6.0, 6.0]], &device);
/// let weights = Tensor::<1>::from_floats([1.0, 0.0], &device);
///
/// let evaluation = || loss.on(boxes.clone(), targets.clone()).weights(weights.clone());
/// assert_eq!(evaluation().reduce().into_scalar::<f32>(), 0.5);
/// assert_eq!(evaluation().divided_by(10).into_scalar::<f32>(), 0.05);
/// let each: Tensor<1> = evaluation().each();
/// assert_eq!(each.into_data().iter::<f32>().collect::<Vec<_>>(), [0.5, 0.0]);
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is computed before `reduce`, `each` or `divided_by`"]
pub struct TupleEvaluation {
    definition: Arc<Definition>,
    reduction: Reduction,
    /// `[N, P]`
    prediction: Tensor<2>,
    /// `[N, T]`
    target: Tensor<2>,
    /// The shape of the losses.
    shape: Vec<usize>,
    /// The data type in which the prediction was given.
    dtype: DType,
    /// `[N]`, in the data type of the loss.
    weights: Option<Tensor<1>>,
}

impl TupleEvaluation {
    /// Of matrices with a row for each sample, of which there are so many in a shape.
    pub(super) fn new(
        definition: Arc<Definition>,
        reduction: Reduction,
        [prediction, target]: [Tensor<2>; 2],
        shape: &[usize],
    ) -> Self {
        Self {
            definition,
            reduction,
            shape: shape.to_vec(),
            dtype: prediction.dtype(),
            prediction,
            target,
            weights: None,
        }
    }

    /// The same of a prediction that was given in another data type.
    pub(crate) fn of_type(self, dtype: DType) -> Self {
        Self { dtype, ..self }
    }

    /// Gives each sample a weight. A sample of weight 0 is ignored, whatever it holds.
    ///
    /// # Shapes
    /// - weights: one for each loss of [`each`](Self::each), of the data type of the prediction or of the loss (`f32` for
    ///   half precision)
    ///
    /// # Panics
    /// If the shape or the data type does not fit.
    #[track_caller]
    pub fn weights<const S: usize>(mut self, weights: Tensor<S>) -> Self {
        let name = self.definition.name();
        check_sample_weights(name, &weights.dims(), &self.shape);
        check_weights_type(name, weights.dtype(), ("prediction", self.dtype));
        self.weights = Some(flat(widened(weights)));
        self
    }

    /// Replaces the reduction of the loss.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// Returns the losses of all samples as one number, `[1]`, by the reduction. Returns 0 for an empty batch.
    ///
    /// With weights `w` the mean is `sum(w l) / sum(w)` and the sum is `sum(w l)`. The batch mean is the mean times
    /// the number of samples for each index of dimension 0. A mean is 0 where all weights are 0;
    /// weights that cancel leave the quotient as it is, which is not finite.
    #[track_caller]
    pub fn reduce(self) -> Tensor<1> {
        let shape = match self.shape.is_empty() {
            true => &[1],
            false => &self.shape[..],
        };
        let fold = self.reduction.fold(shape, self.weights.is_some());
        self.folded(fold)
    }

    /// Returns the sum of all losses, times their weights if there are weights, divided by
    /// `max(normalizer, 1)`, whatever the reduction. Detectors divide by the number of foreground anchors. The normalizer is
    /// a number, or a tensor of shape `[1]`.
    ///
    /// # Panics
    /// If the normalizer is a number that is not finite, or a tensor of another shape.
    #[track_caller]
    pub fn divided_by(self, normalizer: impl Into<Normalizer>) -> Tensor<1> {
        let name = self.definition.name();
        let normalizer = normalizer.into();
        let fold = normalizer.fold(name);
        normalizer.finish(self.folded(fold))
    }

    /// Returns the loss of each sample, times its weight if there are weights. The rank `S` is that of the losses: one less
    /// than that of boxes `[.., 4]`, the same as that of arguments that are a tensor each.
    ///
    /// # Panics
    /// If the losses have another rank.
    #[track_caller]
    pub fn each<const S: usize>(self) -> Tensor<S> {
        // A single sample has a loss of shape [1].
        let shape = match self.shape.is_empty() {
            true => vec![1],
            false => self.shape.clone(),
        };
        check_rank(self.definition.name(), S, &shape);
        self.check_numbers();
        let losses = match is_nothing(&self.prediction) {
            true => {
                let dims = shape.try_into().expect("the rank was checked");
                return none_of(self.loss_of_nothing(), dims);
            }
            false => tuple_losses(&self.definition.formula.clone(), self.inputs()),
        };
        losses.reshape(Shape::from(shape))
    }

    /// Panics, in a debug build and on a CPU, if a number predicted of a sample that counts is none it may be.
    #[track_caller]
    fn check_numbers(&self) {
        let samples = self.prediction.dims()[0];
        let fields = self.definition.fields.iter().enumerate();
        for (place, &(field, numbers)) in fields.filter(|(_, field)| field.1 != Numbers::Any) {
            if !are_checked(&self.prediction) {
                return;
            }
            let column = self.prediction.clone().narrow(1, place, 1);
            let given = (field, &self.shape[..]);
            let (name, weights) = (self.definition.name(), self.weights.as_ref());
            let column = column.reshape([samples]);
            demand(check_numbers(name, given, &column, weights, numbers));
        }
    }

    #[track_caller]
    fn folded(self, fold: Fold) -> Tensor<1> {
        self.check_numbers();
        match is_nothing(&self.prediction) {
            true => self.loss_of_nothing(),
            false => reduced_tuples(&self.definition.formula.clone(), self.inputs(), fold),
        }
    }

    fn inputs(self) -> TupleInputs {
        TupleInputs {
            prediction: self.prediction,
            target: self.target,
            weights: self.weights,
        }
    }

    /// The loss of no samples.
    fn loss_of_nothing(self) -> Tensor<1> {
        let numbers = [&self.prediction, &self.target].map(nothing_of);
        joined(
            numbers
                .into_iter()
                .chain(self.weights.as_ref().map(nothing_of)),
        )
    }
}

/// All numbers in a row.
fn flat<const S: usize>(tensor: Tensor<S>) -> Tensor<1> {
    let count = tensor.shape().num_elements();
    match count {
        0 => none_of(nothing_of(&tensor), [0]),
        _ => tensor.reshape([count]),
    }
}

//! One evaluation of an element-wise loss.

use super::Definition;
use crate::{
    backend::{self, Fold, Inputs, is_nothing, joined, none_of, nothing_of, widened},
    reduction::{Normalizer, Reduction},
};
use burn::tensor::Tensor;
use std::sync::Arc;

/// The loss of one prediction against one target, with the choices that go with it; made by
/// [`ElementLoss::on`](crate::ElementLoss::on).
///
/// Weights and another reduction are chosen first. The last call, [`reduce`](Self::reduce),
/// [`each`](Self::each) or [`divided_by`](Self::divided_by), computes the loss; nothing is computed before.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::{MaeLossConfig, Reduction};
///
/// let device = Device::flex();
/// let loss = MaeLossConfig::new().init();
/// let prediction = Tensor::<1>::from_floats([1.0, 2.0, 9.0], &device);
/// let target = Tensor::<1>::from_floats([0.0, 0.0, 0.0], &device);
/// let weights = Tensor::<1>::from_floats([1.0, 3.0, 0.0], &device);
///
/// let evaluation = || loss.on(prediction.clone(), target.clone()).weights(weights.clone());
/// assert_eq!(evaluation().reduce().into_scalar::<f32>(), (1.0 + 3.0 * 2.0) / 4.0);
/// assert_eq!(evaluation().reduction(Reduction::Sum).reduce().into_scalar::<f32>(), 7.0);
/// assert_eq!(evaluation().divided_by(2).into_scalar::<f32>(), 3.5);
/// assert_eq!(evaluation().each().into_data().iter::<f32>().collect::<Vec<_>>(), [1.0, 6.0, 0.0]);
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is computed before `reduce`, `each` or `divided_by`"]
pub struct ElementEvaluation<const D: usize> {
    definition: Arc<Definition>,
    reduction: Reduction,
    prediction: Tensor<D>,
    /// Of the shape of the prediction, or to be expanded to it.
    target: Tensor<D>,
    /// In the data type of the loss.
    weights: Option<Tensor<D>>,
}

impl<const D: usize> ElementEvaluation<D> {
    #[track_caller]
    pub(super) fn new(
        definition: Arc<Definition>,
        reduction: Reduction,
        prediction: Tensor<D>,
        target: Tensor<D>,
    ) -> Self {
        definition.check(&prediction, &target);
        Self {
            definition,
            reduction,
            prediction,
            target,
            weights: None,
        }
    }

    /// Gives each element a weight. The weights have the shape of the prediction, and its data type or that of the loss
    /// (`f32` for half precision). An element of weight 0 is ignored, whatever it holds.
    ///
    /// # Panics
    /// If shape or data type do not fit.
    #[track_caller]
    pub fn weights(mut self, weights: Tensor<D>) -> Self {
        self.definition.check_weights(&self.prediction, &weights);
        self.weights = Some(widened(weights));
        self
    }

    /// Reduces in another way than the loss is configured for.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// Returns the losses of all elements as one number, `[1]`, by the reduction. Returns 0 for an empty batch.
    ///
    /// With weights `w` the mean is `sum(w l) / sum(w)` and the sum is `sum(w l)`. The batch mean is the mean times
    /// the number of elements for each index of dimension 0. A mean is 0 where all weights are 0;
    /// weights that cancel leave the quotient as it is, which is not finite.
    #[track_caller]
    pub fn reduce(self) -> Tensor<1> {
        self.check_numbers();
        let dims = self.prediction.dims();
        let fold = self.reduction.fold(&dims, self.weights.is_some());
        self.folded(fold)
    }

    /// Returns the sum of all losses, times their weights where there are some, divided by
    /// `max(normalizer, 1)`, whatever the reduction. Detectors divide by the number of foreground anchors.
    ///
    /// The normalizer is a number, or a tensor of shape `[1]`.
    ///
    /// # Panics
    /// If the normalizer is a number that is not finite.
    #[track_caller]
    pub fn divided_by(self, normalizer: impl Into<Normalizer>) -> Tensor<1> {
        self.check_numbers();
        let name = self.definition.name();
        normalizer.into().divide(name, |fold| self.folded(fold))
    }

    /// Returns the loss of each element, times its weight where there are some, in the shape of the prediction.
    #[track_caller]
    pub fn each(self) -> Tensor<D> {
        self.check_numbers();
        if is_nothing(&self.prediction) {
            let shape = self.prediction.dims();
            return none_of(self.loss_of_nothing(), shape);
        }
        let shape = self.prediction.dims();
        let (definition, inputs) = self.inputs();
        backend::losses(&definition.formula, inputs).reshape(shape)
    }

    /// Panics, in a debug build and on a CPU, if an element that counts is no prediction or no target.
    #[track_caller]
    fn check_numbers(&self) {
        let weights = self.weights.as_ref();
        self.definition
            .check_numbers(&self.prediction, &self.target, weights);
    }

    /// The losses of all elements, folded.
    fn folded(self, fold: Fold) -> Tensor<1> {
        if is_nothing(&self.prediction) {
            return self.loss_of_nothing();
        }
        let (definition, inputs) = self.inputs();
        backend::reduced(&definition.formula, inputs, fold)
    }

    /// The arguments as matrices.
    fn inputs(self) -> (Arc<Definition>, Inputs) {
        let target = match self.target.dims() == self.prediction.dims() {
            true => self.target,
            false => self.target.expand(self.prediction.shape()),
        };
        let dims = self.prediction.dims();
        let parameters = self.definition.parameters.as_ref();
        let inputs = Inputs {
            prediction: matrix(self.prediction),
            target: matrix(target),
            weights: self.weights.map(matrix),
            parameters: parameters.map(|parameters| parameters.of_shape(&dims)),
        };
        (self.definition, inputs)
    }

    /// The loss where there are no elements.
    fn loss_of_nothing(self) -> Tensor<1> {
        let operands = [&self.prediction, &self.target].into_iter();
        joined(operands.chain(&self.weights).map(nothing_of))
    }
}

/// All dimensions but the last in one, of a tensor with elements.
fn matrix<const D: usize>(tensor: Tensor<D>) -> Tensor<2> {
    let dims = tensor.dims();
    tensor.reshape([dims[..D - 1].iter().product(), dims[D - 1]])
}

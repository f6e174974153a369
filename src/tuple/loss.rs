//! The generic loss of samples whose numbers stand beside each other.

use super::{Definition, TupleEvaluation};
use crate::{
    backend::{is_nothing, none_of, nothing_of},
    error::{assert_rank_of_samples, check_like_prediction, check_tuples},
    formula::TupleFormula,
    module::{display, type_name},
    reduction::Reduction,
};
use burn::{module::Module, tensor::Tensor};
use core::fmt;
use std::sync::Arc;

/// A loss that is a formula of the numbers of each sample, which are the last dimension of its arguments: boxes
/// `[.., 4]`.
///
/// [`IouLoss`](crate::IouLoss) is one. A formula of your own becomes a loss by [`new`](Self::new): it runs as one fused kernel
/// on the CPU and on GPUs and as tensor operations elsewhere. Its gradient is derived from the formula in each case.
/// [`JointLoss`](crate::JointLoss) is the same for numbers that are a tensor each.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::{Reduction, TupleLoss, formula::{Real, TupleFormula}};
///
/// /// The squared distance of two points.
/// #[derive(Clone, Debug)]
/// struct Distance;
///
/// impl TupleFormula<2, 2> for Distance {
///     #[inline(always)]
///     fn value<R: Real>(&self, [x, y]: [R; 2], [t, u]: [R; 2]) -> R {
///         (x - t).powi(2) + (y - u).powi(2)
///     }
/// }
///
/// let device = Device::flex();
/// let loss = TupleLoss::new(Distance, Reduction::Mean);
/// let points = Tensor::<2>::from_floats([[1.0, 2.0], [0.0, 3.0]], &device);
/// let targets = Tensor::<2>::zeros([2, 2], &device);
/// assert_eq!(loss.forward(points, targets).into_scalar::<f32>(), 7.0);
/// ```
#[derive(Module)]
#[module(custom_display)]
pub struct TupleLoss<F: Clone + fmt::Debug + Send + Sync + 'static, const P: usize, const T: usize>
{
    #[module(skip)]
    formula: F,
    #[module(skip)]
    definition: Arc<Definition>,
    #[module(skip)]
    reduction: Reduction,
}

impl<F: TupleFormula<P, T>, const P: usize, const T: usize> TupleLoss<F, P, T> {
    /// Makes a loss of a formula of your own. See [`TupleFormula`] for what it has to keep to.
    pub fn new(formula: F, reduction: Reduction) -> Self {
        let definition = Definition::new(type_name::<F>(), &formula).shows("formula", &formula);
        Self::defined(formula, definition, reduction)
    }

    /// A loss of this crate.
    pub(crate) fn defined(formula: F, definition: Definition, reduction: Reduction) -> Self {
        Self {
            formula,
            definition: Arc::new(definition),
            reduction,
        }
    }

    /// The formula with its hyperparameters.
    pub fn formula(&self) -> &F {
        &self.formula
    }

    /// Returns the losses of all samples as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - prediction: `[.., P]`, any rank
    /// - target: `[.., T]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward<const D: usize>(&self, prediction: Tensor<D>, target: Tensor<D>) -> Tensor<1> {
        self.on(prediction, target).reduce()
    }

    /// Returns the loss of each sample. The rank `S` is one less than that of the prediction.
    ///
    /// # Shapes
    /// - prediction: `[.., P]`, any rank from 2 on
    /// - target: `[.., T]`
    /// - output: `[..]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_no_reduction<const D: usize, const S: usize>(
        &self,
        prediction: Tensor<D>,
        target: Tensor<D>,
    ) -> Tensor<S> {
        const { assert_rank_of_samples(D, S) };
        self.on(prediction, target).each()
    }

    /// Begins an evaluation, to which weights, a normalizer or another reduction can be added.
    ///
    /// # Shapes
    /// - prediction: `[.., P]`, any rank
    /// - target: `[.., T]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn on<const D: usize>(&self, prediction: Tensor<D>, target: Tensor<D>) -> TupleEvaluation {
        let name = self.definition.name();
        let shape = prediction.dims();
        let mut target_shape = shape;
        target_shape[D - 1] = T;
        check_tuples(name, &shape, P);
        check_like_prediction(name, "target", &target, &prediction, &target_shape);
        let samples = &shape[..D - 1];
        let matrices = [samples_of(prediction), samples_of(target)];
        TupleEvaluation::new(self.definition.clone(), self.reduction, matrices, samples)
    }
}

/// All dimensions but the last in one.
fn samples_of<const D: usize>(tensor: Tensor<D>) -> Tensor<2> {
    let dims = tensor.dims();
    let width = dims[D - 1];
    match is_nothing(&tensor) {
        true => none_of(nothing_of(&tensor), [0, width]),
        false => tensor.reshape([dims[..D - 1].iter().product(), width]),
    }
}

impl<F: Clone + fmt::Debug + Send + Sync + 'static, const P: usize, const T: usize> fmt::Debug
    for TupleLoss<F, P, T>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.definition.shown.debug(f, &self.reduction)
    }
}

display!([F: Clone + fmt::Debug + Send + Sync + 'static, const P: usize, const T: usize] TupleLoss<F, P, T>, |loss, content| {
    loss.definition.shown.content(content, &loss.reduction)
});

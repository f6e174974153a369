//! The generic loss of samples whose numbers are a tensor each.

use super::{Definition, TupleEvaluation};
use crate::{
    backend::{is_nothing, joined, none_of, nothing_of},
    error::check_like_target,
    formula::TupleFormula,
    module::{display, type_name},
    reduction::Reduction,
};
use burn::{module::Module, tensor::Tensor};
use core::fmt;
use std::sync::Arc;

/// A loss that is a formula of `P` predictions and a target, tensors of one shape: the parameters of a distribution
/// and what was observed, two scores and which is the better.
///
/// The losses of this crate come from their configurations, such as
/// [`GaussianNllLossConfig`](crate::GaussianNllLossConfig). A formula of your own becomes a loss by
/// [`new`](Self::new): it runs as one fused kernel on the CPU and on GPUs and as tensor operations elsewhere. Its gradient is
/// derived from the formula in each case.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::{JointLoss, Reduction, formula::{Real, TupleFormula}};
///
/// /// The squared error where a gate, between 0 and 1, is open.
/// #[derive(Clone, Debug)]
/// struct Gated;
///
/// impl TupleFormula<2, 1> for Gated {
///     #[inline(always)]
///     fn value<R: Real>(&self, [x, gate]: [R; 2], [t]: [R; 1]) -> R {
///         (x - t).powi(2) * gate
///     }
/// }
///
/// let device = Device::flex();
/// let loss = JointLoss::new(Gated, Reduction::Sum);
/// let [x, gate, target] = [[1.0, 2.0], [1.0, 0.5], [0.0, 0.0]].map(|v| Tensor::<1>::from_floats(v, &device));
/// assert_eq!(loss.forward([x, gate], target).into_scalar::<f32>(), 3.0);
/// ```
#[derive(Module)]
#[module(custom_display)]
pub struct JointLoss<F: Clone + fmt::Debug + Send + Sync + 'static, const P: usize> {
    #[module(skip)]
    formula: F,
    #[module(skip)]
    definition: Arc<Definition>,
    #[module(skip)]
    reduction: Reduction,
}

impl<F: TupleFormula<P, 1>, const P: usize> JointLoss<F, P> {
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
    /// - predictions: `P` tensors `[..]` of any rank
    /// - target: the same
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward<const D: usize>(
        &self,
        predictions: [Tensor<D>; P],
        target: Tensor<D>,
    ) -> Tensor<1> {
        self.on(predictions, target).reduce()
    }

    /// Returns the loss of each sample.
    ///
    /// # Shapes
    /// - predictions: `P` tensors `[..]` of any rank
    /// - target, output: the same
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_no_reduction<const D: usize>(
        &self,
        predictions: [Tensor<D>; P],
        target: Tensor<D>,
    ) -> Tensor<D> {
        self.on(predictions, target).each()
    }

    /// Begins an evaluation, to which weights, a normalizer or another reduction can be added.
    ///
    /// # Shapes
    /// - predictions: `P` tensors `[..]` of any rank
    /// - target: the same
    ///
    /// # Panics
    /// If shapes or data types do not fit. In a debug build, on a CPU, if a prediction holds a number it may not be, such as a
    /// variance below 0 (when the loss is computed).
    #[track_caller]
    pub fn on<const D: usize>(
        &self,
        predictions: [Tensor<D>; P],
        target: Tensor<D>,
    ) -> TupleEvaluation {
        let name = self.definition.name();
        let dims = target.dims();
        for (prediction, (field, _)) in predictions.iter().zip(&self.definition.fields) {
            check_like_target(name, field, prediction, &target);
        }
        let matrices = [rows_of(predictions), rows_of([target])];
        TupleEvaluation::new(self.definition.clone(), self.reduction, matrices, &dims)
    }
}

/// A row of these tensors' numbers for each element; their planes lie as they are.
fn rows_of<const D: usize, const W: usize>(tensors: [Tensor<D>; W]) -> Tensor<2> {
    if tensors.iter().any(is_nothing) {
        return none_of(joined(tensors.iter().map(nothing_of)), [0, W]);
    }
    let samples = tensors[0].shape().num_elements();
    let planes = tensors.map(|tensor| tensor.reshape([1, samples]));
    let planes = planes.to_vec();
    match W {
        1 => planes
            .into_iter()
            .next()
            .expect("one")
            .reshape([samples, 1]),
        _ => Tensor::cat(planes, 0).swap_dims(0, 1),
    }
}

impl<F: Clone + fmt::Debug + Send + Sync + 'static, const P: usize> fmt::Debug for JointLoss<F, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.definition.shown.debug(f, &self.reduction)
    }
}

display!([F: Clone + fmt::Debug + Send + Sync + 'static, const P: usize] JointLoss<F, P>, |loss, content| {
    loss.definition.shown.content(content, &loss.reduction)
});

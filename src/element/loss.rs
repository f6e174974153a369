//! The generic element-wise loss.

use super::{ClassParameters, Definition, ElementEvaluation};
use crate::{
    formula::{ColumnFormula, Formula},
    module::{display, type_name},
    reduction::Reduction,
};
use burn::{module::Module, tensor::Tensor};
use core::fmt;
use std::sync::Arc;

/// A loss that is a formula of each element's prediction and target.
///
/// The losses of this crate come from their configurations, such as
/// [`SmoothL1LossConfig`](crate::SmoothL1LossConfig). A formula of your own becomes a loss by
/// [`new`](Self::new): it runs as one fused kernel on the CPU and on GPUs, and as tensor operations on other
/// backends. Its gradient is derived from the formula in both cases.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::{ElementLoss, Reduction, formula::{Formula, Real}};
///
/// /// `d² / (d² + c²)`: an outlier costs 1 at most (Geman and McClure, 1985).
/// #[derive(Clone, Debug)]
/// struct GemanMcClure {
///     c: f64,
/// }
///
/// impl Formula for GemanMcClure {
///     #[inline(always)]
///     fn value<R: Real>(&self, x: R, t: R) -> R {
///         let d = ((x - t) * (1.0 / self.c)).abs().at_most(1e9); // No square overflows.
///         let square = d.clone() * d;
///         square.clone() / (square + 1.0)
///     }
/// }
///
/// let device = Device::flex();
/// let loss = ElementLoss::new(GemanMcClure { c: 1.0 }, Reduction::Sum);
/// let prediction = Tensor::<1>::from_floats([1.0, 0.0], &device);
/// let target = Tensor::<1>::from_floats([0.0, 0.0], &device);
/// assert_eq!(loss.forward(prediction, target).into_scalar::<f32>(), 0.5);
/// ```
#[derive(Module)]
#[module(custom_display)]
pub struct ElementLoss<F: Clone + fmt::Debug + Send + Sync + 'static> {
    #[module(skip)]
    formula: F,
    #[module(skip)]
    definition: Arc<Definition>,
    #[module(skip)]
    reduction: Reduction,
}

/// Any [`ColumnFormula`], chosen at run time.
#[derive(Clone, Copy, Debug)]
pub struct AnyElementFormula;

impl<F: Formula> ElementLoss<F> {
    /// Makes a loss of a formula of your own. See [`Formula`] for what it has to keep to.
    pub fn new(formula: F, reduction: Reduction) -> Self {
        Self::of_user(formula, None, reduction)
    }
}

impl<F: ColumnFormula> ElementLoss<F> {
    /// Makes a loss of a formula of your own that has a parameter for each column (each index of the last
    /// dimension), or one parameter for all columns.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use burn_losses::{ElementLoss, Reduction, formula::{ColumnFormula, Real}};
    ///
    /// /// `w (x - t)²` with a weight for each output.
    /// #[derive(Clone, Debug)]
    /// struct WeightedSquare;
    ///
    /// impl ColumnFormula for WeightedSquare {
    ///     #[inline(always)]
    ///     fn value_in_column<R: Real>(&self, x: R, t: R, weight: R) -> R {
    ///         let d = x - t;
    ///         d.clone() * d * weight
    ///     }
    /// }
    ///
    /// let device = Device::flex();
    /// let loss = ElementLoss::with_columns(WeightedSquare, vec![1.0, 10.0], Reduction::Sum);
    /// let prediction = Tensor::<2>::from_floats([[1.0, 2.0]], &device);
    /// let target = Tensor::<2>::zeros([1, 2], &device);
    /// assert_eq!(loss.forward(prediction, target).into_scalar::<f32>(), 1.0 + 10.0 * 4.0);
    /// ```
    ///
    /// # Panics
    /// If there are no parameters.
    #[track_caller]
    pub fn with_columns(formula: F, parameters: Vec<f64>, reduction: Reduction) -> Self {
        assert!(
            !parameters.is_empty(),
            "{}: the list of parameters is empty, expected one for each column or one for all",
            type_name::<F>(),
        );
        let parameters = ClassParameters {
            field: "parameters",
            values: parameters,
            dim: -1,
            share_target: false,
        };
        Self::of_user(formula, Some(parameters), reduction)
    }

    fn of_user(formula: F, parameters: Option<ClassParameters>, reduction: Reduction) -> Self {
        let mut definition = Definition::new(type_name::<F>(), &formula).shows("formula", &formula);
        if let Some(parameters) = &parameters {
            definition = definition.shows("parameters", &parameters.values);
        }
        Self::defined(formula, definition.with_parameters(parameters), reduction)
    }

    /// A loss of this crate.
    pub(crate) fn defined(formula: F, definition: Definition, reduction: Reduction) -> Self {
        Self {
            formula,
            definition: Arc::new(definition),
            reduction,
        }
    }

    /// Returns the loss with its parameters of classes along another dimension than the last: 1 for predictions
    /// `[N, C, H, W]`, a negative number to count from the end. Without such parameters this changes nothing.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use burn_losses::BinaryCrossEntropyLossConfig;
    ///
    /// let device = Device::flex();
    /// let config = BinaryCrossEntropyLossConfig::new().with_pos_weight(Some(vec![1.0, 3.0]));
    /// let loss = config.init().with_class_dim(1);
    /// let logits = Tensor::<4>::zeros([8, 2, 16, 16], &device);
    /// let value = loss.forward(logits.clone(), logits.ones_like()).into_scalar::<f32>();
    /// assert!((value - 2.0 * 2f32.ln()).abs() < 1e-6);
    /// ```
    pub fn with_class_dim(mut self, dim: isize) -> Self {
        let definition = Arc::make_mut(&mut self.definition);
        if let Some(parameters) = &mut definition.parameters {
            parameters.dim = dim;
            definition.shown.set("class_dim", &dim);
        }
        self
    }

    /// The formula with its hyperparameters.
    pub fn formula(&self) -> &F {
        &self.formula
    }
}

impl<F: ColumnFormula> From<ElementLoss<F>> for ElementLoss<AnyElementFormula> {
    fn from(loss: ElementLoss<F>) -> Self {
        Self {
            formula: AnyElementFormula,
            definition: loss.definition,
            reduction: loss.reduction,
        }
    }
}

impl<F: Clone + fmt::Debug + Send + Sync + 'static> ElementLoss<F> {
    /// Returns the losses of all elements as one number, by the configured reduction. Returns 0 for an empty
    /// batch.
    ///
    /// # Shapes
    /// - prediction: `[..]`, any rank
    /// - target: the same, unless the page of the loss says otherwise
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward<const D: usize>(&self, prediction: Tensor<D>, target: Tensor<D>) -> Tensor<1> {
        self.on(prediction, target).reduce()
    }

    /// Returns the loss of each element.
    ///
    /// # Shapes
    /// - prediction: `[..]`, any rank
    /// - target: the same, unless the page of the loss says otherwise
    /// - output: that of the prediction
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_no_reduction<const D: usize>(
        &self,
        prediction: Tensor<D>,
        target: Tensor<D>,
    ) -> Tensor<D> {
        self.on(prediction, target).each()
    }

    /// Begins an evaluation, to which weights, a normalizer or another reduction can be added.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use burn_losses::MseLossConfig;
    ///
    /// let device = Device::flex();
    /// let [x, t] = [[1.0, 3.0], [0.0, 0.0]].map(|v| Tensor::<1>::from_floats(v, &device));
    /// let weights = Tensor::from_floats([1.0, 0.0], &device);
    /// let loss = MseLossConfig::new().init();
    /// assert_eq!(loss.on(x, t).weights(weights).divided_by(2).into_scalar::<f32>(), 0.5);
    /// ```
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn on<const D: usize>(
        &self,
        prediction: Tensor<D>,
        target: Tensor<D>,
    ) -> ElementEvaluation<D> {
        ElementEvaluation::new(self.definition.clone(), self.reduction, prediction, target)
    }
}

impl<F: Clone + fmt::Debug + Send + Sync + 'static> fmt::Debug for ElementLoss<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.definition.shown.debug(f, &self.reduction)
    }
}

display!([F: Clone + fmt::Debug + Send + Sync + 'static] ElementLoss<F>, |loss, content| {
    loss.definition.shown.content(content, &loss.reduction)
});

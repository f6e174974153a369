use super::{ClassEvaluation, definition::Definition};
use crate::{
    error::{Check, assert_rank_of_samples, check_takes_probabilities},
    formula::ClassFormula,
    module::{Field, Shown, display, type_name},
    reduction::Reduction,
};
use burn::{
    module::Module,
    tensor::{Int, Tensor},
};
use core::fmt;
use std::sync::Arc;

/// A loss of one class among several, from the softmax of logits.
///
/// ```text
/// loss = sum_c q_c w_c phi(ln p_c)          p = softmax(logits)
/// q    = (1 - e) target + e / C
/// ```
/// with the formula `phi`, the class weights `w`, the label smoothing `e` and the number of classes `C`. The target of
/// a class index is 1 at that class and 0 elsewhere; a target may also be probabilities of the classes.
///
/// The losses of this crate come from their configurations, such as
/// [`SoftmaxFocalLossConfig`](crate::SoftmaxFocalLossConfig), and each has a type alias:
///
/// | loss | `phi(l)` with `l = ln p` | probabilities |
/// |---|---|---|
/// | [`CrossEntropyLoss`](crate::CrossEntropyLoss) | `-l` | yes |
/// | [`NllLoss`](crate::NllLoss) | `-l` of logarithms that are given | yes |
/// | [`SoftmaxFocalLoss`](crate::SoftmaxFocalLoss) | `-(1 - p)^gamma l` | yes |
/// | [`PolyLoss`](crate::PolyLoss) | `-l + epsilon (1 - p)` | yes |
/// | [`BalancedSoftmaxLoss`](crate::BalancedSoftmaxLoss) | `-l` of logits plus `ln n` | yes |
/// | [`LogitAdjustedLoss`](crate::LogitAdjustedLoss) | `-l` of logits plus `tau ln pi` | yes |
/// | [`LdamLoss`](crate::LdamLoss) | `-l` of logits minus a margin at the target | no: a margin needs one target class |
/// | [`GeneralizedCrossEntropyLoss`](crate::GeneralizedCrossEntropyLoss) | `(1 - p^q) / q` | yes (1) |
/// | [`SymmetricCrossEntropyLoss`](crate::SymmetricCrossEntropyLoss) | `-alpha l - beta A (1 - p)` | yes (1) |
/// | [`ClassificationLoss`](crate::ClassificationLoss) | that of any of them | as that loss |
///
/// (1) The paper has class indices alone. For probabilities (and with label smoothing) this is the formula above, the
/// expected loss of a class that is drawn from them. For symmetric cross entropy it is not the cross entropy of
/// both distributions, each against the other.
///
/// A formula of your own becomes a loss by [`new`](Self::new): it runs as one fused kernel on the CPU and as tensor
/// operations elsewhere. Its gradient is derived from the formula in both cases.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::{ClassLoss, Reduction, formula::{ClassFormula, Real}};
///
/// /// `(1 - p)²`, which a wrong label moves little.
/// #[derive(Clone, Debug)]
/// struct SquaredMiss;
///
/// impl ClassFormula for SquaredMiss {
///     #[inline(always)]
///     fn value<R: Real>(&self, l: R) -> R {
///         l.exp_m1().powi(2)
///     }
/// }
///
/// let device = Device::flex();
/// let loss = ClassLoss::new(SquaredMiss, Reduction::Sum).with_ignore_index(Some(255));
/// let logits = Tensor::<2>::from_floats([[0.0, 0.0], [5.0, 0.0]], &device);
/// let targets = Tensor::<1, Int>::from_ints([1, 255], &device);
/// assert_eq!(loss.forward(logits, targets).into_scalar::<f32>(), 0.25);
/// ```
#[derive(Module)]
#[module(custom_display)]
pub struct ClassLoss<F: Clone + fmt::Debug + Send + Sync + 'static> {
    #[module(skip)]
    formula: F,
    #[module(skip)]
    definition: Definition,
    #[module(skip)]
    reduction: Reduction,
}

/// Any [`ClassFormula`], chosen at run time.
#[derive(Clone, Copy, Debug)]
pub struct AnyClassFormula;

impl<F: ClassFormula> ClassLoss<F> {
    /// Makes a loss from a formula of your own. It ignores the class index -100.
    pub fn new(formula: F, reduction: Reduction) -> Self {
        let shown: &[Field<'_>] = &[("formula", &formula.clone())];
        Self::named(type_name::<F>(), formula, shown, reduction)
            .with_class_weights(None)
            .with_label_smoothing(0.0)
            .with_ignore_index(Some(-100))
    }

    /// A loss of this crate. To be called where the formula is no parameter, so that its kernels are
    /// compiled here.
    pub(crate) fn named(
        name: &'static str,
        formula: F,
        shown: &[Field<'_>],
        reduction: Reduction,
    ) -> Self {
        let phi = Arc::new(formula.clone());
        let shown = Shown::new(name).with(shown);
        Self {
            definition: Definition::new(shown, phi, formula.adjustment()),
            formula,
            reduction,
        }
    }

    /// The same of logarithms of probabilities, taken as they are in place of logits.
    pub(crate) fn of_log_probabilities<M>(mut self, formula: M) -> ClassLoss<M>
    where
        M: Clone + fmt::Debug + Send + Sync + 'static,
    {
        self.definition.change(|row| row.log_probabilities = true);
        ClassLoss {
            formula,
            definition: self.definition,
            reduction: self.reduction,
        }
    }

    /// The formula with its hyperparameters.
    pub fn formula(&self) -> &F {
        &self.formula
    }
}

impl<F: ClassFormula> From<ClassLoss<F>> for ClassLoss<AnyClassFormula> {
    fn from(loss: ClassLoss<F>) -> Self {
        Self {
            formula: AnyClassFormula,
            definition: loss.definition,
            reduction: loss.reduction,
        }
    }
}

impl<F: Clone + fmt::Debug + Send + Sync + 'static> ClassLoss<F> {
    /// Returns the loss with class weights, or without. They count in the divisor of a mean.
    ///
    /// # Panics
    /// If a weight is negative or not finite, or the list is empty.
    #[track_caller]
    pub fn with_class_weights(mut self, weights: Option<Vec<f64>>) -> Self {
        let check = Check(self.definition.row.loss);
        if let Err(error) = check.class_weights("class_weights", &weights) {
            panic!("{error}");
        }
        self.definition.shown.set("class_weights", &weights);
        self.definition.weigh(weights);
        self
    }

    /// Returns the loss with label smoothing: the share of each target that is spread over all classes, from 0 to 1. The
    /// loss is then that share of the mean loss of all classes, and the rest of the loss of the target. Configurations
    /// whose paper has no smoothing (LDAM, generalized and symmetric cross entropy) have no field for it.
    ///
    /// # Panics
    /// If it is not from 0 to 1.
    #[track_caller]
    pub fn with_label_smoothing(mut self, label_smoothing: f64) -> Self {
        let check = Check(self.definition.row.loss);
        if let Err(error) = check.in_unit_interval("label_smoothing", label_smoothing) {
            panic!("{error}");
        }
        self.definition
            .shown
            .set("label_smoothing", &label_smoothing);
        self.definition
            .change(|row| row.smoothing = label_smoothing);
        self
    }

    /// Returns the loss with another class index that marks a sample as ignored, or none.
    pub fn with_ignore_index(mut self, ignore_index: Option<i64>) -> Self {
        self.definition.shown.set("ignore_index", &ignore_index);
        self.definition
            .change(|row| row.ignore_index = ignore_index);
        self
    }

    /// Returns the losses of all samples as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - logits: `[N, C, d1..dk]`, the classes in dimension 1
    /// - targets: `[N, d1..dk]`, the index of a class or the `ignore_index`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes do not fit, there are no classes, or a list of the configuration has another length. If a target is
    /// not a class index (on the CPU; the loss of its sample is NaN on a GPU).
    #[track_caller]
    pub fn forward<const D: usize, const T: usize>(
        &self,
        logits: Tensor<D>,
        targets: Tensor<T, Int>,
    ) -> Tensor<1> {
        const { assert_rank_of_samples(D, T) };
        self.on(logits, targets).reduce()
    }

    /// Returns the loss of each sample; 0 for an ignored sample.
    ///
    /// # Shapes
    /// - logits: `[N, C, d1..dk]`, the classes in dimension 1
    /// - targets: `[N, d1..dk]`, the index of a class or the `ignore_index`
    /// - output: `[N, d1..dk]`
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn forward_no_reduction<const D: usize, const T: usize>(
        &self,
        logits: Tensor<D>,
        targets: Tensor<T, Int>,
    ) -> Tensor<T> {
        const { assert_rank_of_samples(D, T) };
        self.on(logits, targets).each()
    }

    /// Begins an evaluation of logits against class indices, to which sample weights, a normalizer or another
    /// reduction can be added.
    ///
    /// # Shapes
    /// - logits: `[N, C, d1..dk]`, the classes in dimension 1
    /// - targets: `[N, d1..dk]`, the index of a class or the `ignore_index`
    ///
    /// # Panics
    /// If shapes do not fit, there are no classes, or a list of the configuration has another length.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Int, Tensor};
    /// use burn_losses::CrossEntropyLossConfig;
    ///
    /// let device = Device::flex();
    /// let logits = Tensor::<2>::from_floats([[0.0, 0.0], [0.0, 0.0], [9.0, 0.0]], &device);
    /// let targets = Tensor::<1, Int>::from_ints([0, 1, 1], &device);
    /// let weights = Tensor::<1>::from_floats([1.0, 3.0, 0.0], &device);
    /// let loss = CrossEntropyLossConfig::new().init();
    /// let value = loss.on(logits, targets).weights(weights).divided_by(2);
    /// assert!((value.into_scalar::<f32>() - 2.0 * 2f32.ln()).abs() < 1e-6);
    /// ```
    #[track_caller]
    pub fn on<const D: usize, const T: usize>(
        &self,
        logits: Tensor<D>,
        targets: Tensor<T, Int>,
    ) -> ClassEvaluation<D> {
        const { assert_rank_of_samples(D, T) };
        let row = self.definition.row.clone();
        ClassEvaluation::of_classes(row, self.reduction, logits, targets)
    }

    /// Begins an evaluation of logits against probabilities of the classes (mixup, soft labels), to which sample
    /// weights, a normalizer or another reduction can be added. The loss of a sample is the mean of the losses of all
    /// classes, weighted by the probabilities; these are taken as they are, whatever they sum to. The mean over samples
    /// divides by their number, or by the sum of their weights.
    ///
    /// # Shapes
    /// - logits: `[N, C, d1..dk]`, the classes in dimension 1
    /// - probabilities: of the same shape
    ///
    /// # Panics
    /// If shapes or data types do not fit, there are no classes, or a list of the configuration has another length. If
    /// the loss has a margin ([`LdamLoss`](crate::LdamLoss)). In a debug build, on a CPU, if a probability is outside
    /// `[0, 1]` (when the loss is computed).
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use burn_losses::CrossEntropyLossConfig;
    ///
    /// let device = Device::flex();
    /// let logits = Tensor::<2>::from_floats([[0.0, 0.0], [0.0, 0.0]], &device);
    /// let probabilities = Tensor::<2>::from_floats([[0.7, 0.3], [0.5, 0.5]], &device);
    /// let loss = CrossEntropyLossConfig::new().init();
    /// let value = loss.on_probabilities(logits, probabilities).reduce();
    /// assert!((value.into_scalar::<f32>() - 2f32.ln()).abs() < 1e-6);
    /// ```
    #[track_caller]
    pub fn on_probabilities<const D: usize>(
        &self,
        logits: Tensor<D>,
        probabilities: Tensor<D>,
    ) -> ClassEvaluation<D> {
        let row = self.definition.row.clone();
        check_takes_probabilities(row.loss, row.margin.is_some());
        ClassEvaluation::of_probabilities(row, self.reduction, logits, probabilities)
    }
}

impl<F: Clone + fmt::Debug + Send + Sync + 'static> fmt::Debug for ClassLoss<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.definition.shown.debug(f, &self.reduction)
    }
}

display!([F: Clone + fmt::Debug + Send + Sync + 'static] ClassLoss<F>, |loss, content| {
    loss.definition.shown.content(content, &loss.reduction)
});

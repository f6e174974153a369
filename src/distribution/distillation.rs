//! Knowledge distillation.

use crate::{
    backend::SoftmaxRow,
    class::{ClassEvaluation, Distilled, Parts, Samples},
    config::{as_written, config},
    error::{Check, LossError, assert_rank_of_samples, built},
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
    /// Configuration of [`DistillationLoss`].
    pub struct DistillationLossConfig {
        /// The temperature that divides the logits of both models, above 0. Default: 4 (RepDistiller).
        pub temperature: f64 = 4.0,
        /// The weight of the teacher's part, from 0 to 1; the part of the labels has weight `1 - alpha`. Default: 0.9
        /// (RepDistiller).
        pub alpha: f64 = 0.9,
        /// The weight of each class in the cross entropy with the labels. Default: none.
        #[alias = "weights"]
        pub class_weights: Option<Vec<f64>> = None,
        /// The share of each label that is spread over all classes, from 0 to 1. Default: 0.
        pub label_smoothing: f64 = 0.0,
        /// The class index that marks a sample as ignored. Default: -100 (PyTorch).
        pub ignore_index: Option<i64> = Some(-100),
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The loss of a student that learns from a teacher's softened predictions, and from labels.
///
/// ```text
/// l = alpha T² KL(softmax(teacher / T) || softmax(student / T)) + (1 - alpha) CE(student, label)
/// ```
/// with the temperature `T` and the cross entropy CE of [`CrossEntropyLoss`](crate::CrossEntropyLoss). The factor `T²`
/// keeps the gradients of both parts in proportion when the temperature changes. Each part has its own mean over the
/// samples that are not ignored: the part of the teacher is divided by the sum of the sample weights, the part of the
/// labels by the sum of the sample weights times the class weights. The teacher is detached: it gets no gradient.
///
/// Source: G. Hinton, O. Vinyals, J. Dean, *Distilling the Knowledge in a Neural Network*, 2015.
///
/// Shapes: student and teacher `[N, C, ..]`, class indices `[N, ..]`. Panics if they do not fit or an index is no class
/// (NaN on a GPU).
///
/// Equivalent: with `L = F.log_softmax`, `alpha * T**2 * F.kl_div(L(x / T), L(teacher / T), log_target=True,
/// reduction="batchmean") + (1 - alpha) * F.cross_entropy(x, y)`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::DistillationLossConfig;
///
/// let device = Device::flex();
/// let loss = DistillationLossConfig::new().with_alpha(0.5).init();
/// let student = Tensor::<2>::from_floats([[1.0, 1.0]], &device);
/// let teacher = Tensor::<2>::from_floats([[3.0, 3.0]], &device);
/// let labels = Tensor::<1, Int>::from_ints([0], &device);
/// let value = loss.forward(student, teacher, labels).into_scalar::<f32>();
/// assert!((value - 0.5 * 2f32.ln()).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
#[doc(alias = "KD")]
#[doc(alias = "knowledge_distillation")]
pub struct DistillationLoss {
    temperature: f64,
    alpha: f64,
    class_weights: Option<Vec<f64>>,
    label_smoothing: f64,
    ignore_index: Option<i64>,
    #[module(skip)]
    reduction: Reduction,
}

impl DistillationLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `temperature` is not above 0, or so large that `f32` does not hold `alpha T²`, `alpha` or
    /// `label_smoothing` is not from 0 to 1, or a weight is negative or not finite or the list of them
    /// is empty.
    pub fn try_init(&self) -> Result<DistillationLoss, LossError> {
        let check = Check("DistillationLossConfig");
        check.above_zero("temperature", self.temperature)?;
        check.in_unit_interval("alpha", self.alpha)?;
        check.that(
            soft_factor(self.alpha, self.temperature) <= f32::MAX as f64,
            "temperature",
            self.temperature,
            "a number whose square times alpha is within the range of f32",
        )?;
        check.class_weights("class_weights", &self.class_weights)?;
        check.in_unit_interval("label_smoothing", self.label_smoothing)?;
        Ok(DistillationLoss {
            temperature: self.temperature,
            alpha: self.alpha,
            class_weights: self.class_weights.clone(),
            label_smoothing: self.label_smoothing,
            ignore_index: self.ignore_index,
            reduction: self.reduction,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> DistillationLoss {
        built(self.try_init())
    }
}

/// The factor of the divergence.
fn soft_factor(alpha: f64, temperature: f64) -> f64 {
    alpha * temperature * temperature
}
display!(DistillationLoss, |loss, content| {
    content
        .add_debug_attribute("temperature", &loss.temperature)
        .add_debug_attribute("alpha", &loss.alpha)
        .add("class_weights", &as_written(&loss.class_weights))
        .add_debug_attribute("label_smoothing", &loss.label_smoothing)
        .add("ignore_index", &as_written(&loss.ignore_index))
        .add("reduction", &loss.reduction.to_string())
});

const NAME: &str = "DistillationLoss";

impl DistillationLoss {
    /// Returns the losses of all samples as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - student: logits `[N, C, d1..dk]`, the classes in dimension 1
    /// - teacher: logits, of the same shape
    /// - labels: `[N, d1..dk]`, the index of a class or the `ignore_index`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit, there are no classes, or `class_weights` is a list of another length. If a label
    /// is not a class index (on the CPU; the loss of its sample is NaN on a GPU). (Labels only say which samples are
    /// ignored if `alpha` is 1.)
    #[track_caller]
    pub fn forward<const D: usize, const T: usize>(
        &self,
        student: Tensor<D>,
        teacher: Tensor<D>,
        labels: Tensor<T, Int>,
    ) -> Tensor<1> {
        const { assert_rank_of_samples(D, T) };
        self.on(student, teacher, labels).reduce()
    }

    /// Returns the loss of each sample; 0 for an ignored sample.
    ///
    /// # Shapes
    /// - student: logits `[N, C, d1..dk]`, the classes in dimension 1
    /// - teacher: logits, of the same shape
    /// - labels: `[N, d1..dk]`, the index of a class or the `ignore_index`
    /// - output: `[N, d1..dk]`
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn forward_no_reduction<const D: usize, const T: usize>(
        &self,
        student: Tensor<D>,
        teacher: Tensor<D>,
        labels: Tensor<T, Int>,
    ) -> Tensor<T> {
        const { assert_rank_of_samples(D, T) };
        self.on(student, teacher, labels).each()
    }

    /// Begins an evaluation, to which sample weights, a normalizer or another reduction can be added.
    ///
    /// # Shapes
    /// - student: logits `[N, C, d1..dk]`, the classes in dimension 1
    /// - teacher: logits, of the same shape
    /// - labels: `[N, d1..dk]`, the index of a class or the `ignore_index`
    ///
    /// # Panics
    /// If shapes or data types do not fit, there are no classes, or `class_weights` is a list of another length.
    #[track_caller]
    pub fn on<const D: usize, const T: usize>(
        &self,
        student: Tensor<D>,
        teacher: Tensor<D>,
        labels: Tensor<T, Int>,
    ) -> ClassEvaluation<D> {
        const { assert_rank_of_samples(D, T) };
        let (samples, frame) = Distilled::new(self.parts(), student, teacher, labels);
        ClassEvaluation::new(NAME, Samples::Distilled(samples), frame, self.reduction)
    }

    /// Begins an evaluation of the teacher's part alone, `alpha T² KL`, for data without labels.
    ///
    /// # Shapes
    /// - student: logits `[N, C, d1..dk]`, the classes in dimension 1
    /// - teacher: logits, of the same shape
    ///
    /// # Panics
    /// If shapes or data types do not fit, there are no classes, or `class_weights` is a list of another length.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use burn_losses::DistillationLossConfig;
    ///
    /// let device = Device::flex();
    /// let loss = DistillationLossConfig::new().init();
    /// let logits = Tensor::<2>::from_floats([[1.0, 3.0]], &device);
    /// let value = loss.on_unlabeled(logits.clone(), logits).reduce();
    /// assert!(value.into_scalar::<f32>().abs() < 1e-6);
    /// ```
    #[track_caller]
    pub fn on_unlabeled<const D: usize>(
        &self,
        student: Tensor<D>,
        teacher: Tensor<D>,
    ) -> ClassEvaluation<D> {
        let (samples, frame) = Distilled::unlabeled(self.parts(), student, teacher);
        ClassEvaluation::new(NAME, Samples::Distilled(samples), frame, self.reduction)
    }

    /// The part of the teacher and that of the labels.
    fn parts(&self) -> Parts {
        let soft = SoftmaxRow {
            scale: 1.0 / self.temperature,
            divergence: true,
            factor: soft_factor(self.alpha, self.temperature),
            ..SoftmaxRow::new(NAME, Arc::new(CrossEntropy))
        };
        let hard = SoftmaxRow {
            smoothing: self.label_smoothing,
            ignore_index: self.ignore_index,
            factor: 1.0 - self.alpha,
            ..SoftmaxRow::new(NAME, Arc::new(CrossEntropy)).weighted(&self.class_weights)
        };
        Parts {
            soft: Arc::new(soft),
            hard: Arc::new(hard),
        }
    }
}

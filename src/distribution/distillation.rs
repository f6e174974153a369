//! Knowledge distillation.

use crate::{
    backend::{self, RowInputs, Target, is_nothing, log_softmax},
    error::{Check, ClassesOf, LossError, check_has_classes, check_like_prediction},
    formula::{CrossEntropy, NoMargin, SoftmaxRow},
    module::loss_module,
    reduction::Reduction,
    softmax::{
        class_weights, classes, has_operations, kept_rows, loss_of_no_rows, nothing_tracked,
        row_weights, rows_of, shape_of_rows,
    },
};
use burn::{
    config::Config,
    module::Module,
    tensor::{DType, Int, Tensor},
};

/// Configuration of [`DistillationLoss`].
#[derive(Config, Debug)]
pub struct DistillationLossConfig {
    /// What the logits of both are divided by, above 0. Default 4, as in RepDistiller.
    #[config(default = 4.0)]
    pub temperature: f64,
    /// The share of the teacher, from 0 to 1; the rest is that of the labels. Default 0.9, as in
    /// RepDistiller.
    #[config(default = 0.9)]
    pub alpha: f64,
    /// The weight of each class in the cross entropy with the labels. Default: all the same.
    pub weights: Option<Vec<f64>>,
    /// How much of each label is spread over all classes, from 0 to 1. Default 0.
    #[config(default = 0.0)]
    pub label_smoothing: f64,
    /// The class index that stands for no label: such rows are left out. Default -100, as in PyTorch.
    #[config(default = "Some(-100)")]
    pub ignore_index: Option<i64>,
    /// How the losses of all rows become one number.
    #[config(default = "Reduction::Mean")]
    pub reduction: Reduction,
}

/// The loss of a student that learns from a teacher's softened predictions, and from labels.
///
/// ```text
/// l = alpha T² KL(softmax(teacher / T) || softmax(student / T)) + (1 - alpha) CE(student, label)
/// ```
/// with the temperature `T` and the cross entropy CE of
/// [`CrossEntropyLoss`](crate::CrossEntropyLoss). The factor `T²` keeps the gradients of both parts
/// in proportion when the temperature changes. A mean is taken of each part on its own, over the rows
/// whose label is not ignored. A teacher that is tracked gets a gradient, unless `alpha` is 0; detach
/// it where it is not to learn.
///
/// Source: G. Hinton, O. Vinyals, J. Dean, *Distilling the Knowledge in a Neural Network*, 2015.
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
pub struct DistillationLoss {
    temperature: f64,
    alpha: f64,
    weights: Option<Vec<f64>>,
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
        check.class_weights("weights", &self.weights)?;
        check.in_unit_interval("label_smoothing", self.label_smoothing)?;
        Ok(DistillationLoss {
            temperature: self.temperature,
            alpha: self.alpha,
            weights: self.weights.clone(),
            label_smoothing: self.label_smoothing,
            ignore_index: self.ignore_index,
            reduction: self.reduction,
        })
    }
}

/// The factor of the divergence.
fn soft_factor(alpha: f64, temperature: f64) -> f64 {
    alpha * temperature * temperature
}

loss_module!(
    DistillationLoss,
    DistillationLossConfig,
    shows: [temperature, alpha, weights, label_smoothing, ignore_index]
);

const NAME: &str = "DistillationLoss";

impl DistillationLoss {
    /// The loss of all rows, reduced as configured. Of no rows at all it is 0.
    ///
    /// # Shapes
    /// - student: logits `[N, C, d1..dk]`, the classes in dimension 1
    /// - teacher: logits, the same
    /// - labels: `[N, d1..dk]`, the index of a class or the `ignore_index`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit, there are no classes, or not as many as `weights`. If a
    /// label is no class, on the CPU; on a GPU the loss of its row is NaN. (With an `alpha` of 1 labels
    /// only say which rows are ignored.)
    #[track_caller]
    pub fn forward<const D: usize, const T: usize>(
        &self,
        student: Tensor<D>,
        teacher: Tensor<D>,
        labels: Tensor<T, Int>,
    ) -> Tensor<1> {
        let labels = classes(NAME, &student, labels);
        let (student, teacher) = self.checked(student, teacher);
        self.reduced(student, teacher, Some(labels), None)
    }

    /// The loss of each row; 0 where it is ignored.
    ///
    /// # Shapes
    /// - student: logits `[N, C, d1..dk]`, the classes in dimension 1
    /// - teacher: logits, the same
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
        let labels = classes(NAME, &student, labels);
        let shape = shape_of_rows::<D, T>(&student);
        let is_empty = is_nothing(&student) && !has_operations(&student);
        let (student, teacher) = self.checked(student, teacher);
        if is_empty {
            return nothing_tracked(loss_of_no_logits(&student, teacher, None), shape);
        }
        self.losses_of_rows(student, teacher, labels).reshape(shape)
    }

    /// The loss of all rows, each with a weight; 0 ignores its row, whatever it holds. A mean divides
    /// the part of the teacher by the sum of the weights, that of the labels by the sum of the weights
    /// times the class weights.
    ///
    /// # Shapes
    /// - student: logits `[N, C, d1..dk]`, the classes in dimension 1
    /// - teacher: logits, the same
    /// - labels: `[N, d1..dk]`, the index of a class or the `ignore_index`
    /// - weights: `[N, d1..dk]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn forward_weighted<const D: usize, const T: usize>(
        &self,
        student: Tensor<D>,
        teacher: Tensor<D>,
        labels: Tensor<T, Int>,
        weights: Tensor<T>,
    ) -> Tensor<1> {
        let labels = classes(NAME, &student, labels);
        let weights = row_weights(NAME, &student, weights);
        let (student, teacher) = self.checked(student, teacher);
        self.reduced(student, teacher, Some(labels), Some(weights))
    }

    /// The teacher's part alone, `alpha T² KL`, for data without labels.
    ///
    /// # Shapes
    /// - student: logits `[N, C, d1..dk]`, the classes in dimension 1
    /// - teacher: logits, the same
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit, there are no classes, or not as many as `weights`.
    #[track_caller]
    pub fn forward_unlabeled<const D: usize>(
        &self,
        student: Tensor<D>,
        teacher: Tensor<D>,
    ) -> Tensor<1> {
        let (student, teacher) = self.checked(student, teacher);
        self.reduced(student, teacher, None, None)
    }

    /// Checks that the teacher's logits and the class weights fit the student's logits, and brings the
    /// logits of both into rows.
    #[track_caller]
    fn checked<const D: usize>(
        &self,
        student: Tensor<D>,
        teacher: Tensor<D>,
    ) -> (Tensor<3>, Tensor<3>) {
        check_has_classes(NAME, &student);
        check_like_prediction(NAME, "teacher", &teacher, &student, &student.dims());
        self.class_weights(&student);
        (rows_of(student), rows_of(teacher))
    }

    /// The class weights for these logits.
    #[track_caller]
    fn class_weights<const D: usize>(&self, logits: &Tensor<D>) -> Vec<f64> {
        class_weights(NAME, &self.weights, logits.dims()[1], ClassesOf::Logits)
    }

    #[inline(never)] // Compiled here, not in each program that calls it.
    #[track_caller]
    fn losses_of_rows(&self, student: Tensor<3>, teacher: Tensor<3>, labels: Target) -> Tensor<2> {
        let dtype = student.dtype();
        let [soft, hard] = self.parts(student, teacher, Some(labels), None);
        let losses = |part: Part| backend::row_losses(part.0, part.1);
        sum(soft.map(losses), hard.map(losses)).cast(dtype)
    }

    #[inline(never)] // As above.
    #[track_caller]
    fn reduced(
        &self,
        student: Tensor<3>,
        teacher: Tensor<3>,
        labels: Option<Target>,
        weights: Option<Tensor<2>>,
    ) -> Tensor<1> {
        if is_nothing(&student) {
            return loss_of_no_logits(&student, teacher, weights.as_ref());
        }
        let dtype = student.dtype();
        let fold = self.reduction.of_counted(student.dims()[2]);
        let [soft, hard] = self.parts(student, teacher, labels, weights);
        let reduce = |part: Part| backend::reduced_rows(part.0, part.1, fold);
        sum(soft.map(reduce), hard.map(reduce)).cast(dtype)
    }

    /// The part of the teacher and that of the labels; one that has no share is left out, unless
    /// nothing would be left.
    #[track_caller]
    fn parts(
        &self,
        student: Tensor<3>,
        teacher: Tensor<3>,
        labels: Option<Target>,
        weights: Option<Tensor<2>>,
    ) -> [Option<Part>; 2] {
        let class_weights = self.class_weights(&student);
        // The teacher's probabilities have more digits than half precision holds.
        let dtype = match student.dtype() {
            DType::F16 | DType::BF16 => DType::F32,
            dtype => dtype,
        };
        let (student, teacher) = (student.cast(dtype), teacher.cast(dtype));
        let weights = weights.map(|weights| weights.cast(dtype));

        let hard = labels.as_ref().filter(|_| self.alpha < 1.0).map(|labels| {
            let row = SoftmaxRow {
                smoothing: self.label_smoothing,
                ignore_index: self.ignore_index,
                factor: 1.0 - self.alpha,
                ..SoftmaxRow::new(NAME, CrossEntropy).weighted(class_weights)
            };
            let inputs = RowInputs {
                logits: student.clone(),
                target: labels.clone(),
                weights: weights.clone(),
            };
            (row, inputs)
        });
        let soft = (self.alpha > 0.0 || hard.is_none()).then(|| {
            let row = SoftmaxRow {
                scale: 1.0 / self.temperature,
                divergence: true,
                factor: soft_factor(self.alpha, self.temperature),
                ..SoftmaxRow::new(NAME, CrossEntropy)
            };
            let weights = match &labels {
                Some(Target::Classes(labels)) => {
                    kept_rows(labels, self.ignore_index, &student, weights)
                }
                _ => weights,
            };
            let teacher = match &weights {
                // Whatever rows that do not count hold, it must not reach the gradient.
                Some(weights) if teacher.is_tracked() => {
                    let skipped = weights.clone().equal_scalar(0.0).unsqueeze_dim::<3>(1);
                    let skipped = skipped.expand(teacher.shape());
                    teacher.mask_fill(skipped, 0.0)
                }
                _ => teacher,
            };
            let shares = log_softmax(teacher * (1.0 / self.temperature)).exp();
            let inputs = RowInputs {
                logits: student.clone(),
                target: Target::Shares(shares),
                weights,
            };
            (row, inputs)
        });
        [soft, hard]
    }
}

/// The loss where there are no logits.
fn loss_of_no_logits(
    student: &Tensor<3>,
    teacher: Tensor<3>,
    weights: Option<&Tensor<2>>,
) -> Tensor<1> {
    loss_of_no_rows(student, &Target::Shares(teacher), weights)
}

/// A loss of rows and what it is computed from.
type Part = (SoftmaxRow<CrossEntropy, NoMargin>, RowInputs);

/// The sum of the parts there are.
fn sum<const D: usize>(soft: Option<Tensor<D>>, hard: Option<Tensor<D>>) -> Tensor<D> {
    match (soft, hard) {
        (Some(soft), Some(hard)) => soft + hard,
        (Some(part), None) | (None, Some(part)) => part,
        (None, None) => unreachable!("one part is always there"),
    }
}

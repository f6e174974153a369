//! The logits of a student and its teacher, and perhaps labels.

use super::logits::{classes, loss_of_no_rows};
use crate::{
    backend::{
        Fold, RowInputs, SoftmaxRow, Target, ignored, is_nothing, log_softmax, none_of,
        reduced_rows, row_losses, widened,
    },
    class::{
        frame::Frame,
        shape::{has_operations, rows_of},
    },
    error::{ClassesOf, check_has_classes, check_like_prediction},
};
use burn::tensor::{DType, Int, Tensor};
use std::sync::Arc;

/// The logits of a student and its teacher, and perhaps labels. The loss has a part for the teacher and one for the
/// labels, each reduced on its own.
#[derive(Clone, Debug)]
pub(crate) struct Distilled {
    parts: Parts,
    /// `[N, C, K]`
    student: Tensor<3>,
    /// `[N, C, K]`, a constant.
    teacher: Tensor<3>,
    labels: Option<Target>,
    /// The shape the samples were given in.
    samples: Vec<usize>,
}

/// What the parts are; one whose factor is 0 is left out, unless nothing would be left.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// Of probabilities made of the teacher's logits at the scale of this.
    pub soft: Arc<SoftmaxRow>,
    /// Of the labels; its ignored ones have no part for the teacher either.
    pub hard: Arc<SoftmaxRow>,
}

/// A loss of rows and what it is computed from.
type Part = (Arc<SoftmaxRow>, RowInputs);

impl Distilled {
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn new<const D: usize, const T: usize>(
        parts: Parts,
        student: Tensor<D>,
        teacher: Tensor<D>,
        labels: Tensor<T, Int>,
    ) -> (Self, Frame<D>) {
        let labels = classes(parts.hard.loss, &student, labels);
        let (unlabeled, frame) = Self::unlabeled(parts, student, teacher);
        let labeled = Self {
            labels: Some(labels),
            ..unlabeled
        };
        (labeled, frame)
    }

    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn unlabeled<const D: usize>(
        parts: Parts,
        student: Tensor<D>,
        teacher: Tensor<D>,
    ) -> (Self, Frame<D>) {
        let loss = parts.hard.loss;
        check_has_classes(loss, &student);
        check_like_prediction(loss, "teacher", &teacher, &student, &student.dims());
        parts.hard.check_lists(student.dims()[1], ClassesOf::Logits);
        let frame = Frame::of_logits(&student);
        let unlabeled = Self {
            parts,
            student: rows_of(student),
            teacher: rows_of(teacher.detach()),
            labels: None,
            samples: frame.samples_shape(),
        };
        (unlabeled, frame)
    }

    pub fn dtype(&self) -> DType {
        self.student.dtype()
    }

    fn widened(self) -> Self {
        // The teacher's probabilities have more digits than half precision holds.
        Self {
            student: widened(self.student),
            teacher: widened(self.teacher),
            ..self
        }
    }

    /// The loss of each sample, times its weight, `[N, K]`.
    #[inline(never)]
    #[track_caller]
    pub fn each(self, weights: Option<Tensor<2>>) -> Tensor<2> {
        if is_nothing(&self.student) && !has_operations(&self.student) {
            let [rows, _, inner] = self.student.dims();
            let loss = self.loss_of_no_rows(weights.as_ref());
            return none_of(loss, [rows, inner]);
        }
        let mut total: Option<Tensor<2>> = None;
        for (row, inputs) in self.widened().parts(weights) {
            total = Some(plus(total, row_losses(row, inputs)));
        }
        total.expect("one part is always there")
    }

    /// The losses of all samples as one number.
    #[inline(never)]
    #[track_caller]
    pub fn reduced(self, weights: Option<Tensor<2>>, fold: Fold) -> Tensor<1> {
        if is_nothing(&self.student) {
            return self.loss_of_no_rows(weights.as_ref());
        }
        let mut total: Option<Tensor<1>> = None;
        for (row, inputs) in self.widened().parts(weights) {
            total = Some(plus(total, reduced_rows(row, inputs, fold)));
        }
        total.expect("one part is always there")
    }

    fn loss_of_no_rows(&self, weights: Option<&Tensor<2>>) -> Tensor<1> {
        loss_of_no_rows(&self.student, None, weights)
    }

    /// The part of the teacher and that of the labels; at least one of them.
    fn parts(self, weights: Option<Tensor<2>>) -> impl Iterator<Item = Part> {
        let Parts { soft, hard } = self.parts;
        let (student, teacher) = (self.student, self.teacher);
        let samples = self.samples;
        let weights = weights.map(|weights| weights.cast(student.dtype()));
        let ignored = match &self.labels {
            Some(Target::Classes(labels)) => ignored(labels, hard.ignore_index),
            _ => None,
        };
        let soft_weights = match ignored {
            Some(ignored) => {
                let options = (&student.device(), student.dtype());
                let ones = || Tensor::ones(ignored.dims(), options);
                let weights = weights.clone().unwrap_or_else(ones);
                Some(weights.mask_fill(ignored, 0.0))
            }
            None => weights.clone(),
        };
        let labels = self.labels.filter(|_| hard.factor > 0.0);
        let hard = labels.map(|target| {
            let inputs = RowInputs {
                logits: student.clone(),
                target,
                weights,
                samples: samples.clone(),
            };
            (hard, inputs)
        });
        let soft = (soft.factor > 0.0 || hard.is_none()).then(|| {
            let inputs = RowInputs {
                logits: student,
                target: Target::Shares(log_softmax(teacher * soft.scale)),
                weights: soft_weights,
                samples: samples.clone(),
            };
            (soft, inputs)
        });
        soft.into_iter().chain(hard)
    }
}

/// The sum with what there is already.
fn plus<const D: usize>(sum: Option<Tensor<D>>, part: Tensor<D>) -> Tensor<D> {
    match sum {
        Some(sum) => sum + part,
        None => part,
    }
}

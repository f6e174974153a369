//! Logits and what they are compared with.

use crate::{
    backend::{
        Fold, RowInputs, SoftmaxRow, Target, is_nothing, joined, none_of, nothing_of, reduced_rows,
        row_losses,
    },
    class::shape::{flat, has_operations, no_classes, nothing_tracked, reshaped, rows_of},
    error::{
        ClassesOf, Numbers, are_checked, check_has_classes, check_like_prediction, check_numbers,
        check_rows, demand,
    },
};
use burn::tensor::{DType, Int, Tensor};
use std::sync::Arc;

/// What probabilities are called in messages.
const NAME: &str = "target probabilities";

/// Logits and what they are compared with.
#[derive(Clone, Debug)]
pub(crate) struct Logits {
    row: Arc<SoftmaxRow>,
    /// `[N, C, K]`
    logits: Tensor<3>,
    target: Target,
    /// The shape the logits were given in.
    shape: Vec<usize>,
}

impl Logits {
    /// Logits against class indices.
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn of_classes<const D: usize, const T: usize>(
        row: Arc<SoftmaxRow>,
        logits: Tensor<D>,
        targets: Tensor<T, Int>,
    ) -> Self {
        let target = classes(row.loss, &logits, targets);
        Self::new(row, logits, target)
    }

    /// Logits against probabilities of the classes.
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn of_probabilities<const D: usize>(
        row: Arc<SoftmaxRow>,
        logits: Tensor<D>,
        probabilities: Tensor<D>,
    ) -> Self {
        check_like_prediction(row.loss, NAME, &probabilities, &logits, &logits.dims());
        Self::new(row, logits, Target::Shares(rows_of(probabilities)))
    }

    #[track_caller]
    fn new<const D: usize>(row: Arc<SoftmaxRow>, logits: Tensor<D>, target: Target) -> Self {
        check_has_classes(row.loss, &logits);
        row.check_lists(logits.dims()[1], ClassesOf::Logits);
        Self {
            row,
            shape: logits.dims().to_vec(),
            logits: rows_of(logits),
            target,
        }
    }

    pub fn dtype(&self) -> DType {
        self.logits.dtype()
    }

    /// The loss of each sample, times its weight, `[N, K]`.
    #[inline(never)]
    #[track_caller]
    pub fn each(self, weights: Option<Tensor<2>>) -> Tensor<2> {
        let weights = self.of_rows(weights);
        self.check_probabilities(weights.as_ref());
        if is_nothing(&self.logits) && !has_operations(&self.logits) {
            let [rows, _, inner] = self.logits.dims();
            return none_of(self.loss_of_no_rows(weights.as_ref()), [rows, inner]);
        }
        row_losses(self.row.clone(), self.inputs(weights))
    }

    /// The losses of all samples as one number.
    #[inline(never)]
    #[track_caller]
    pub fn reduced(self, weights: Option<Tensor<2>>, fold: Fold) -> Tensor<1> {
        let weights = self.of_rows(weights);
        self.check_probabilities(weights.as_ref());
        if is_nothing(&self.logits) {
            return self.loss_of_no_rows(weights.as_ref());
        }
        reduced_rows(self.row.clone(), self.inputs(weights), fold)
    }

    /// Weights of samples as those of the rows `[N, K]`: logits `[.., C]` have all other dimensions in the first.
    fn of_rows(&self, weights: Option<Tensor<2>>) -> Option<Tensor<2>> {
        let [rows, _, inner] = self.logits.dims();
        let fits = |weights: &Tensor<2>| weights.dims() == [rows, inner];
        weights.map(|weights| match fits(&weights) {
            true => weights,
            false => reshaped(weights, [rows, inner], nothing_tracked),
        })
    }

    /// Panics, in a debug build and on a CPU, if a target of a sample that counts is no probability.
    #[track_caller]
    fn check_probabilities(&self, weights: Option<&Tensor<2>>) {
        if let Target::Shares(shares) = &self.target
            && are_checked(shares)
        {
            let weights = weights.map(|weights| weights.clone().unsqueeze_dim::<3>(1));
            let weights = weights.map(|weights| weights.expand(shares.shape()));
            demand(check_numbers(
                self.row.loss,
                (NAME, &self.shape),
                shares,
                weights.as_ref(),
                Numbers::Probabilities(None),
            ));
        }
    }

    fn inputs(self, weights: Option<Tensor<2>>) -> RowInputs {
        let mut samples = self.shape;
        samples.remove(1);
        RowInputs {
            logits: self.logits,
            target: self.target,
            weights,
            samples,
        }
    }

    fn loss_of_no_rows(&self, weights: Option<&Tensor<2>>) -> Tensor<1> {
        let shares = match &self.target {
            Target::Shares(shares) => Some(shares),
            Target::Classes(_) => None,
        };
        loss_of_no_rows(&self.logits, shares, weights)
    }
}

/// Checks that class indices fit the logits.
#[track_caller]
pub(super) fn classes<const D: usize, const T: usize>(
    loss: &str,
    logits: &Tensor<D>,
    targets: Tensor<T, Int>,
) -> Target {
    let shape = logits.dims();
    check_rows(loss, "targets", &targets.dims(), "logits", &shape, 1);
    Target::Classes(flat(targets, no_classes))
}

/// The loss of no rows.
pub(super) fn loss_of_no_rows(
    logits: &Tensor<3>,
    shares: Option<&Tensor<3>>,
    weights: Option<&Tensor<2>>,
) -> Tensor<1> {
    let operands = [logits].into_iter().chain(shares).map(nothing_of);
    joined(operands.chain(weights.map(nothing_of)))
}

//! Losses of softmax rows on tensors, by whichever path they can take.

mod composed;
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) mod fused;

#[cfg(any(feature = "flex", feature = "ndarray"))]
use super::path::is_fused;
use super::{Fold, path::runs_on_cpu};
use crate::{
    error::check_class,
    formula::{ClassFormula, Margin, SoftmaxRow},
};
use burn::tensor::{Int, Tensor};
pub(crate) use composed::{ignored, log_softmax};
pub(super) use composed::{losses as composed_losses, skipped, totals};

/// What logits are compared with; shapes and data types have been checked.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// The index of a class for each row, `[N, K]`.
    Classes(Tensor<2, Int>),
    /// Shares of the classes, of the shape of the logits.
    Shares(Tensor<3>),
}

/// What a loss of softmax rows is computed from; shapes and data types have been checked.
#[derive(Clone, Debug)]
pub(crate) struct RowInputs {
    /// `[N, C, K]`, every dimension after the classes in one.
    pub logits: Tensor<3>,
    /// The target.
    pub target: Target,
    /// A weight for each row, `[N, K]`.
    pub weights: Option<Tensor<2>>,
}

/// The loss of every row, times its weight.
#[track_caller]
pub(crate) fn row_losses<F: ClassFormula, M: Margin>(
    row: SoftmaxRow<F, M>,
    inputs: RowInputs,
) -> Tensor<2> {
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if inputs.are_fused() {
        return Tensor::from_dispatch(run_fused(row, inputs, None));
    }
    inputs.check_classes(&row);
    composed::losses(&row, inputs)
}

/// The losses of all rows as one number. No rows at all give 0.
#[track_caller]
pub(crate) fn reduced_rows<F: ClassFormula, M: Margin>(
    row: SoftmaxRow<F, M>,
    inputs: RowInputs,
    fold: Fold,
) -> Tensor<1> {
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if inputs.are_fused() {
        return Tensor::from_dispatch(run_fused(row, inputs, Some(fold)));
    }
    inputs.check_classes(&row);
    composed::reduced(&row, inputs, fold)
}

impl RowInputs {
    /// Panics if a class index is out of range, where the host can see it without waiting.
    #[track_caller]
    fn check_classes<F: ClassFormula, M: Margin>(&self, row: &SoftmaxRow<F, M>) {
        if let Target::Classes(classes) = &self.target
            && runs_on_cpu(&self.logits)
        {
            let weightless = weightless(self.weights.as_ref());
            check_classes(
                row,
                classes.to_data().iter(),
                self.logits.dims()[1],
                weightless,
            );
        }
    }
}

/// Whether a row has the weight 0, of weights the host can see.
pub(super) fn weightless<const D: usize>(weights: Option<&Tensor<D>>) -> impl Fn(usize) -> bool {
    let weights = weights.map(|weights| weights.to_data());
    let weightless: Vec<bool> = weights
        .iter()
        .flat_map(|weights| weights.iter::<f64>())
        .map(|weight| weight == 0.0)
        .collect();
    move |index| weightless.get(index).is_some_and(|&is| is)
}

/// Panics if one of the class indices that count is out of range.
#[track_caller]
pub(super) fn check_classes<F: ClassFormula, M: Margin>(
    row: &SoftmaxRow<F, M>,
    classes: impl Iterator<Item = i64>,
    count: usize,
    is_weightless: impl Fn(usize) -> bool,
) {
    for (index, class) in classes.enumerate() {
        if !row.is_ignored(class) && !is_weightless(index) {
            check_class(row.loss, index, class, count);
        }
    }
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
impl RowInputs {
    /// The fused operation has a gradient to logits alone; a target or weights that are tracked take
    /// the composed path.
    fn are_fused(&self) -> bool {
        let shares_are_tracked =
            matches!(&self.target, Target::Shares(shares) if shares.is_tracked());
        let weights_are_tracked = self.weights.as_ref().is_some_and(Tensor::is_tracked);
        is_fused(&self.logits) && !shares_are_tracked && !weights_are_tracked
    }
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
fn run_fused<F: ClassFormula, M: Margin>(
    row: SoftmaxRow<F, M>,
    inputs: RowInputs,
    fold: Option<Fold>,
) -> burn::backend::DispatchTensor {
    use crate::backend::extension::{LossBackend, RowTarget, Weights};
    use burn::backend::Dispatch;

    let target = match inputs.target {
        Target::Classes(classes) => RowTarget::Classes(classes.into_dispatch()),
        Target::Shares(shares) => RowTarget::Shares(shares.into_dispatch()),
    };
    let weights = match inputs.weights {
        Some(weights) => Weights::Each(weights.into_dispatch()),
        None => Weights::Equal,
    };
    <Dispatch as LossBackend>::softmax_rows(
        row,
        inputs.logits.into_dispatch(),
        target,
        weights,
        fold,
    )
}

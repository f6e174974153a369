//! A loss of softmax rows as ordinary tensor operations: any backend, any float type, gradients by
//! autodiff.
//!
//! Rows that do not count are replaced before anything is computed of them, so that neither their
//! values nor their derivatives can reach the result. No index is used before it is known to be
//! one.

use super::classes::Classes;
use crate::backend::{
    fold::{Count, Fold},
    log_sum_exp::{LogSumExp, sum_of_classes},
    nothing::everywhere,
    ordered_sum::ordered_sum,
    row::{RowInputs, SoftmaxRow, Target},
};
use crate::formula::divergence_term;
use burn::tensor::{Bool, DType, Device, Tensor, TensorData};

/// The loss of every row, times its weight.
pub(in crate::backend) fn losses(row: &SoftmaxRow, inputs: RowInputs) -> Tensor<2> {
    let inputs = inputs.widened();
    let kept = Kept::of(row, &inputs);
    evaluate(row, inputs, kept)
}

/// The losses of all rows as one number.
pub(super) fn reduced(row: &SoftmaxRow, inputs: RowInputs, fold: Fold) -> Tensor<1> {
    let mut inputs = inputs.widened();
    inputs.weights = inputs.weights.map(|weights| fold.shifted(weights));
    let kept = Kept::of(row, &inputs);
    let counts = kept.counts(row, (&inputs.logits.device(), inputs.logits.dtype()));
    let total = ordered_sum(evaluate(row, inputs, kept));
    fold.on_tensors(total, || Count::of(counts))
}

/// The sum of the losses of all rows, times their weights.
pub(in crate::backend) fn total(row: &SoftmaxRow, inputs: RowInputs) -> Tensor<1> {
    let kept = Kept::of(row, &inputs);
    ordered_sum(evaluate(row, inputs, kept))
}

/// What is known of rows before anything is computed of their logits.
pub(in crate::backend) struct Kept {
    /// How many there are, `[N, K]`.
    rows: [usize; 2],
    classes: Option<Classes>,
    /// Rows that do not count in a mean.
    uncounted: Option<Tensor<2, Bool>>,
    /// Rows that have neither loss nor gradient, whatever their logits.
    pub skipped: Option<Tensor<2, Bool>>,
    /// The weights, 0 where a row does not count.
    weights: Option<Tensor<2>>,
}

impl Kept {
    fn of(row: &SoftmaxRow, inputs: &RowInputs) -> Self {
        let [rows, classes, inner] = inputs.logits.dims();
        let weights = inputs.weights.clone();
        Self::new(row, [rows, inner], classes, &inputs.target, weights)
    }

    /// Of so many rows and classes.
    pub fn new(
        row: &SoftmaxRow,
        rows: [usize; 2],
        count: usize,
        target: &Target,
        weights: Option<Tensor<2>>,
    ) -> Self {
        let classes = match target {
            Target::Classes(classes) => {
                Some(Classes::new(classes.clone(), row.ignore_index, count))
            }
            Target::Shares(_) => None,
        };
        let ignored = classes.as_ref().and_then(|classes| classes.ignored.clone());
        let weightless = weights.clone().map(|w| w.equal_scalar(0.0));
        let of_no_weight = classes
            .as_ref()
            .and_then(|classes| classes.of_no_weight(row));
        let uncounted = either([ignored, weightless]);
        Self {
            rows,
            skipped: either([uncounted.clone(), of_no_weight]),
            weights: weights.map(|weights| filled(weights, &uncounted)),
            uncounted,
            classes,
        }
    }

    /// By how much each row counts in a mean.
    pub fn counts(&self, row: &SoftmaxRow, options: (&Device, DType)) -> Tensor<2> {
        let mut counts = match &self.classes {
            Some(classes) => classes.parameters(&row.counts, options),
            None => Tensor::ones(self.rows, options),
        };
        if let Some(weights) = &self.weights {
            counts = counts * weights.clone();
        }
        filled(counts, &self.uncounted)
    }
}

/// The losses of rows, times their weights.
fn evaluate(row: &SoftmaxRow, inputs: RowInputs, kept: Kept) -> Tensor<2> {
    let fill_rows = |tensor: Tensor<3>| match &kept.skipped {
        Some(skipped) => {
            let mask = skipped.clone().unsqueeze_dim::<3>(1).expand(tensor.shape());
            tensor.mask_fill(mask, 0.0)
        }
        None => tensor,
    };
    let classes = &kept.classes;
    let logits = transformed(row, fill_rows(inputs.logits), classes.as_ref());
    let (ln, log_sum) = if row.log_probabilities {
        (logits, None)
    } else {
        let softmax = LogSumExp::of_classes(logits);
        let log_sum = (row.z_loss != 0.0).then(|| softmax.clone().value());
        (softmax.log_softmax(), log_sum)
    };
    let mut losses = match (inputs.target, classes) {
        (Target::Shares(shares), _) => of_shares(row, fill_rows(shares), ln),
        (Target::Classes(_), Some(classes)) => of_classes(row, classes, ln),
        (Target::Classes(_), None) => unreachable!("class indices have been looked at"),
    };
    if let Some(log_sum) = log_sum {
        let square = log_sum.clone() * log_sum;
        losses = losses + square.squeeze_dim::<2>(1) * row.z_loss;
    }
    if let Some(weights) = kept.weights {
        losses = losses * weights;
    }
    if let Some(classes) = classes {
        losses = classes.invalidate(losses);
    }
    losses = losses * row.factor;
    if row.factor == 0.0 {
        // Nothing is left, also of what is infinite.
        let all = everywhere(&losses);
        losses = losses.mask_fill(all, 0.0);
    }
    filled(losses, &kept.skipped)
}

/// The logits the softmax is taken of.
fn transformed(row: &SoftmaxRow, logits: Tensor<3>, classes: Option<&Classes>) -> Tensor<3> {
    let mut logits = match row.soft_cap {
        Some(cap) => cap.value(logits),
        None => logits,
    };
    if let (Some(margin), Some(classes)) = (&row.margin, classes) {
        let parameters = match &margin.parameters[..] {
            [] => logits.zeros_like(),
            parameters => per_class(parameters, &logits),
        };
        let own = margin.margin.on_tensors(logits.clone(), parameters);
        logits = logits.mask_where(classes.one_hot(), own);
    }
    if !row.bias.is_empty() {
        logits = logits.clone() + per_class(&row.bias, &logits);
    }
    if row.scale != 1.0 {
        logits = logits * row.scale;
    }
    logits
}

/// A number for each class, in the shape of the logits.
fn per_class(parameters: &[f64], logits: &Tensor<3>) -> Tensor<3> {
    let data = TensorData::new(parameters.to_vec(), [1, parameters.len(), 1]);
    Tensor::<3>::from_data(data, (&logits.device(), logits.dtype())).expand(logits.shape())
}

/// `sum_c share_c w_c phi(l_c)`, where a product of 0 is 0 whatever the logarithm.
fn weighted_sum(row: &SoftmaxRow, shares: Tensor<3>, ln: Tensor<3>) -> Tensor<2> {
    let factors = match &row.weights[..] {
        [] => shares,
        weights => shares * per_class(weights, &ln),
    };
    // Elsewhere the logarithm stays: a tracked share of 0 has a gradient all the same.
    let nothing = factors.clone().equal_scalar(0.0);
    let infinite = ln.clone().equal_scalar(f64::NEG_INFINITY);
    let ln = ln.mask_fill(nothing.bool_and(infinite), 0.0);
    let losses = row.phi.on_tensors(ln) * factors;
    sum_of_classes(losses)
}

/// The losses of rows whose target is a class.
fn of_classes(row: &SoftmaxRow, classes: &Classes, ln: Tensor<3>) -> Tensor<2> {
    let uniform = row.smoothing / classes.count as f64;
    let spread =
        (row.smoothing > 0.0).then(|| weighted_sum(row, ln.full_like(uniform), ln.clone()));
    let own = (row.smoothing < 1.0).then(|| {
        let ln = ln.gather(1, classes.safe.clone().unsqueeze_dim::<3>(1));
        let options = (&ln.device(), ln.dtype());
        let factors = classes.parameters(&row.weights, options) * (1.0 - row.smoothing);
        let factors = factors.unsqueeze_dim::<3>(1);
        let ln = ln.mask_fill(factors.clone().equal_scalar(0.0), 0.0);
        (row.phi.on_tensors(ln) * factors).squeeze_dim::<2>(1)
    });
    match (own, spread) {
        (Some(own), Some(spread)) => own + spread,
        (Some(losses), None) | (None, Some(losses)) => losses,
        (None, None) => unreachable!("a smoothing is below 1 or above 0"),
    }
}

/// The losses of rows whose target is a distribution.
fn of_shares(row: &SoftmaxRow, shares: Tensor<3>, ln: Tensor<3>) -> Tensor<2> {
    if row.divergence {
        let terms = divergence_term(shares.clone().exp(), ln.clone().exp(), ln - shares);
        return sum_of_classes(terms);
    }
    let shares = if row.smoothing == 0.0 {
        shares
    } else {
        let uniform = row.smoothing / shares.dims()[1] as f64;
        shares * (1.0 - row.smoothing) + uniform
    };
    weighted_sum(row, shares, ln)
}

/// The tensor with 0 where a mask is set.
fn filled(tensor: Tensor<2>, mask: &Option<Tensor<2, Bool>>) -> Tensor<2> {
    match mask {
        Some(mask) => tensor.mask_fill(mask.clone(), 0.0),
        None => tensor,
    }
}

/// Where at least one of the masks is set.
fn either(masks: [Option<Tensor<2, Bool>>; 2]) -> Option<Tensor<2, Bool>> {
    masks.into_iter().flatten().reduce(Tensor::bool_or)
}

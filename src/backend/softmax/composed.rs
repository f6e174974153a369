//! A loss of softmax rows as ordinary tensor operations: any backend, any float type, gradients by
//! autodiff.
//!
//! Rows that do not count are replaced before anything is computed of them, so that neither their
//! values nor their derivatives can reach the result. No index is used before it is known to be
//! one.

use super::{RowInputs, Target};
use crate::{
    backend::Fold,
    formula::{ClassFormula, Margin, Real, SoftmaxRow},
};
use burn::tensor::{Bool, DType, Device, Int, Shape, Tensor, TensorData};

/// The loss of every row, in the data type of the logits.
pub(in crate::backend) fn losses<F: ClassFormula, M: Margin>(
    row: &SoftmaxRow<F, M>,
    inputs: RowInputs,
) -> Tensor<2> {
    let dtype = inputs.logits.dtype();
    evaluate(row, inputs.widened()).losses.cast(dtype)
}

/// The losses of all rows as one number, in the data type of the logits.
pub(super) fn reduced<F: ClassFormula, M: Margin>(
    row: &SoftmaxRow<F, M>,
    inputs: RowInputs,
    fold: Fold,
) -> Tensor<1> {
    let dtype = inputs.logits.dtype();
    let (total, count) = totals(row, inputs.widened());
    fold.on_tensors(total, || count).cast(dtype)
}

/// The sum of the losses of all rows, and by how much the rows together count in a mean.
pub(in crate::backend) fn totals<F: ClassFormula, M: Margin>(
    row: &SoftmaxRow<F, M>,
    inputs: RowInputs,
) -> (Tensor<1>, Tensor<1>) {
    let rows = evaluate(row, inputs);
    (rows.losses.sum(), rows.counts.sum())
}

/// The rows of a loss.
struct Rows {
    /// Their losses, times their weights.
    losses: Tensor<2>,
    /// By how much each counts in a mean.
    counts: Tensor<2>,
}

fn evaluate<F: ClassFormula, M: Margin>(row: &SoftmaxRow<F, M>, inputs: RowInputs) -> Rows {
    let logits = inputs.logits;
    let classes = match &inputs.target {
        Target::Classes(classes) => {
            let count = logits.dims()[1];
            Some(Classes::new(classes.clone(), row.ignore_index, count))
        }
        Target::Shares(_) => None,
    };
    let ignored = classes.as_ref().and_then(|classes| classes.ignored.clone());
    let weightless = inputs.weights.clone().map(|w| w.equal_scalar(0.0));
    let of_no_weight = classes
        .as_ref()
        .and_then(|classes| classes.of_no_weight(row));
    let uncounted = either([ignored, weightless]);
    let skipped = either([uncounted.clone(), of_no_weight]);
    let fill_rows = |tensor: Tensor<3>| match &skipped {
        Some(skipped) => {
            let mask = skipped.clone().unsqueeze_dim::<3>(1).expand(tensor.shape());
            tensor.mask_fill(mask, 0.0)
        }
        None => tensor,
    };
    let fill = |tensor: Tensor<2>, mask: &Option<Tensor<2, Bool>>| match mask {
        Some(mask) => tensor.mask_fill(mask.clone(), 0.0),
        None => tensor,
    };

    let logits = transformed(row, fill_rows(logits), classes.as_ref());
    let softmax = LogSoftmax::of(logits);
    let mut losses = match (inputs.target, &classes) {
        (Target::Shares(shares), _) => of_shares(row, fill_rows(shares), softmax.clone()),
        (Target::Classes(_), Some(classes)) => of_classes(row, classes, softmax.clone()),
        (Target::Classes(_), None) => unreachable!("class indices have been looked at"),
    };
    if row.z_loss != 0.0 {
        let square = softmax.log_sum.clone() * softmax.log_sum;
        losses = losses + square.squeeze_dim::<2>(1) * row.z_loss;
    }
    let device = losses.device();
    let options = (&device, losses.dtype());
    let mut counts = match &classes {
        Some(classes) => classes.parameters(&row.counts, options),
        None => losses.ones_like(),
    };
    if let Some(weights) = inputs.weights {
        let weights = fill(weights, &uncounted);
        losses = losses * weights.clone();
        counts = counts * weights;
    }
    if let Some(classes) = classes {
        losses = classes.invalidate(losses);
    }
    losses = losses * row.factor;
    if row.factor == 0.0 {
        // Nothing is left, also of what is infinite.
        let all = losses.clone().detach().ones_like().equal_scalar(1.0);
        losses = losses.mask_fill(all, 0.0);
    }
    Rows {
        losses: fill(losses, &skipped),
        counts: fill(counts, &uncounted),
    }
}

/// The logits the softmax is taken of.
fn transformed<F: ClassFormula, M: Margin>(
    row: &SoftmaxRow<F, M>,
    logits: Tensor<3>,
    classes: Option<&Classes>,
) -> Tensor<3> {
    let mut logits = match row.soft_cap {
        Some(cap) => cap.value(logits),
        None => logits,
    };
    let (margin, parameters) = &row.margin;
    if let Some(classes) = classes.filter(|_| !margin.is_none()) {
        let own = margin.value(logits.clone(), per_class(parameters, &logits));
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

/// A softmax, in logarithms.
#[derive(Clone)]
struct LogSoftmax {
    /// `ln p` of every class.
    ln: Tensor<3>,
    /// The logarithm of the sum of `e^logit`; one class wide.
    log_sum: Tensor<3>,
}

impl LogSoftmax {
    fn of(logits: Tensor<3>) -> Self {
        let max = logits.clone().detach().max_dim(1);
        let shifted = logits - max.clone();
        let log_sum = Real::ln(shifted.clone().exp().sum_dim(1));
        Self {
            ln: shifted - log_sum.clone(),
            log_sum: max + log_sum,
        }
    }
}

/// `sum_c share_c w_c phi(l_c)`, where a product of 0 is 0 whatever the logarithm.
fn weighted_sum<F: ClassFormula, M: Margin>(
    row: &SoftmaxRow<F, M>,
    shares: Tensor<3>,
    ln: Tensor<3>,
) -> Tensor<2> {
    let factors = match &row.weights[..] {
        [] => shares,
        weights => shares * per_class(weights, &ln),
    };
    // Elsewhere the logarithm stays: a tracked share of 0 has a gradient all the same.
    let nothing = factors.clone().equal_scalar(0.0);
    let infinite = ln.clone().equal_scalar(f64::NEG_INFINITY);
    let ln = ln.mask_fill(nothing.bool_and(infinite), 0.0);
    let losses = row.formula.value(ln) * factors;
    losses.sum_dim(1).squeeze_dim::<2>(1)
}

/// The losses of rows whose target is a class.
fn of_classes<F: ClassFormula, M: Margin>(
    row: &SoftmaxRow<F, M>,
    classes: &Classes,
    softmax: LogSoftmax,
) -> Tensor<2> {
    let uniform = row.smoothing / classes.count as f64;
    let spread = (row.smoothing > 0.0).then(|| {
        let shares = softmax.ln.full_like(uniform);
        weighted_sum(row, shares, softmax.ln.clone())
    });
    let own = (row.smoothing < 1.0).then(|| {
        let ln = softmax
            .ln
            .gather(1, classes.safe.clone().unsqueeze_dim::<3>(1));
        let ln = ln.squeeze_dim::<2>(1);
        let factors =
            classes.parameters(&row.weights, (&ln.device(), ln.dtype())) * (1.0 - row.smoothing);
        let ln = ln.mask_fill(factors.clone().equal_scalar(0.0), 0.0);
        row.formula.value(ln) * factors
    });
    match (own, spread) {
        (Some(own), Some(spread)) => own + spread,
        (Some(losses), None) | (None, Some(losses)) => losses,
        (None, None) => unreachable!("a smoothing is below 1 or above 0"),
    }
}

/// The losses of rows whose target is a distribution.
fn of_shares<F: ClassFormula, M: Margin>(
    row: &SoftmaxRow<F, M>,
    shares: Tensor<3>,
    softmax: LogSoftmax,
) -> Tensor<2> {
    let shares = if row.smoothing == 0.0 {
        shares
    } else {
        let uniform = row.smoothing / shares.dims()[1] as f64;
        shares * (1.0 - row.smoothing) + uniform
    };
    let losses = weighted_sum(row, shares.clone(), softmax.ln);
    if !row.divergence {
        return losses;
    }
    let nothing = shares.clone().equal_scalar(0.0);
    let inside = shares.clone().mask_fill(nothing, 1.0);
    let mut entropy = shares * Real::ln(inside);
    if !row.weights.is_empty() {
        entropy = entropy.clone() * per_class(&row.weights, &entropy);
    }
    losses + entropy.sum_dim(1).squeeze_dim::<2>(1)
}

/// Class indices, looked at.
struct Classes {
    /// The index, 0 where it is none.
    safe: Tensor<2, Int>,
    /// Where the index says that there is no target.
    ignored: Option<Tensor<2, Bool>>,
    /// Where the index is out of range: on devices where the host has not looked, or in rows that do
    /// not count.
    invalid: Tensor<2, Bool>,
    /// How many classes there are.
    count: usize,
}

impl Classes {
    fn new(classes: Tensor<2, Int>, ignore_index: Option<i64>, count: usize) -> Self {
        let classes = comparable(classes);
        let ignored = ignored(&classes, ignore_index);
        let mut safe = match &ignored {
            Some(ignored) => classes.mask_fill(ignored.clone(), 0),
            None => classes,
        };
        let below = safe.clone().lower_scalar(0);
        let invalid = below.bool_or(safe.clone().greater_equal_scalar(count as i64));
        safe = safe.mask_fill(invalid.clone(), 0);
        Self {
            safe,
            ignored,
            invalid,
            count,
        }
    }

    /// The parameter of each row's class; 1 without parameters.
    fn parameters(&self, parameters: &[f64], options: (&Device, DType)) -> Tensor<2> {
        if parameters.is_empty() {
            return Tensor::ones(self.safe.dims(), options);
        }
        let all = Tensor::<1>::from_data(TensorData::from(parameters), options);
        let rows = self.safe.shape().num_elements();
        all.select(0, self.safe.clone().reshape([rows]))
            .reshape(self.safe.shape())
    }

    /// Where in the logits each row's class is.
    fn one_hot(&self) -> Tensor<3, Bool> {
        let device = self.safe.device();
        let options = (&device, self.safe.dtype());
        let classes = Tensor::<1, Int>::arange(0..self.count as i64, options);
        let classes = classes.reshape([1, self.count, 1]);
        let [rows, inner] = self.safe.dims();
        let shape = Shape::new([rows, self.count, inner]);
        let own = self.safe.clone().unsqueeze_dim::<3>(1);
        own.expand(shape.clone()).equal(classes.expand(shape))
    }

    /// NaN, and a gradient of NaN, in rows whose class there is not.
    fn invalidate(&self, losses: Tensor<2>) -> Tensor<2> {
        let factor = losses.ones_like().mask_fill(self.invalid.clone(), f32::NAN);
        losses * factor
    }

    /// Where the class weighs nothing and the loss has no other term.
    fn of_no_weight<F: ClassFormula, M: Margin>(
        &self,
        row: &SoftmaxRow<F, M>,
    ) -> Option<Tensor<2, Bool>> {
        if !row.is_of_target_alone() || !row.weights.contains(&0.0) {
            return None;
        }
        let own = self.parameters(&row.weights, (&self.safe.device(), DType::F32));
        // Class 0 stands for one that is none; of that there is no weight to go by.
        Some(
            own.equal_scalar(0.0)
                .bool_and(self.invalid.clone().bool_not()),
        )
    }
}

/// Where at least one of the masks is set.
fn either(masks: [Option<Tensor<2, Bool>>; 2]) -> Option<Tensor<2, Bool>> {
    masks.into_iter().flatten().reduce(Tensor::bool_or)
}

/// Rows that have neither loss nor gradient, whatever their logits.
pub(in crate::backend) fn skipped<F: ClassFormula, M: Margin>(
    row: &SoftmaxRow<F, M>,
    classes: Tensor<2, Int>,
    count: usize,
    weights: Option<Tensor<2>>,
) -> Option<Tensor<2, Bool>> {
    let classes = Classes::new(classes, row.ignore_index, count);
    let weightless = weights.map(|weights| weights.equal_scalar(0.0));
    let by_class = either([classes.ignored.clone(), classes.of_no_weight(row)]);
    either([by_class, weightless])
}

/// Class indices in a type that can be compared with any index.
fn comparable(classes: Tensor<2, Int>) -> Tensor<2, Int> {
    match classes.dtype() {
        DType::I32 | DType::I64 => classes,
        DType::U32 | DType::U64 => classes.cast(DType::I64),
        _ => classes.cast(DType::I32),
    }
}

/// Where the class says that there is no target.
pub(crate) fn ignored(
    classes: &Tensor<2, Int>,
    ignore_index: Option<i64>,
) -> Option<Tensor<2, Bool>> {
    let classes = comparable(classes.clone());
    let narrow = classes.dtype() == DType::I32;
    let index = ignore_index.filter(|&index| !narrow || i32::try_from(index).is_ok())?;
    Some(classes.equal_scalar(index))
}

/// The logarithms of a softmax over the classes.
pub(crate) fn log_softmax(logits: Tensor<3>) -> Tensor<3> {
    LogSoftmax::of(logits).ln
}

impl RowInputs {
    /// Half precision is computed in `f32`.
    fn widened(self) -> Self {
        match self.logits.dtype() {
            DType::F16 | DType::BF16 => Self {
                logits: self.logits.cast(DType::F32),
                target: match self.target {
                    Target::Shares(shares) => Target::Shares(shares.cast(DType::F32)),
                    classes => classes,
                },
                weights: self.weights.map(|weights| weights.cast(DType::F32)),
            },
            _ => self,
        }
    }
}

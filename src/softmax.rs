//! What all losses of softmax rows have in common.

use crate::{
    backend::{RowInputs, Target, ignored, is_nothing, loss_of_nothing, runs_on_cpu},
    error::{
        ClassesOf, check_class_list, check_has_classes, check_like_prediction, check_row_weights,
        check_rows,
    },
    formula::{ClassFormula, Margin, SoftmaxRow},
};
use burn::tensor::{Int, Shape, Tensor, kind::Basic};

/// A loss of the softmax over dimension 1. Its public methods come from
/// [`softmax_loss!`](softmax_loss) and [`soft_target_loss!`](soft_target_loss).
pub(crate) trait SoftmaxLoss {
    /// The name of the loss in messages.
    const NAME: &'static str;

    /// What it makes of a log-probability.
    type Formula: ClassFormula;

    /// What it does to the logit of the target.
    type Margin: Margin;

    /// What it computes for a row of so many classes.
    ///
    /// # Panics
    /// If there are parameters for another number of classes.
    fn row(&self, classes: usize) -> SoftmaxRow<Self::Formula, Self::Margin>;
}

/// A [`SoftmaxLoss`] of logits whose shape has become `[N, C, K]`.
///
/// Implemented for each loss by [`softmax_loss!`](softmax_loss) rather than for all at once: these are
/// functions without parameters for types, so they, and the kernels they lead to, are compiled here and
/// not once more in each program that calls a loss.
pub(crate) trait RowLoss: SoftmaxLoss {
    /// The loss of each row.
    fn losses_of_rows(&self, inputs: RowInputs) -> Tensor<2>;

    /// The losses of all rows, reduced.
    fn reduced_rows(&self, inputs: RowInputs) -> Tensor<1>;

    /// Checks that there are classes, and as many as the loss has parameters for, also where there are
    /// no rows.
    #[track_caller]
    fn check_classes<const D: usize>(&self, logits: &Tensor<D>) {
        check_has_classes(Self::NAME, logits);
        self.row(logits.dims()[1]);
    }

    /// The loss of each row, for logits of any rank.
    #[track_caller]
    fn losses<const D: usize, const T: usize>(
        &self,
        logits: Tensor<D>,
        target: Target,
    ) -> Tensor<T> {
        self.check_classes(&logits);
        let shape = shape_of_rows::<D, T>(&logits);
        if is_nothing(&logits) && !has_operations(&logits) {
            return nothing_tracked(loss_of_no_rows(&logits, &target, None), shape);
        }
        let inputs = RowInputs {
            logits: rows_of(logits),
            target,
            weights: None,
        };
        self.losses_of_rows(inputs).reshape(shape)
    }

    /// The losses of all rows, reduced, for logits of any rank.
    #[track_caller]
    fn reduced<const D: usize>(
        &self,
        logits: Tensor<D>,
        target: Target,
        weights: Option<Tensor<2>>,
    ) -> Tensor<1> {
        self.check_classes(&logits);
        if is_nothing(&logits) {
            return loss_of_no_rows(&logits, &target, weights.as_ref());
        }
        self.reduced_rows(RowInputs {
            logits: rows_of(logits),
            target,
            weights,
        })
    }
}

/// Whether Burn can compute with logits without elements: on a CPU, if it is the batch that is empty.
pub(crate) fn has_operations<const D: usize>(logits: &Tensor<D>) -> bool {
    runs_on_cpu(logits) && !logits.dims()[1..].contains(&0)
}

/// The loss of no rows.
pub(crate) fn loss_of_no_rows<const D: usize>(
    logits: &Tensor<D>,
    target: &Target,
    weights: Option<&Tensor<2>>,
) -> Tensor<1> {
    let loss = loss_of_nothing(logits);
    let loss = match target {
        Target::Shares(shares) => loss + loss_of_nothing(shares),
        Target::Classes(_) => loss,
    };
    match weights {
        Some(weights) => loss + loss_of_nothing(weights),
        None => loss,
    }
}

/// `[N, C, d1..dk]` as `[N, C, K]`: the softmax does not look at what follows the classes.
pub(crate) fn rows_of<const D: usize>(logits: Tensor<D>) -> Tensor<3> {
    let dims = logits.dims();
    let inner = dims[2..].iter().product();
    reshaped(logits, [dims[0], dims[1], inner], nothing_tracked)
}

/// `[N, d1..dk]` as `[N, K]`.
fn flat<const T: usize, K: Basic>(
    rows: Tensor<T, K>,
    nothing: impl FnOnce(Tensor<T, K>, [usize; 2]) -> Tensor<2, K>,
) -> Tensor<2, K> {
    let dims = rows.dims();
    let inner = dims[1..].iter().product();
    reshaped(rows, [dims[0], inner], nothing)
}

/// The tensor in another shape. A 0 asks `reshape` for the dimension as it was; what is empty in
/// another way goes through `nothing`.
pub(crate) fn reshaped<const D: usize, const R: usize, K: Basic>(
    tensor: Tensor<D, K>,
    shape: [usize; R],
    nothing: impl FnOnce(Tensor<D, K>, [usize; R]) -> Tensor<R, K>,
) -> Tensor<R, K> {
    let as_it_was = shape[0] == 0 && tensor.dims()[0] == 0;
    match shape[1..].contains(&0) || (shape[0] == 0 && !as_it_was) {
        true => nothing(tensor, shape),
        false => tensor.reshape(shape),
    }
}

/// No numbers, in another shape and with a backward pass.
pub(crate) fn nothing_tracked<const D: usize, const R: usize>(
    tensor: Tensor<D>,
    shape: [usize; R],
) -> Tensor<R> {
    let zero: Tensor<R> = loss_of_nothing(&tensor).reshape([1; R]);
    zero.expand(Shape::new(shape))
}

/// No class indices, in another shape.
pub(crate) fn no_classes<const D: usize, const R: usize>(
    tensor: Tensor<D, Int>,
    shape: [usize; R],
) -> Tensor<R, Int> {
    Tensor::empty(shape, (&tensor.device(), tensor.dtype()))
}

/// `[N, d1..dk]` for logits `[N, C, d1..dk]`.
pub(crate) fn shape_of_rows<const D: usize, const T: usize>(logits: &Tensor<D>) -> [usize; T] {
    const { assert!(T + 1 == D, "rows have one dimension less than logits") };
    let dims = logits.dims();
    core::array::from_fn(|i| dims[if i == 0 { 0 } else { i + 1 }])
}

/// The weights of the rows, 0 where the label says that there is none.
pub(crate) fn kept_rows(
    labels: &Tensor<2, Int>,
    ignore_index: Option<i64>,
    logits: &Tensor<3>,
    weights: Option<Tensor<2>>,
) -> Option<Tensor<2>> {
    let Some(ignored) = ignored(labels, ignore_index) else {
        return weights;
    };
    let weights =
        weights.unwrap_or_else(|| Tensor::ones(labels.dims(), (&logits.device(), logits.dtype())));
    Some(weights.mask_fill(ignored, 0.0))
}

/// Checks that class indices fit the logits.
#[track_caller]
pub(crate) fn classes<const D: usize, const T: usize>(
    loss: &str,
    logits: &Tensor<D>,
    targets: Tensor<T, Int>,
) -> Target {
    const { assert!(T + 1 == D, "targets have one dimension less than logits") };
    let shape = logits.dims();
    check_rows(loss, "targets", &targets.dims(), "logits", &shape, 1);
    Target::Classes(flat(targets, no_classes))
}

/// Checks that probabilities of the classes fit the logits.
#[track_caller]
pub(crate) fn shares<const D: usize>(
    loss: &str,
    logits: &Tensor<D>,
    probabilities: Tensor<D>,
) -> Target {
    const NAME: &str = "target probabilities";
    check_like_prediction(loss, NAME, &probabilities, logits, &logits.dims());
    Target::Shares(rows_of(probabilities))
}

/// Checks that weights of the rows fit the logits.
#[track_caller]
pub(crate) fn row_weights<const D: usize, const T: usize>(
    loss: &str,
    logits: &Tensor<D>,
    weights: Tensor<T>,
) -> Tensor<2> {
    const { assert!(T + 1 == D, "weights have one dimension less than logits") };
    let shape = logits.dims();
    check_rows(loss, "weights", &weights.dims(), "logits", &shape, 1);
    check_row_weights(loss, weights.dtype(), logits.dtype());
    flat(weights, nothing_tracked)
}

/// The class weights of a configuration, for so many classes.
#[track_caller]
pub(crate) fn class_weights(
    loss: &str,
    weights: &Option<Vec<f64>>,
    classes: usize,
    of: ClassesOf,
) -> Vec<f64> {
    match weights {
        Some(weights) => {
            check_class_list(loss, "weights", weights.len(), classes, of);
            weights.clone()
        }
        None => Vec::new(),
    }
}

/// Gives a loss of softmax rows its constructors, its display and its `forward` methods.
///
/// The configuration has to have `try_init`; the fields are those the display shows.
macro_rules! softmax_loss {
    ($loss:ident, $config:ident, shows: [$($field:ident),*]) => {
        $crate::module::loss_module!($loss, $config, shows: [$($field),*]);
        $crate::softmax::row_loss!($loss);

        impl $loss {
            /// The loss of all rows, reduced as configured. Of no rows at all it is 0.
            ///
            /// # Shapes
            /// - logits: `[N, C, d1..dk]`, the classes in dimension 1
            /// - targets: `[N, d1..dk]`, the index of a class or the `ignore_index`
            /// - output: `[1]`
            ///
            /// # Panics
            /// If shapes do not fit, there are no classes, or not as many as a list of the
            /// configuration has. If a target is no class, on the CPU; on a GPU the loss of its row is
            /// NaN.
            #[track_caller]
            pub fn forward<const D: usize, const T: usize>(
                &self,
                logits: ::burn::tensor::Tensor<D>,
                targets: ::burn::tensor::Tensor<T, ::burn::tensor::Int>,
            ) -> ::burn::tensor::Tensor<1> {
                use $crate::softmax::{RowLoss, SoftmaxLoss, classes};
                let target = classes(Self::NAME, &logits, targets);
                self.reduced(logits, target, None)
            }

            /// The loss of each row; 0 where it is ignored.
            ///
            /// # Shapes
            /// - logits: `[N, C, d1..dk]`, the classes in dimension 1
            /// - targets: `[N, d1..dk]`, the index of a class or the `ignore_index`
            /// - output: `[N, d1..dk]`
            ///
            /// # Panics
            /// If shapes do not fit, there are no classes, or not as many as a list of the
            /// configuration has. If a target is no class, on the CPU; on a GPU the loss of its row is
            /// NaN.
            #[track_caller]
            pub fn forward_no_reduction<const D: usize, const T: usize>(
                &self,
                logits: ::burn::tensor::Tensor<D>,
                targets: ::burn::tensor::Tensor<T, ::burn::tensor::Int>,
            ) -> ::burn::tensor::Tensor<T> {
                use $crate::softmax::{RowLoss, SoftmaxLoss, classes};
                let target = classes(Self::NAME, &logits, targets);
                self.losses(logits, target)
            }

            /// The loss of all rows, each with a weight `s`: `sum(s l) / sum(s w)` with the class
            /// weights `w` of the targets as a mean, `sum(s l)` as a sum. A weight of 0 ignores its
            /// row, whatever it holds; where nothing counts the loss is 0.
            ///
            /// # Shapes
            /// - logits: `[N, C, d1..dk]`, the classes in dimension 1
            /// - targets: `[N, d1..dk]`, the index of a class or the `ignore_index`
            /// - weights: `[N, d1..dk]`
            /// - output: `[1]`
            ///
            /// # Panics
            /// If shapes or data types do not fit, there are no classes, or not as many as a list of
            /// the configuration has. If a target is no class, on the CPU; on a GPU the loss of its row is
            /// NaN.
            #[track_caller]
            pub fn forward_weighted<const D: usize, const T: usize>(
                &self,
                logits: ::burn::tensor::Tensor<D>,
                targets: ::burn::tensor::Tensor<T, ::burn::tensor::Int>,
                weights: ::burn::tensor::Tensor<T>,
            ) -> ::burn::tensor::Tensor<1> {
                use $crate::softmax::{RowLoss, SoftmaxLoss, classes, row_weights};
                let target = classes(Self::NAME, &logits, targets);
                let weights = row_weights(Self::NAME, &logits, weights);
                self.reduced(logits, target, Some(weights))
            }
        }
    };
}
pub(crate) use softmax_loss;

/// Implements [`RowLoss`] for a [`SoftmaxLoss`].
macro_rules! row_loss {
    ($loss:ident) => {
        impl $crate::softmax::RowLoss for $loss {
            #[inline(never)]
            #[track_caller]
            fn losses_of_rows(
                &self,
                inputs: $crate::backend::RowInputs,
            ) -> ::burn::tensor::Tensor<2> {
                use $crate::softmax::SoftmaxLoss;
                let row = self.row(inputs.logits.dims()[1]);
                $crate::backend::row_losses(row, inputs)
            }

            #[inline(never)]
            #[track_caller]
            fn reduced_rows(
                &self,
                inputs: $crate::backend::RowInputs,
            ) -> ::burn::tensor::Tensor<1> {
                use $crate::softmax::SoftmaxLoss;
                let [_, classes, inner] = inputs.logits.dims();
                let row = self.row(classes);
                $crate::backend::reduced_rows(row, inputs, self.reduction.of_counted(inner))
            }
        }
    };
}
pub(crate) use row_loss;

/// Gives a loss of softmax rows the methods that take a distribution over the classes.
macro_rules! soft_target_loss {
    ($loss:ident) => {
        impl $loss {
            /// The loss of all rows against probabilities of the classes (mixup, distillation),
            /// reduced as configured; the mean divides by the number of rows.
            ///
            /// # Shapes
            /// - logits: `[N, C, d1..dk]`, the classes in dimension 1
            /// - probabilities: the same
            /// - output: `[1]`
            ///
            /// # Panics
            /// If shapes or data types do not fit, there are no classes, or not as many as a list of
            /// the configuration has.
            #[track_caller]
            pub fn forward_probabilities<const D: usize>(
                &self,
                logits: ::burn::tensor::Tensor<D>,
                probabilities: ::burn::tensor::Tensor<D>,
            ) -> ::burn::tensor::Tensor<1> {
                use $crate::softmax::{RowLoss, SoftmaxLoss, shares};
                let target = shares(Self::NAME, &logits, probabilities);
                self.reduced(logits, target, None)
            }

            /// The loss of each row against probabilities of the classes.
            ///
            /// # Shapes
            /// - logits: `[N, C, d1..dk]`, the classes in dimension 1
            /// - probabilities: the same
            /// - output: `[N, d1..dk]`
            ///
            /// # Panics
            /// If shapes or data types do not fit, there are no classes, or not as many as a list of
            /// the configuration has.
            #[track_caller]
            pub fn forward_probabilities_no_reduction<const D: usize, const T: usize>(
                &self,
                logits: ::burn::tensor::Tensor<D>,
                probabilities: ::burn::tensor::Tensor<D>,
            ) -> ::burn::tensor::Tensor<T> {
                use $crate::softmax::{RowLoss, SoftmaxLoss, shares};
                let target = shares(Self::NAME, &logits, probabilities);
                self.losses(logits, target)
            }

            /// The loss of all rows against probabilities of the classes, each with a weight `s`:
            /// `sum(s l) / sum(s)` as a mean, `sum(s l)` as a sum. A weight of 0 ignores its row,
            /// whatever it holds; where nothing counts the loss is 0.
            ///
            /// # Shapes
            /// - logits: `[N, C, d1..dk]`, the classes in dimension 1
            /// - probabilities: the same
            /// - weights: `[N, d1..dk]`
            /// - output: `[1]`
            ///
            /// # Panics
            /// If shapes or data types do not fit, there are no classes, or not as many as a list of
            /// the configuration has.
            #[track_caller]
            pub fn forward_probabilities_weighted<const D: usize, const T: usize>(
                &self,
                logits: ::burn::tensor::Tensor<D>,
                probabilities: ::burn::tensor::Tensor<D>,
                weights: ::burn::tensor::Tensor<T>,
            ) -> ::burn::tensor::Tensor<1> {
                use $crate::softmax::{RowLoss, SoftmaxLoss, row_weights, shares};
                let target = shares(Self::NAME, &logits, probabilities);
                let weights = row_weights(Self::NAME, &logits, weights);
                self.reduced(logits, target, Some(weights))
            }
        }
    };
}
pub(crate) use soft_target_loss;

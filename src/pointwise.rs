//! What all losses of one prediction against one target have in common.

use crate::{
    backend::{Fold, Inputs, is_nothing, loss_of_nothing, runs_on_cpu},
    error::check_like_prediction,
    formula::ColumnFormula,
    reduction::{Normalizer, Reduces},
};
use burn::tensor::Tensor;

/// A loss that is a formula over elements. Its public methods come from
/// [`pointwise_loss!`](pointwise_loss).
pub(crate) trait PointwiseLoss {
    /// The name of the loss in messages.
    const NAME: &'static str;

    /// What it computes for an element.
    type Formula: ColumnFormula;

    fn formula(&self) -> Self::Formula;

    /// The parameters of the columns, for a formula that has some.
    ///
    /// # Panics
    /// If they do not fit the prediction.
    fn columns<const D: usize>(&self, _prediction: &Tensor<D>) -> Option<Vec<f64>> {
        None
    }

    /// The shape a target has to have.
    fn target_shape<const D: usize>(&self, prediction: &Tensor<D>) -> [usize; D] {
        prediction.dims()
    }
}

/// A [`PointwiseLoss`] of tensors whose shape has become `[rows, columns]`.
///
/// Implemented for each loss by [`pointwise_loss!`](pointwise_loss) rather than for all at once: these
/// are functions without parameters for types, so they, and the kernels they lead to, are compiled here
/// and not once more in each program that calls a loss.
pub(crate) trait MatrixLoss: PointwiseLoss {
    /// The loss of each element.
    fn losses_of_matrix(&self, inputs: Inputs) -> Tensor<2>;

    /// The losses of all elements, folded.
    fn folded_matrix(&self, inputs: Inputs, fold: Fold) -> Tensor<1>;

    #[track_caller]
    fn losses<const D: usize>(&self, prediction: Tensor<D>, target: Tensor<D>) -> Tensor<D> {
        let checked = self.checked(prediction, target, None);
        let shape = checked.prediction.dims();
        if is_nothing(&checked.prediction) {
            return checked.losses_of_nothing();
        }
        self.losses_of_matrix(checked.inputs()).reshape(shape)
    }

    #[track_caller]
    fn reduced<const D: usize>(
        &self,
        prediction: Tensor<D>,
        target: Tensor<D>,
        weights: Option<Tensor<D>>,
        reduction: impl Reduces,
    ) -> Tensor<1> {
        let fold = reduction.fold(&prediction.dims(), weights.is_some());
        let checked = self.checked(prediction, target, weights);
        if is_nothing(&checked.prediction) {
            return checked.loss_of_nothing();
        }
        self.folded_matrix(checked.inputs(), fold)
    }

    #[track_caller]
    fn normalized<const D: usize>(
        &self,
        prediction: Tensor<D>,
        target: Tensor<D>,
        weights: Option<Tensor<D>>,
        normalizer: Normalizer,
    ) -> Tensor<1> {
        let checked = self.checked(prediction, target, weights);
        let dtype = checked.prediction.dtype();
        let value = normalizer.divide(Self::NAME, |fold, is_tensor| {
            if is_nothing(&checked.prediction) {
                return checked.loss_of_nothing();
            }
            // A sum that is yet to be divided by a tensor may be more than half precision holds.
            let inputs = match is_tensor {
                true => checked.inputs().widened(),
                false => checked.inputs(),
            };
            self.folded_matrix(inputs, fold)
        });
        value.cast(dtype)
    }

    /// Checks that everything fits the prediction.
    #[track_caller]
    fn checked<const D: usize>(
        &self,
        prediction: Tensor<D>,
        target: Tensor<D>,
        weights: Option<Tensor<D>>,
    ) -> Checked<D> {
        let columns = self.columns(&prediction);
        let target_shape = self.target_shape(&prediction);
        check_like_prediction(Self::NAME, "target", &target, &prediction, &target_shape);
        if let Some(weights) = &weights {
            let expected = prediction.dims();
            check_like_prediction(Self::NAME, "weights", weights, &prediction, &expected);
        }
        Checked {
            prediction,
            target,
            weights,
            columns,
        }
    }
}

/// Arguments that fit each other.
pub(crate) struct Checked<const D: usize> {
    prediction: Tensor<D>,
    /// Of the shape of the prediction, or to be expanded to it.
    target: Tensor<D>,
    weights: Option<Tensor<D>>,
    columns: Option<Vec<f64>>,
}

impl<const D: usize> Checked<D> {
    /// The arguments as matrices.
    fn inputs(self) -> Inputs {
        let target = match self.target.dims() == self.prediction.dims() {
            true => self.target,
            false => self.target.expand(self.prediction.shape()),
        };
        Inputs {
            prediction: matrix(self.prediction),
            target: matrix(target),
            weights: self.weights.map(matrix),
            columns: self.columns,
        }
    }

    /// The losses where there are no elements; with a backward pass where nothing can be added.
    fn losses_of_nothing(self) -> Tensor<D> {
        let same_shape = self.prediction.dims() == self.target.dims();
        match same_shape && runs_on_cpu(&self.prediction) {
            true => self.prediction + self.target,
            false => self.prediction,
        }
    }

    /// The loss where there are no elements.
    fn loss_of_nothing(self) -> Tensor<1> {
        let mut loss = loss_of_nothing(&self.prediction);
        // One that would have been expanded to nothing has elements of its own.
        if is_nothing(&self.target) {
            loss = loss + loss_of_nothing(&self.target);
        }
        match self.weights {
            Some(weights) => loss + loss_of_nothing(&weights),
            None => loss,
        }
    }
}

/// All dimensions but the last in one, of a tensor with elements.
fn matrix<const D: usize>(tensor: Tensor<D>) -> Tensor<2> {
    let dims = tensor.dims();
    tensor.reshape([dims[..D - 1].iter().product(), dims[D - 1]])
}

/// Gives a loss its constructors, its display and its `forward` methods.
///
/// The configuration has to have `try_init`; the fields are those the display shows.
macro_rules! pointwise_loss {
    ($loss:ident, $config:ident, shows: [$($field:ident),*]) => {
        $crate::module::loss_module!($loss, $config, shows: [$($field),*]);

        impl $crate::pointwise::MatrixLoss for $loss {
            #[inline(never)]
            fn losses_of_matrix(
                &self,
                inputs: $crate::backend::Inputs,
            ) -> ::burn::tensor::Tensor<2> {
                use $crate::pointwise::PointwiseLoss;
                $crate::backend::losses(self.formula(), inputs)
            }

            #[inline(never)]
            fn folded_matrix(
                &self,
                inputs: $crate::backend::Inputs,
                fold: $crate::backend::Fold,
            ) -> ::burn::tensor::Tensor<1> {
                use $crate::pointwise::PointwiseLoss;
                $crate::backend::reduced(self.formula(), inputs, fold)
            }
        }

        impl $loss {
            /// The loss of all elements, reduced as configured. Of no elements at all it is 0.
            ///
            /// # Shapes
            /// - prediction: `[..]`, any rank
            /// - target: the same, unless the loss says otherwise
            /// - output: `[1]`
            ///
            /// # Panics
            /// If shapes or data types do not fit.
            #[track_caller]
            pub fn forward<const D: usize>(
                &self,
                prediction: ::burn::tensor::Tensor<D>,
                target: ::burn::tensor::Tensor<D>,
            ) -> ::burn::tensor::Tensor<1> {
                use $crate::pointwise::MatrixLoss;
                self.reduced(prediction, target, None, self.reduction)
            }

            /// The loss of each element.
            ///
            /// # Shapes
            /// - prediction: `[..]`, any rank
            /// - target: the same, unless the loss says otherwise
            /// - output: that of the prediction
            ///
            /// # Panics
            /// If shapes or data types do not fit.
            #[track_caller]
            pub fn forward_no_reduction<const D: usize>(
                &self,
                prediction: ::burn::tensor::Tensor<D>,
                target: ::burn::tensor::Tensor<D>,
            ) -> ::burn::tensor::Tensor<D> {
                use $crate::pointwise::MatrixLoss;
                self.losses(prediction, target)
            }

            /// The loss of all elements, each with a weight: `sum(w l) / sum(w)` as a mean,
            /// `sum(w l)` as a sum, and as the batch mean of a divergence the mean times the number
            /// of elements for each index of dimension 0. A weight of 0 ignores its element,
            /// whatever it holds; where all weights sum to 0 a mean is 0.
            ///
            /// # Shapes
            /// - prediction: `[..]`, any rank
            /// - target: the same, unless the loss says otherwise
            /// - weights: that of the prediction
            /// - output: `[1]`
            ///
            /// # Panics
            /// If shapes or data types do not fit.
            #[track_caller]
            pub fn forward_weighted<const D: usize>(
                &self,
                prediction: ::burn::tensor::Tensor<D>,
                target: ::burn::tensor::Tensor<D>,
                weights: ::burn::tensor::Tensor<D>,
            ) -> ::burn::tensor::Tensor<1> {
                use $crate::pointwise::MatrixLoss;
                self.reduced(prediction, target, Some(weights), self.reduction)
            }
        }
    };
}
pub(crate) use pointwise_loss;

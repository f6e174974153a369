//! What all losses of one prediction against one target have in common.

use crate::{
    backend::{self, Inputs},
    error::check_like_prediction,
    formula::ColumnFormula,
    reduction::{Normalizer, Reduction},
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

    fn reduction(&self) -> Reduction;

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

    #[track_caller]
    fn losses<const D: usize>(&self, prediction: Tensor<D>, target: Tensor<D>) -> Tensor<D> {
        self.with_inputs(prediction, target, None, |inputs| {
            backend::losses(self.formula(), inputs)
        })
    }

    #[track_caller]
    fn reduced<const D: usize>(
        &self,
        prediction: Tensor<D>,
        target: Tensor<D>,
        weights: Option<Tensor<D>>,
    ) -> Tensor<1> {
        self.with_inputs(prediction, target, weights, |inputs| {
            let fold = self.reduction().fold(&inputs);
            backend::reduced(self.formula(), inputs, fold)
        })
    }

    #[track_caller]
    fn normalized<const D: usize>(
        &self,
        prediction: Tensor<D>,
        target: Tensor<D>,
        weights: Option<Tensor<D>>,
        normalizer: Normalizer,
    ) -> Tensor<1> {
        self.with_inputs(prediction, target, weights, |inputs| {
            let dtype = inputs.prediction.dtype();
            // A sum that is yet to be divided by a tensor may be more than half precision holds.
            let inputs = match normalizer {
                Normalizer::Number(_) => inputs,
                Normalizer::Tensor(_) => inputs.widened(),
            };
            let value = normalizer.divide(Self::NAME, |fold| {
                backend::reduced(self.formula(), inputs, fold)
            });
            value.cast(dtype)
        })
    }

    /// Checks the arguments and hands them to `compute`.
    #[track_caller]
    fn with_inputs<const D: usize, T>(
        &self,
        prediction: Tensor<D>,
        target: Tensor<D>,
        weights: Option<Tensor<D>>,
        compute: impl FnOnce(Inputs<'_, D>) -> T,
    ) -> T {
        let columns = self.columns(&prediction);
        let expected = self.target_shape(&prediction);
        check_like_prediction(Self::NAME, "target", &target, &prediction, &expected);
        if let Some(weights) = &weights {
            let expected = prediction.dims();
            check_like_prediction(Self::NAME, "weights", weights, &prediction, &expected);
        }
        let target = if expected == prediction.dims() {
            target
        } else {
            target.expand(prediction.shape())
        };
        compute(Inputs {
            prediction,
            target,
            weights,
            columns: columns.as_deref(),
        })
    }
}

/// Gives a loss its constructors, its display and its `forward` methods.
///
/// The configuration has to have `try_init`; the fields are those the display shows.
macro_rules! pointwise_loss {
    ($loss:ident, $config:ident, shows: [$($field:ident),*]) => {
        impl $config {
            /// Builds the loss.
            ///
            /// # Panics
            /// If a hyperparameter is out of its range, with the message of
            /// [`try_init`](Self::try_init).
            #[track_caller]
            pub fn init(&self) -> $loss {
                self.try_init().unwrap_or_else(|error| panic!("{error}"))
            }
        }

        impl ::burn::module::ModuleDisplay for $loss {
            fn custom_settings(&self) -> Option<::burn::module::DisplaySettings> {
                ::burn::module::DisplaySettings::new()
                    .with_new_line_after_attribute(false)
                    .optional()
            }

            fn custom_content(
                &self,
                content: ::burn::module::Content,
            ) -> Option<::burn::module::Content> {
                content
                    $(.add_debug_attribute(stringify!($field), &self.$field))*
                    .add("reduction", &self.reduction.to_string())
                    .optional()
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
                use $crate::pointwise::PointwiseLoss;
                self.reduced(prediction, target, None)
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
                use $crate::pointwise::PointwiseLoss;
                self.losses(prediction, target)
            }

            /// The loss of all elements, each with a weight: `sum(w l) / sum(w)` as a mean,
            /// `sum(w l)` as a sum. A weight of 0 ignores its element, whatever it holds; where
            /// all weights sum to 0 the loss is 0.
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
                use $crate::pointwise::PointwiseLoss;
                self.reduced(prediction, target, Some(weights))
            }
        }
    };
}
pub(crate) use pointwise_loss;

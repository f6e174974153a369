//! Embeddings with labels, compared with one another or with a reference set.

use super::{RowLosses, ready};
use crate::{
    backend::{NO_LABEL, PairInputs},
    error::{check_dimension, check_embeddings, check_labels},
};
use burn::tensor::{DType, Int, IntDType, Tensor};

/// The arguments of a loss of labelled embeddings; they have been checked.
#[derive(Clone, Debug)]
pub(crate) struct Samples {
    pub embeddings: Tensor<2>,
    pub labels: Tensor<1, Int>,
    /// What they are compared with; `None`: with one another.
    pub reference: Option<(Tensor<2>, Tensor<1, Int>)>,
}

impl Samples {
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn new(
        loss: &str,
        embeddings: Tensor<2>,
        labels: Tensor<1, Int>,
        reference: Option<(Tensor<2>, Tensor<1, Int>)>,
    ) -> Self {
        check_embeddings(loss, "embeddings", &embeddings);
        check_labels(loss, labels.dims()[0], embeddings.dims()[0]);
        if let Some((others, other_labels)) = &reference {
            let named = ("embeddings", &embeddings);
            check_dimension(loss, named, ("reference embeddings", others));
            check_labels(loss, other_labels.dims()[0], others.dims()[0]);
        }
        let (labels, reference) = match reference {
            Some((others, of_others)) => {
                let (labels, of_others) = of_one_type(labels, of_others);
                (labels, Some((others, of_others)))
            }
            None => (labels, None),
        };
        Self {
            embeddings,
            labels,
            reference,
        }
    }

    pub fn dtype(&self) -> DType {
        self.embeddings.dtype()
    }

    /// Whether there is no pair, so that nothing can be computed.
    pub fn has_no_pair(&self) -> bool {
        let others = self
            .reference
            .as_ref()
            .map_or(2, |(others, _)| others.dims()[0]);
        self.embeddings.dims()[0] == 0 || others == 0
    }

    /// The losses of rows without pairs: all 0, each operand with a gradient of 0.
    pub fn nothing(&self) -> RowLosses {
        let mut operands = vec![&self.embeddings];
        operands.extend(self.reference.as_ref().map(|(others, _)| others));
        let rows = self.embeddings.dims()[0];
        RowLosses::none(&operands).with_rows(rows)
    }

    /// What the terms of all pairs are computed from, not of half precision.
    pub fn ready(self, normalize: bool) -> PairInputs {
        let rows = ready(self.embeddings, normalize);
        let (columns, column_labels) = match self.reference {
            Some((others, labels)) => {
                // Whatever a free place holds, it must not reach a gradient.
                let free = labels.clone().equal_scalar(NO_LABEL).unsqueeze_dim::<2>(1);
                let others = others.clone().mask_fill(free.expand(others.shape()), 0.0);
                let columns = ready(others, normalize).cast(rows.dtype());
                (Some(columns), labels)
            }
            None => (None, self.labels.clone()),
        };
        PairInputs {
            rows,
            columns,
            row_labels: self.labels,
            column_labels,
        }
    }
}

/// Labels of one data type, of at least 32 bits, that holds what both did: kernels compare labels of one type.
pub(crate) fn of_one_type(
    a: Tensor<1, Int>,
    b: Tensor<1, Int>,
) -> (Tensor<1, Int>, Tensor<1, Int>) {
    let is_long =
        |labels: &Tensor<1, Int>| matches!(labels.dtype(), DType::I64 | DType::U64 | DType::U32);
    let dtype = match is_long(&a) || is_long(&b) {
        true => DType::I64,
        false => DType::I32,
    };
    let cast = |labels: Tensor<1, Int>| match labels.dtype() == dtype {
        true => labels,
        false => labels.cast(IntDType::from(dtype)),
    };
    (cast(a), cast(b))
}

/// Gives a loss of labelled embeddings its `forward` methods, from `row_losses(samples)`.
macro_rules! labelled_loss {
    ($loss:ident, each: $each:literal) => {
        impl $loss {
            /// The loss of all embeddings, reduced as configured. Where none says anything it is 0.
            ///
            /// # Shapes
            /// - embeddings: `[N, D]`
            /// - labels: `[N]`, any numbers
            /// - output: `[1]`
            ///
            /// # Panics
            /// If shapes do not fit.
            #[track_caller]
            pub fn forward(
                &self,
                embeddings: ::burn::tensor::Tensor<2>,
                labels: ::burn::tensor::Tensor<1, ::burn::tensor::Int>,
            ) -> ::burn::tensor::Tensor<1> {
                const NAME: &str = stringify!($loss);
                let samples = $crate::embeddings::Samples::new(NAME, embeddings, labels, None);
                self.row_losses(samples).reduced(NAME, self.reduction, None)
            }

            #[doc = $each]
            ///
            /// # Shapes
            /// - embeddings: `[N, D]`
            /// - labels: `[N]`, any numbers
            /// - output: `[N]`
            ///
            /// # Panics
            /// If shapes do not fit.
            #[track_caller]
            pub fn forward_no_reduction(
                &self,
                embeddings: ::burn::tensor::Tensor<2>,
                labels: ::burn::tensor::Tensor<1, ::burn::tensor::Int>,
            ) -> ::burn::tensor::Tensor<1> {
                const NAME: &str = stringify!($loss);
                let samples = $crate::embeddings::Samples::new(NAME, embeddings, labels, None);
                self.row_losses(samples).each()
            }

            /// The loss of all embeddings, each with a weight: what is summed up and what it is divided
            /// by are both multiplied with it. An embedding of weight 0 has no loss of its own, but stays
            /// among those that others are compared with; where nothing counts the loss is 0.
            ///
            /// # Shapes
            /// - embeddings: `[N, D]`
            /// - labels: `[N]`, any numbers
            /// - weights: `[N]`
            /// - output: `[1]`
            ///
            /// # Panics
            /// If shapes or data types do not fit.
            #[track_caller]
            pub fn forward_weighted(
                &self,
                embeddings: ::burn::tensor::Tensor<2>,
                labels: ::burn::tensor::Tensor<1, ::burn::tensor::Int>,
                weights: ::burn::tensor::Tensor<1>,
            ) -> ::burn::tensor::Tensor<1> {
                const NAME: &str = stringify!($loss);
                let samples = $crate::embeddings::Samples::new(NAME, embeddings, labels, None);
                self.row_losses(samples)
                    .reduced(NAME, self.reduction, Some(weights))
            }

            /// The loss of all embeddings, compared with a reference set instead of with one another:
            /// the contents of a memory, say, or a gallery. Nothing is taken to be the same embedding in
            /// both.
            ///
            /// # Shapes
            /// - embeddings: `[N, D]`
            /// - labels: `[N]`, any numbers
            /// - reference: `[K, D]`, of any float type
            /// - reference labels: `[K]`
            /// - output: `[1]`
            ///
            /// # Panics
            /// If shapes do not fit.
            #[track_caller]
            pub fn forward_with_reference(
                &self,
                embeddings: ::burn::tensor::Tensor<2>,
                labels: ::burn::tensor::Tensor<1, ::burn::tensor::Int>,
                reference: ::burn::tensor::Tensor<2>,
                reference_labels: ::burn::tensor::Tensor<1, ::burn::tensor::Int>,
            ) -> ::burn::tensor::Tensor<1> {
                const NAME: &str = stringify!($loss);
                let reference = Some((reference, reference_labels));
                let samples = $crate::embeddings::Samples::new(NAME, embeddings, labels, reference);
                self.row_losses(samples).reduced(NAME, self.reduction, None)
            }
        }
    };
}
pub(crate) use labelled_loss;

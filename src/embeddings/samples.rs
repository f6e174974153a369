//! Embeddings with labels, compared with one another or with a reference set.

use super::{SampleLosses, ready, without_weightless};
use crate::{
    backend::{NO_LABEL, PairInputs, runs_on_cpu},
    error::{check_dimension, check_embeddings, check_labels},
};
use burn::tensor::{Bool, DType, Int, IntDType, Tensor};

/// The arguments of a loss of labelled embeddings; they have been checked.
#[derive(Clone, Debug)]
pub(crate) struct Samples {
    pub embeddings: Tensor<2>,
    /// One for each embedding, or none at all.
    pub labels: Tensor<1, Int>,
    /// What they are compared with; `None`: with one another.
    pub reference: Option<(Tensor<2>, Tensor<1, Int>)>,
}

impl Samples {
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn new(loss: &str, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Self {
        check_embeddings(loss, "embeddings", &embeddings);
        check_labels(loss, labels.dims()[0], embeddings.dims()[0]);
        Self {
            embeddings,
            labels: comparable(labels),
            reference: None,
        }
    }

    /// Embeddings without labels, of which only listed pairs can be looked at.
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn unlabeled(loss: &str, embeddings: Tensor<2>) -> Self {
        check_embeddings(loss, "embeddings", &embeddings);
        Self {
            labels: Tensor::empty([0], &embeddings.device()),
            embeddings,
            reference: None,
        }
    }

    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn set_reference(&mut self, loss: &str, others: Tensor<2>, of_others: Tensor<1, Int>) {
        let named = ("embeddings", &self.embeddings);
        check_dimension(loss, named, ("reference embeddings", &others));
        check_labels(loss, of_others.dims()[0], others.dims()[0]);
        let (labels, of_others) = of_one_type(self.labels.clone(), of_others);
        self.labels = labels;
        self.reference = Some((others, of_others));
    }

    /// Whether there is no pair, so that nothing can be computed.
    pub fn has_no_pair(&self) -> bool {
        let others = self
            .reference
            .as_ref()
            .map_or(2, |(others, _)| others.dims()[0]);
        self.count() == 0 || others == 0
    }

    /// The same without labels, for pairs that are listed: what has none is not left out of these.
    pub fn without_labels(mut self) -> Self {
        self.labels = Tensor::empty([0], &self.embeddings.device());
        if let Some((others, labels)) = &mut self.reference {
            *labels = Tensor::empty([0], &others.device());
        }
        self
    }

    /// How many of them have a loss.
    pub fn count(&self) -> usize {
        self.embeddings.dims()[0]
    }

    /// The losses of samples without pairs: all 0, each operand with a gradient of 0.
    pub fn nothing(&self) -> SampleLosses {
        let mut operands = vec![&self.embeddings];
        operands.extend(self.reference.as_ref().map(|(others, _)| others));
        SampleLosses::none(&operands).with_samples(self.count())
    }

    /// What the terms of all pairs are computed from, not of half precision.
    ///
    /// What embeddings without a label hold is left out; where no other embedding is compared with those of weight 0,
    /// what these hold is, too.
    pub fn ready(self, normalize: bool, weights: Option<&Tensor<1>>) -> PairInputs {
        let weights = weights.filter(|_| self.reference.is_some());
        let rows = without_unlabelled(self.embeddings, &self.labels);
        let rows = ready(without_weightless(rows, weights), normalize);
        let (columns, column_labels) = match self.reference {
            Some((others, labels)) => {
                let others = without_unlabelled(others, &labels);
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

/// Which labels are none; `None` where none is, as far as the host knows: it does not wait for a GPU.
pub(crate) fn unlabelled(labels: &Tensor<1, Int>) -> Option<Tensor<1, Bool>> {
    let all_are_some = || {
        labels
            .to_data()
            .iter::<i64>()
            .all(|label| label != NO_LABEL)
    };
    match runs_on_cpu(labels) && all_are_some() {
        true => None,
        false => Some(labels.clone().equal_scalar(NO_LABEL)),
    }
}

/// The embeddings with those that have no label replaced by zeros: whatever they hold, it must not reach a gradient.
pub(crate) fn without_unlabelled(embeddings: Tensor<2>, labels: &Tensor<1, Int>) -> Tensor<2> {
    match unlabelled(labels) {
        Some(none) if labels.dims()[0] > 0 => {
            let none = none.unsqueeze_dim::<2>(1).expand(embeddings.shape());
            embeddings.mask_fill(none, 0.0)
        }
        _ => embeddings,
    }
}

/// Labels in a signed data type of at least 32 bits that holds what they did: kernels compare labels of one type, and with
/// [`NO_LABEL`], which a narrow or unsigned type does not hold.
pub(crate) fn comparable(labels: Tensor<1, Int>) -> Tensor<1, Int> {
    of_one_type(labels.clone(), labels).0
}

/// Labels of one [`comparable`] type.
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

//! Terms of all pairs, one by one.

use crate::{
    backend::{AllPairs, PairInputs, pair_terms},
    formula::{Measure, PairFormula},
};
use burn::tensor::{Bool, Int, Tensor, TensorData};

/// The terms of some points.
pub(crate) struct Terms {
    /// `[T, N]`, or `[T, N + K]`
    all: Tensor<2>,
    rows: usize,
}

impl Terms {
    /// Those of the rows, each paired with all others.
    pub fn of<F: PairFormula>(formula: F, rows: Tensor<2>, labels: Tensor<1, Int>) -> Self {
        let inputs = PairInputs {
            rows,
            columns: None,
            row_labels: labels.clone(),
            column_labels: labels,
        };
        Self::measured(formula, Measure::Dot, inputs)
    }

    /// Those of the rows, each paired with all columns, and those of the columns if `both` is set.
    pub fn between<F: PairFormula>(
        formula: F,
        (rows, row_labels): (Tensor<2>, Tensor<1, Int>),
        (columns, column_labels): (Tensor<2>, Tensor<1, Int>),
        both: bool,
    ) -> Self {
        let inputs = PairInputs {
            rows,
            columns: Some(columns),
            row_labels,
            column_labels,
        };
        let rows = AllPairs::new(formula, Measure::Dot);
        Self::new(AllPairs { both, ..rows }, inputs)
    }

    /// Those of the rows by another measure.
    pub fn measured<F: PairFormula>(formula: F, measure: Measure, inputs: PairInputs) -> Self {
        Self::new(AllPairs::new(formula, measure), inputs)
    }

    fn new(pairs: AllPairs, inputs: PairInputs) -> Self {
        Self {
            rows: inputs.rows.dims()[0],
            all: pair_terms(pairs, inputs),
        }
    }

    /// A term of every row.
    pub fn of_rows(&self, term: usize) -> Tensor<1> {
        let rows = self.all.clone().slice([term..term + 1, 0..self.rows]);
        rows.reshape([self.rows])
    }

    /// A term of every row that is the logarithm of a sum, and where there is nothing in that.
    pub fn of_rows_if_any(&self, term: usize) -> (Tensor<1>, Tensor<1, Bool>) {
        let term = self.of_rows(term);
        let none = term.clone().equal_scalar(f64::NEG_INFINITY);
        (term, none)
    }

    /// A term of every column.
    pub fn of_columns(&self, term: usize) -> Tensor<1> {
        let end = self.all.dims()[1];
        let columns = self.all.clone().slice([term..term + 1, self.rows..end]);
        columns.reshape([end - self.rows])
    }
}

/// The numbers from `first` on as labels. They come from the host: a device would launch several kernels to count.
pub(crate) fn labels_from(first: usize, count: usize, like: &Tensor<2>) -> Tensor<1, Int> {
    labels_of((first..first + count).map(|label| label as i64), like)
}

/// These labels.
pub(crate) fn labels_of(labels: impl Iterator<Item = i64>, like: &Tensor<2>) -> Tensor<1, Int> {
    let labels: Vec<i64> = labels.collect();
    let count = labels.len();
    Tensor::from_data(TensorData::new(labels, [count]), &like.device())
}

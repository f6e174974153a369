//! Terms of all pairs, one by one.

use crate::{
    backend::{PairInputs, pair_terms},
    formula::PairFormula,
};
use burn::tensor::{Int, Tensor};

/// The terms of some points.
pub(super) struct Terms {
    /// `[T, N]`, or `[T, N + K]`
    all: Tensor<2>,
    rows: usize,
}

impl Terms {
    /// Those of the rows, each paired with all others.
    pub fn of<F: PairFormula>(formula: F, rows: Tensor<2>, labels: Tensor<1, Int>) -> Self {
        let count = rows.dims()[0];
        let inputs = PairInputs {
            rows,
            columns: None,
            row_labels: labels.clone(),
            column_labels: labels,
            both: false,
        };
        Self {
            all: pair_terms(formula, inputs),
            rows: count,
        }
    }

    /// Those of the rows, each paired with all columns, and those of the columns if `both` is set.
    pub fn between<F: PairFormula>(
        formula: F,
        (rows, row_labels): (Tensor<2>, Tensor<1, Int>),
        (columns, column_labels): (Tensor<2>, Tensor<1, Int>),
        both: bool,
    ) -> Self {
        let count = rows.dims()[0];
        let inputs = PairInputs {
            rows,
            columns: Some(columns),
            row_labels,
            column_labels,
            both,
        };
        Self {
            all: pair_terms(formula, inputs),
            rows: count,
        }
    }

    /// A term of every row.
    pub fn of_rows(&self, term: usize) -> Tensor<1> {
        let rows = self.all.clone().slice([term..term + 1, 0..self.rows]);
        rows.reshape([self.rows])
    }

    /// A term of every column.
    pub fn of_columns(&self, term: usize) -> Tensor<1> {
        let end = self.all.dims()[1];
        let columns = self.all.clone().slice([term..term + 1, self.rows..end]);
        columns.reshape([end - self.rows])
    }
}

/// The numbers from `first` on as labels.
pub(super) fn labels_from(first: usize, count: usize, like: &Tensor<2>) -> Tensor<1, Int> {
    Tensor::arange(first as i64..(first + count) as i64, &like.device())
}

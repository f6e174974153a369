//! What is computed from.

use burn::tensor::{Int, Tensor};

/// The label of what is in no pair.
pub(crate) const NO_LABEL: i64 = i32::MIN as i64;

/// What an operation is computed from; shapes and data types have been checked.
#[derive(Clone, Debug)]
pub(crate) struct PairInputs {
    /// `[N, D]`, D at least 1
    pub rows: Tensor<2>,
    /// `[K, D]`; `None`: the rows themselves.
    pub columns: Option<Tensor<2>>,
    /// `[N]`; equal labels make a positive pair, one with [`NO_LABEL`] is in none. Of listed pairs the row of each.
    pub row_labels: Tensor<1, Int>,
    /// `[K]`, as those of rows. Of listed pairs the column of each.
    pub column_labels: Tensor<1, Int>,
}

impl PairInputs {
    /// What the rows are paired with.
    pub fn others(&self) -> &Tensor<2> {
        self.columns.as_ref().unwrap_or(&self.rows)
    }
}

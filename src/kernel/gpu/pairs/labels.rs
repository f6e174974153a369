//! Which pairs are positive and which are negative.

use burn_cubecl::{
    cubecl::{self, prelude::*},
    tensor::CubeTensor,
};

/// Whether a row and a column are a positive pair, and whether they are a negative one. What has no label is in no pair, and
/// of the same points none is paired with itself.
#[cube]
pub(super) fn kinds<I: Int>(
    row_labels: &[I],
    column_labels: &[I],
    row: u32,
    column: u32,
    no_label: i32,
    #[comptime] same: bool,
) -> (bool, bool) {
    let none = I::cast_from(no_label);
    let own = row_labels[row as usize];
    let other = column_labels[column as usize];
    let mut is_pair = own != none && other != none;
    if comptime!(same) {
        is_pair = is_pair && row != column;
    }
    let is_alike = own == other;
    (is_pair && is_alike, is_pair && !is_alike)
}

/// The labels of rows and columns, one number for each point.
#[derive(Clone)]
pub(crate) struct Labels {
    pub rows: CubeTensor,
    pub columns: CubeTensor,
    /// That of what is in no pair.
    pub none: i64,
    /// Whether rows and columns are the same points.
    pub same: bool,
}

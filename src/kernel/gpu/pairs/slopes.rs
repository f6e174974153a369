//! What an upstream gradient of the terms is to each measure of a block.

use super::{
    block::{Block, MOST_CUBES, units_of_row},
    labels::{Labels, kinds},
    traced::{TracedPairs, dual_of},
};
use crate::{
    formula::Kind,
    kernel::gpu::{
        formula::Named,
        traced::{Words, words},
    },
};
use burn::backend::cubecl::dtype_to_storage_type;
use burn_cubecl::{
    cubecl::{self, prelude::*},
    tensor::CubeTensor,
};

/// The slope of a pair by all terms of its kind: those of its row, and those of its column where these have some.
#[cube]
#[allow(clippy::too_many_arguments)]
fn slope_of(
    x: f32,
    terms: &[f32],
    upstream: &[f32],
    row: usize,
    column: usize,
    stride: usize,
    words: &Words,
    #[comptime] formula: Named<dyn TracedPairs>,
    #[comptime] kind: Kind,
    #[comptime] has_columns: bool,
) -> f32 {
    let count = comptime!(formula.count());
    let mut slope = 0.0_f32;
    #[unroll]
    for term in 0..count {
        if comptime!(formula.kind(term) == kind) {
            let (f, derivative) = dual_of(x, words, formula.clone(), term);
            let at = term * stride + row;
            let mut share = upstream[at];
            if comptime!(formula.is_logarithm(term)) {
                share *= (f - terms[at]).exp();
            }
            if comptime!(has_columns) {
                let at = term * stride + column;
                let mut of_column = upstream[at];
                if comptime!(formula.is_logarithm(term)) {
                    of_column *= (f - terms[at]).exp();
                }
                share += of_column;
            }
            slope += derivative * share;
        }
    }
    slope
}

#[cube(launch_unchecked, address_type = "dynamic")]
#[allow(clippy::too_many_arguments)]
fn pair_slopes<I: Int>(
    measures: &[f32],
    row_labels: &[I],
    column_labels: &[I],
    terms: &[f32],
    upstream: &[f32],
    slopes: &mut [f32],
    words: Words,
    first: u32,
    rows: u32,
    columns: u32,
    // Where the terms of columns begin.
    behind: u32,
    no_label: i32,
    #[comptime] formula: Named<dyn TracedPairs>,
    #[comptime] same: bool,
    #[comptime] has_columns: bool,
    #[comptime] units: u32,
    #[define(I)] _index: ElemType,
) {
    let count = comptime!(formula.count());
    let stride = terms.len() / count;
    let mut row = CUBE_POS as u32;
    while row < rows {
        let place = first + row;
        let start = row as usize * columns as usize;
        let mut column = UNIT_POS;
        while column < columns {
            let (is_positive, is_negative) =
                kinds::<I>(row_labels, column_labels, place, column, no_label, same);
            let x = measures[start + column as usize];
            let of_column = (behind + column) as usize;
            let mut slope = 0.0_f32;
            if is_positive {
                slope = slope_of(
                    x,
                    terms,
                    upstream,
                    place as usize,
                    of_column,
                    stride,
                    &words,
                    formula.clone(),
                    Kind::Positive,
                    has_columns,
                );
            }
            if is_negative {
                slope = slope_of(
                    x,
                    terms,
                    upstream,
                    place as usize,
                    of_column,
                    stride,
                    &words,
                    formula.clone(),
                    Kind::Negative,
                    has_columns,
                );
            }
            slopes[start + column as usize] = slope;
            column += units;
        }
        row += CUBE_COUNT as u32;
    }
}

/// Which terms measures have a slope by.
pub(super) struct Terms<'a> {
    pub formula: &'a Named<dyn TracedPairs>,
    pub terms: &'a CubeTensor,
    pub upstream: &'a CubeTensor,
    /// Where the terms of columns begin, if these have some.
    pub behind: Option<usize>,
}

/// The slope of each measure of a block.
pub(super) fn of_block(block: &Block, labels: &Labels, by: &Terms<'_>) -> CubeTensor {
    let [rows, columns] = block.shape();
    let units = units_of_row(columns);
    let measures = block.measures.clone();
    let (slopes, argument) = block.slopes();
    // SAFETY: a row is below `rows`, of which the block has so many, and `first` more have labels, terms and upstream
    // gradients; a column is below `columns`, for each of which there is a measure in the row and a label, and, where columns
    // have terms, one from `behind` on. A slope is written over its own measure by the unit that has read it.
    unsafe {
        pair_slopes::launch_unchecked(
            &measures.client.clone(),
            CubeCount::Static(rows.min(MOST_CUBES) as u32, 1, 1),
            CubeDim::new_1d(units),
            block.address_type(),
            measures.into_buffer_arg(),
            labels.rows.clone().into_buffer_arg(),
            labels.columns.clone().into_buffer_arg(),
            by.terms.clone().into_buffer_arg(),
            by.upstream.clone().into_buffer_arg(),
            argument,
            words(),
            block.rows.start as u32,
            rows as u32,
            columns as u32,
            by.behind.unwrap_or(0) as u32,
            labels.none as i32,
            by.formula.clone(),
            labels.same,
            by.behind.is_some(),
            units,
            dtype_to_storage_type(labels.rows.dtype),
        );
    }
    slopes
}

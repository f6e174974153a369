//! The terms of rows and columns, from a block of measures.

use super::{
    block::{Block, MOST_CUBES, units_of_row},
    labels::{Labels, kinds},
    traced::{TracedPairs, joined, logarithm, value_of, with_exponent},
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

/// Adds what a pair has for the terms of its kind.
#[cube]
fn add(
    x: f32,
    largest: &mut Array<f32>,
    sums: &mut Array<f32>,
    words: &Words,
    #[comptime] formula: Named<dyn TracedPairs>,
    #[comptime] kind: Kind,
) {
    let count = comptime!(formula.count());
    #[unroll]
    for term in 0..count {
        if comptime!(formula.kind(term) == kind) {
            let f = value_of(x, words, formula.clone(), term);
            if comptime!(formula.is_logarithm(term)) {
                let (most, sum) = with_exponent(largest[term], sums[term], f, words);
                largest[term] = most;
                sums[term] = sum;
            } else {
                sums[term] += f;
            }
        }
    }
}

/// Puts the sums of one term together, of units that lie `step`, `2 step`, .. apart; the first of them has the result.
#[cube]
#[allow(clippy::too_many_arguments)]
fn gather(
    all_largest: &mut Shared<[f32]>,
    all_sums: &mut Shared<[f32]>,
    unit: usize,
    lane: usize,
    words: &Words,
    #[comptime] step: u32,
    #[comptime] lanes: u32,
    #[comptime] is_logarithm: bool,
) {
    let levels = comptime!(lanes.ilog2());
    #[unroll]
    for level in 0..levels {
        let half = comptime!((lanes >> (level + 1)) as usize);
        let other = comptime!((step * (lanes >> (level + 1))) as usize);
        if lane < half {
            if comptime!(is_logarithm) {
                let (most, sum) = joined(
                    all_largest[unit],
                    all_sums[unit],
                    all_largest[unit + other],
                    all_sums[unit + other],
                    words,
                );
                all_largest[unit] = most;
                all_sums[unit] = sum;
            } else {
                let more = all_sums[unit + other];
                all_sums[unit] += more;
            }
        }
        sync_cube();
    }
}

/// A cube for each row.
#[cube(launch_unchecked, address_type = "dynamic")]
#[allow(clippy::too_many_arguments)]
fn row_terms<I: Int>(
    measures: &[f32],
    row_labels: &[I],
    column_labels: &[I],
    terms: &mut [f32],
    words: Words,
    first: u32,
    rows: u32,
    columns: u32,
    no_label: i32,
    #[comptime] formula: Named<dyn TracedPairs>,
    #[comptime] same: bool,
    #[comptime] units: u32,
    #[define(I)] _index: ElemType,
) {
    let count = comptime!(formula.count());
    let stride = terms.len() / count;
    let unit = UNIT_POS as usize;
    let mut all_largest = Shared::<[f32]>::new_slice(comptime!(units as usize));
    let mut all_sums = Shared::<[f32]>::new_slice(comptime!(units as usize));
    let mut row = CUBE_POS as u32;
    while row < rows {
        let place = first + row;
        let start = row as usize * columns as usize;
        let mut largest = Array::<f32>::new(count);
        let mut sums = Array::<f32>::new(count);
        #[unroll]
        for term in 0..count {
            // Not infinite: drivers may take it that differences of numbers are numbers.
            largest[term] = f32::min_value();
            sums[term] = 0.0_f32;
        }
        let mut column = UNIT_POS;
        while column < columns {
            let (is_positive, is_negative) =
                kinds::<I>(row_labels, column_labels, place, column, no_label, same);
            let x = measures[start + column as usize];
            if is_positive {
                add(
                    x,
                    &mut largest,
                    &mut sums,
                    &words,
                    formula.clone(),
                    Kind::Positive,
                );
            }
            if is_negative {
                add(
                    x,
                    &mut largest,
                    &mut sums,
                    &words,
                    formula.clone(),
                    Kind::Negative,
                );
            }
            column += units;
        }
        #[unroll]
        for term in 0..count {
            sync_cube();
            all_largest[unit] = largest[term];
            all_sums[unit] = sums[term];
            sync_cube();
            gather(
                &mut all_largest,
                &mut all_sums,
                unit,
                unit,
                &words,
                1u32,
                units,
                comptime!(formula.is_logarithm(term)),
            );
            if unit == 0 {
                let mut number = all_sums[0];
                if comptime!(formula.is_logarithm(term)) {
                    number = logarithm(all_largest[0], number, &words);
                }
                terms[term * stride + place as usize] = number;
            }
        }
        row += CUBE_COUNT as u32;
    }
}

/// How many columns a cube looks at side by side, and how many units share a column's rows.
const SIDE_BY_SIDE: u32 = 32;
const LANES: u32 = 8;

/// Some units for each column. `state` has what earlier blocks came to: the largest exponents, then the sums.
#[cube(launch_unchecked, address_type = "dynamic")]
#[allow(clippy::too_many_arguments)]
fn column_terms<I: Int>(
    measures: &[f32],
    row_labels: &[I],
    column_labels: &[I],
    mut state: ComptimeOption<&mut [f32]>,
    terms: &mut [f32],
    words: Words,
    first: u32,
    rows: u32,
    columns: u32,
    no_label: i32,
    #[comptime] formula: Named<dyn TracedPairs>,
    #[define(I)] _index: ElemType,
) {
    let count = comptime!(formula.count());
    let stride = terms.len() / count;
    let behind = stride - columns as usize;
    let unit = UNIT_POS as usize;
    let lane = UNIT_POS / SIDE_BY_SIDE;
    let mut all_largest = Shared::<[f32]>::new_slice(comptime!((SIDE_BY_SIDE * LANES) as usize));
    let mut all_sums = Shared::<[f32]>::new_slice(comptime!((SIDE_BY_SIDE * LANES) as usize));
    let mut group = CUBE_POS as u32;
    while group * SIDE_BY_SIDE < columns {
        let column = group * SIDE_BY_SIDE + UNIT_POS % SIDE_BY_SIDE;
        let exists = column < columns;
        let mut largest = Array::<f32>::new(count);
        let mut sums = Array::<f32>::new(count);
        #[unroll]
        for term in 0..count {
            // Not infinite: drivers may take it that differences of numbers are numbers.
            largest[term] = f32::min_value();
            sums[term] = 0.0_f32;
        }
        if exists {
            let mut row = lane;
            while row < rows {
                let (is_positive, is_negative) = kinds::<I>(
                    row_labels,
                    column_labels,
                    first + row,
                    column,
                    no_label,
                    false,
                );
                let x = measures[row as usize * columns as usize + column as usize];
                if is_positive {
                    add(
                        x,
                        &mut largest,
                        &mut sums,
                        &words,
                        formula.clone(),
                        Kind::Positive,
                    );
                }
                if is_negative {
                    add(
                        x,
                        &mut largest,
                        &mut sums,
                        &words,
                        formula.clone(),
                        Kind::Negative,
                    );
                }
                row += LANES;
            }
        }
        #[unroll]
        for term in 0..count {
            sync_cube();
            all_largest[unit] = largest[term];
            all_sums[unit] = sums[term];
            sync_cube();
            gather(
                &mut all_largest,
                &mut all_sums,
                unit,
                lane as usize,
                &words,
                SIDE_BY_SIDE,
                LANES,
                comptime!(formula.is_logarithm(term)),
            );
            if lane == 0 && exists {
                let mut most = all_largest[unit];
                let mut sum = all_sums[unit];
                #[comptime]
                if let ComptimeOption::Some(ref mut state) = state {
                    let of_largest = term * columns as usize + column as usize;
                    let of_sum = (count + term) * columns as usize + column as usize;
                    if first > 0 {
                        if comptime!(formula.is_logarithm(term)) {
                            let (both_most, both_sum) =
                                joined(state[of_largest], state[of_sum], most, sum, &words);
                            most = both_most;
                            sum = both_sum;
                        } else {
                            sum += state[of_sum];
                        }
                    }
                    state[of_largest] = most;
                    state[of_sum] = sum;
                }
                let mut number = sum;
                if comptime!(formula.is_logarithm(term)) {
                    number = logarithm(most, sum, &words);
                }
                terms[term * stride + behind + column as usize] = number;
            }
        }
        group += CUBE_COUNT as u32;
    }
}

/// Writes the terms of a block's rows.
pub(super) fn of_rows(
    block: &Block,
    labels: &Labels,
    formula: &Named<dyn TracedPairs>,
    terms: &CubeTensor,
) {
    let [rows, columns] = block.shape();
    let units = units_of_row(columns);
    let measures = block.measures.clone();
    // SAFETY: a row is below `rows`, of which the block has so many, and `first` more have labels and terms; a column is
    // below `columns`, for each of which there is a measure in the row and a label.
    unsafe {
        row_terms::launch_unchecked(
            &measures.client.clone(),
            CubeCount::Static(rows.min(MOST_CUBES) as u32, 1, 1),
            CubeDim::new_1d(units),
            block.address_type(),
            measures.into_buffer_arg(),
            labels.rows.clone().into_buffer_arg(),
            labels.columns.clone().into_buffer_arg(),
            terms.clone().into_buffer_arg(),
            words(),
            block.rows.start as u32,
            rows as u32,
            columns as u32,
            labels.none as i32,
            formula.clone(),
            labels.same,
            units,
            dtype_to_storage_type(labels.rows.dtype),
        );
    }
}

/// Adds a block's rows to the terms of columns, which lie behind those of rows.
pub(super) fn of_columns(
    block: &Block,
    labels: &Labels,
    formula: &Named<dyn TracedPairs>,
    state: Option<&CubeTensor>,
    terms: &CubeTensor,
) {
    let [rows, columns] = block.shape();
    let cubes = columns.div_ceil(SIDE_BY_SIDE as usize).min(MOST_CUBES);
    let measures = block.measures.clone();
    // SAFETY: as above; the state has two numbers for each term of each column, and the terms have a number for each column
    // behind those of rows.
    unsafe {
        column_terms::launch_unchecked(
            &measures.client.clone(),
            CubeCount::Static(cubes as u32, 1, 1),
            CubeDim::new_1d(SIDE_BY_SIDE * LANES),
            block.address_type(),
            measures.into_buffer_arg(),
            labels.rows.clone().into_buffer_arg(),
            labels.columns.clone().into_buffer_arg(),
            state.cloned().map(CubeTensor::into_buffer_arg).into(),
            terms.clone().into_buffer_arg(),
            words(),
            block.rows.start as u32,
            rows as u32,
            columns as u32,
            labels.none as i32,
            formula.clone(),
            dtype_to_storage_type(labels.rows.dtype),
        );
    }
}

//! The farthest or the nearest positive of each row, and its nearest negative.

use super::{
    block::{Block, MOST_CUBES, Pairs, units_of_row},
    labels::{Labels, kinds},
};
use burn::{backend::cubecl::dtype_to_storage_type, tensor::Shape};
use burn_cubecl::{
    cubecl::{self, prelude::*},
    ops::numeric::empty_device_contiguous_dtype,
    tensor::CubeTensor,
};

/// Beyond this all distances are the same: what is beyond them stands for what is no distance.
pub(super) const LARGEST: f32 = 1e38;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Extremes {
    /// Whether distances grow with the measure; they fall otherwise.
    pub grows: bool,
    /// Whether the farthest positive is looked for; the nearest otherwise.
    pub farthest: bool,
}

/// The smaller of two keys, the first of those that are the same.
#[cube]
pub(super) fn least(key: f32, column: u32, other_key: f32, other_column: u32) -> (f32, u32) {
    let is_other = other_key < key || (other_key == key && other_column < column);
    (
        select(is_other, other_key, key),
        select(is_other, other_column, column),
    )
}

/// The least of the keys of all units, and its column; every unit has them.
#[cube]
pub(super) fn least_of_cube(
    keys: &mut Shared<[f32]>,
    columns: &mut Shared<[u32]>,
    key: f32,
    column: u32,
    #[comptime] units: u32,
) -> (f32, u32) {
    let unit = UNIT_POS as usize;
    sync_cube();
    keys[unit] = key;
    columns[unit] = column;
    sync_cube();
    let levels = comptime!(units.ilog2());
    #[unroll]
    for level in 0..levels {
        let half = comptime!((units >> (level + 1)) as usize);
        if unit < half {
            let (key, column) = least(
                keys[unit],
                columns[unit],
                keys[unit + half],
                columns[unit + half],
            );
            keys[unit] = key;
            columns[unit] = column;
        }
        sync_cube();
    }
    (keys[0], columns[0])
}

/// A cube for each row. What is looked for is where the key is least; one that is NaN is taken before all others.
#[cube(launch_unchecked, address_type = "dynamic")]
#[allow(clippy::too_many_arguments)]
fn row_extremes<I: Int>(
    measures: &[f32],
    row_labels: &[I],
    column_labels: &[I],
    positives: &mut [I],
    negatives: &mut [I],
    missing: &mut [I],
    infinity: f32,
    first: u32,
    rows: u32,
    columns: u32,
    no_label: i32,
    #[comptime] extremes: Extremes,
    #[comptime] same: bool,
    #[comptime] units: u32,
    #[define(I)] _index: ElemType,
) {
    let mut keys = Shared::<[f32]>::new_slice(comptime!(units as usize));
    let mut places = Shared::<[u32]>::new_slice(comptime!(units as usize));
    let mut row = CUBE_POS as u32;
    while row < rows {
        let place = first + row;
        let start = row as usize * columns as usize;
        let mut positive_key = infinity;
        let mut positive = columns;
        let mut negative_key = infinity;
        let mut negative = columns;
        let mut column = UNIT_POS;
        while column < columns {
            let (is_positive, is_negative) =
                kinds::<I>(row_labels, column_labels, place, column, no_label, same);
            let x = measures[start + column as usize];
            let is_unknown = x.is_nan();
            let mut key = x;
            if comptime!(!extremes.grows) {
                key = -key;
            }
            key = clamp(key, -LARGEST, LARGEST);
            let mut of_positive = key;
            if comptime!(extremes.farthest) {
                of_positive = -key;
            }
            key = select(is_unknown, -infinity, key);
            of_positive = select(is_unknown, -infinity, of_positive);
            if is_positive && of_positive < positive_key {
                positive_key = of_positive;
                positive = column;
            }
            if is_negative && key < negative_key {
                negative_key = key;
                negative = column;
            }
            column += units;
        }
        let (_key, positive) = least_of_cube(&mut keys, &mut places, positive_key, positive, units);
        let (_key, negative) = least_of_cube(&mut keys, &mut places, negative_key, negative, units);
        if UNIT_POS == 0 {
            let is_missing = positive == columns || negative == columns;
            let at = place as usize;
            positives[at] = I::cast_from(select(positive == columns, 0u32, positive));
            negatives[at] = I::cast_from(select(negative == columns, 0u32, negative));
            missing[at] = I::cast_from(select(is_missing, 1u32, 0u32));
        }
        row += CUBE_COUNT as u32;
    }
}

/// For each row the column of its positive, that of its negative, and whether it lacks one of them: 1, or 0. They are of the
/// labels' type.
pub(crate) fn pair_extremes(pairs: Pairs, extremes: Extremes) -> [CubeTensor; 3] {
    let pairs = pairs.contiguous();
    let [rows, _] = pairs.counts();
    let labels = &pairs.labels;
    let found = [(); 3].map(|()| {
        empty_device_contiguous_dtype(
            pairs.rows.client.clone(),
            pairs.rows.device.clone(),
            Shape::new([rows]),
            labels.rows.dtype,
        )
    });
    for block in pairs.blocks(1) {
        of_block(&block, labels, extremes, &found);
    }
    found
}

fn of_block(block: &Block, labels: &Labels, extremes: Extremes, found: &[CubeTensor; 3]) {
    let [rows, columns] = block.shape();
    let units = units_of_row(columns);
    let measures = block.measures.clone();
    let [positives, negatives, missing] =
        found.each_ref().map(|list| list.clone().into_buffer_arg());
    // SAFETY: a row is below `rows`, of which the block has so many, and `first` more have labels and a place in what is
    // found; a column is below `columns`, for each of which there is a measure in the row and a label.
    unsafe {
        row_extremes::launch_unchecked(
            &measures.client.clone(),
            CubeCount::Static(rows.min(MOST_CUBES) as u32, 1, 1),
            CubeDim::new_1d(units),
            block.address_type(),
            measures.into_buffer_arg(),
            labels.rows.clone().into_buffer_arg(),
            labels.columns.clone().into_buffer_arg(),
            positives,
            negatives,
            missing,
            f32::INFINITY,
            block.rows.start as u32,
            rows as u32,
            columns as u32,
            labels.none as i32,
            extremes,
            labels.same,
            units,
            dtype_to_storage_type(labels.rows.dtype),
        );
    }
}

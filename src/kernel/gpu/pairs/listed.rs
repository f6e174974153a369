//! Measures of the pairs of a list, and their slopes. What is at a place that is none has no measure.

use super::{
    block::{MOST_CUBES, Pairs, UNITS},
    collect::collected,
    norms::{by_sum, norm_of, share_of, slope_of_share, unit_of},
};
use crate::{
    formula::Measure,
    kernel::gpu::{
        compare::differs,
        formula::Named,
        memory::empty,
        sum::Board,
        traced::{Words, words},
    },
};
use burn::backend::{TensorMetadata, cubecl::dtype_to_storage_type};
use burn_cubecl::{
    cubecl::{self, prelude::*},
    kernel::into_contiguous,
    tensor::CubeTensor,
};

/// How many units look at a pair.
const LANES: u32 = 32;

impl Named<Measure> {
    fn is_product(&self) -> bool {
        *self.formula == Measure::Dot
    }
}

#[cube(launch_unchecked, address_type = "dynamic")]
#[allow(clippy::too_many_arguments, unused_assignments)]
fn listed_measures<I: Int>(
    rows: &[f32],
    columns: &[f32],
    row_places: &[I],
    column_places: &[I],
    measures: &mut [f32],
    words: Words,
    pairs: u32,
    row_count: u32,
    column_count: u32,
    width: u32,
    #[comptime] measure: Named<Measure>,
    #[define(I)] _index: ElemType,
) {
    let of_cube = comptime!(UNITS / LANES);
    let lane = UNIT_POS % LANES;
    let mut board = Board::new();
    let slot = UNIT_POS as usize;
    let mut group = CUBE_POS as u32;
    while group * of_cube < pairs {
        let given = group * of_cube + UNIT_POS / LANES;
        let exists = given < pairs;
        // A pair that does not exist is worked on as the last, and not written.
        let pair = select(exists, given, pairs - 1) as usize;
        let row = row_places[pair];
        let column = column_places[pair];
        let is_known = row >= I::new(0)
            && row < I::cast_from(row_count)
            && column >= I::new(0)
            && column < I::cast_from(column_count);
        let row = select(is_known, u32::cast_from(row), 0u32) as usize * width as usize;
        let column = select(is_known, u32::cast_from(column), 0u32) as usize * width as usize;
        let mut number = 0.0_f32;
        if comptime!(measure.is_product()) {
            let mut own = 0.0_f32;
            let mut k = lane;
            while k < width {
                own += rows[row + k as usize] * columns[column + k as usize];
                k += LANES;
            }
            number = board.sum(own, slot, lane, LANES);
        } else {
            let mut unit = 1.0_f32;
            if comptime!(measure.is_relative()) {
                let mut own = 0.0_f32;
                let mut k = lane;
                while k < width {
                    let size = (rows[row + k as usize] - columns[column + k as usize]).abs();
                    own = select(size > own, size, own);
                    k += LANES;
                }
                unit = unit_of(board.largest(own, slot, lane, LANES), &words);
            }
            let mut own = 0.0_f32;
            let mut of_row = 0.0_f32;
            let mut of_column = 0.0_f32;
            let mut k = lane;
            while k < width {
                let a = rows[row + k as usize];
                let b = columns[column + k as usize];
                own += share_of(a - b, unit, &words, measure.clone());
                of_row = select(a.abs() > of_row, a.abs(), of_row);
                of_column = select(b.abs() > of_column, b.abs(), of_column);
                k += LANES;
            }
            let sum = board.sum(own, slot, lane, LANES);
            number = norm_of(sum, unit, &words, measure.clone());
            if comptime!(measure.is_cosine()) {
                let of_row = board.largest(of_row, slot, lane, LANES);
                let of_column = board.largest(of_column, slot, lane, LANES);
                let row_lacks = select(of_row == 0.0_f32, 1.0_f32, 0.0_f32);
                let column_lacks = select(of_column == 0.0_f32, 1.0_f32, 0.0_f32);
                number = (number + (row_lacks + column_lacks)) * 0.5_f32;
            }
        }
        if lane == 0 && exists {
            measures[pair] = select(is_known, number, words.nan);
        }
        group += CUBE_COUNT as u32;
    }
}

/// A cube for each point, which adds up what the pairs in the list that it is in say.
#[cube(launch_unchecked, address_type = "dynamic")]
#[allow(clippy::too_many_arguments)]
fn listed_slopes<I: Int>(
    own: &[f32],
    others: &[f32],
    own_places: &[I],
    other_places: &[I],
    measures: &[f32],
    upstream: &[f32],
    sums: &mut [f32],
    words: Words,
    pairs: u32,
    own_count: u32,
    other_count: u32,
    width: u32,
    #[comptime] measure: Named<Measure>,
    #[comptime] same: bool,
    #[define(I)] _index: ElemType,
) {
    let passes = comptime!(if same { 2u32 } else { 1u32 });
    let mut found = Shared::<[u32]>::new_slice(comptime!(UNITS as usize));
    let mut counts = Shared::<[u32]>::new_slice(comptime!(UNITS as usize));
    let mut point = CUBE_POS as u32;
    while point < own_count {
        let start = point as usize * width as usize;
        let mut k = UNIT_POS;
        while k < width {
            sums[start + k as usize] = 0.0_f32;
            k += UNITS;
        }
        #[unroll]
        for pass in 0..passes {
            let mut first = 0u32;
            while first < pairs {
                let pair = first + UNIT_POS;
                let mut is_own = false;
                if pair < pairs {
                    let at = pair as usize;
                    let mut place = own_places[at];
                    let mut other = other_places[at];
                    if comptime!(pass == 1) {
                        place = other_places[at];
                        other = own_places[at];
                    }
                    let is_known = other >= I::new(0) && other < I::cast_from(other_count);
                    // What counts nothing may hold anything.
                    is_own =
                        place == I::cast_from(point) && is_known && differs(upstream[at], 0.0_f32);
                }
                let count = collected(&mut found, &mut counts, is_own, pair);
                let mut k = UNIT_POS;
                while k < width {
                    let x = own[start + k as usize];
                    let mut sum = 0.0_f32;
                    for i in 0..count {
                        let pair = found[i as usize] as usize;
                        let mut other = other_places[pair];
                        if comptime!(pass == 1) {
                            other = own_places[pair];
                        }
                        let y =
                            others[u32::cast_from(other) as usize * width as usize + k as usize];
                        let gradient = upstream[pair];
                        if comptime!(measure.is_product()) {
                            sum += y * gradient;
                        } else {
                            let (unit, slope) =
                                by_sum(measures[pair], gradient, &words, measure.clone());
                            sum += slope * slope_of_share(x - y, unit, &words, measure.clone());
                        }
                    }
                    if count > 0 {
                        sums[start + k as usize] += sum;
                    }
                    k += UNITS;
                }
                first += UNITS;
            }
        }
        point += CUBE_COUNT as u32;
    }
}

/// The measures of pairs whose places are given in the stead of labels: `[1, P]`.
pub(crate) fn listed_terms(pairs: Pairs) -> CubeTensor {
    let pairs = pairs.contiguous();
    let [rows, columns] = pairs.counts();
    let places = &pairs.labels;
    let count = places.rows.shape()[0];
    let measures = empty(&pairs.rows, [1, count]);
    let cubes = count.div_ceil((UNITS / LANES) as usize).min(MOST_CUBES);
    let address = [&pairs.rows, pairs.others(), &places.rows];
    let address = address.map(CubeTensor::required_address_type);
    // SAFETY: a pair is below the length of both lists; places in them are checked before points are read.
    unsafe {
        listed_measures::launch_unchecked(
            &pairs.rows.client,
            CubeCount::Static(cubes as u32, 1, 1),
            CubeDim::new_1d(UNITS),
            address.into_iter().max().expect("three"),
            pairs.rows.clone().into_buffer_arg(),
            pairs.others().clone().into_buffer_arg(),
            places.rows.clone().into_buffer_arg(),
            places.columns.clone().into_buffer_arg(),
            measures.clone().into_buffer_arg(),
            words(),
            count as u32,
            rows as u32,
            columns as u32,
            pairs.rows.shape()[1] as u32,
            Named::of(pairs.measure),
            dtype_to_storage_type(places.rows.dtype),
        );
    }
    measures
}

/// What an upstream gradient of the measures is to rows and columns, each where it is wanted. Of the same points there is one
/// gradient, the first.
pub(crate) fn listed_gradients(
    pairs: Pairs,
    [measures, upstream]: [CubeTensor; 2],
    [to_rows, to_columns]: [bool; 2],
) -> [Option<CubeTensor>; 2] {
    let pairs = pairs.contiguous();
    let [measures, upstream] = [measures, upstream].map(into_contiguous);
    let places = &pairs.labels;
    let of_rows = (&pairs.rows, &places.rows);
    let of_columns = (pairs.others(), &places.columns);
    let gradient = |own: (&CubeTensor, &CubeTensor), others: (&CubeTensor, &CubeTensor)| {
        let gradient = empty(own.0, own.0.shape());
        let [count, width] = [own.0.shape()[0], own.0.shape()[1]];
        let address = [own.0, others.0, own.1].map(CubeTensor::required_address_type);
        // SAFETY: a pair is below the length of both lists, which is that of measures and upstream gradients; a point is below
        // their count, and the place of another is checked before it is read.
        unsafe {
            listed_slopes::launch_unchecked(
                &own.0.client,
                CubeCount::Static(count.min(MOST_CUBES) as u32, 1, 1),
                CubeDim::new_1d(UNITS),
                address.into_iter().max().expect("three"),
                own.0.clone().into_buffer_arg(),
                others.0.clone().into_buffer_arg(),
                own.1.clone().into_buffer_arg(),
                others.1.clone().into_buffer_arg(),
                measures.clone().into_buffer_arg(),
                upstream.clone().into_buffer_arg(),
                gradient.clone().into_buffer_arg(),
                words(),
                own.1.shape()[0] as u32,
                count as u32,
                others.0.shape()[0] as u32,
                width as u32,
                Named::of(pairs.measure),
                places.same,
                dtype_to_storage_type(own.1.dtype),
            );
        }
        gradient
    };
    [
        to_rows.then(|| gradient(of_rows, of_columns)),
        (to_columns && !places.same).then(|| gradient(of_columns, of_rows)),
    ]
}

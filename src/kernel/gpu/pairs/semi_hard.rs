//! One triplet for each positive of a row: that with the nearest negative farther away than the positive, or with the farthest
//! negative where there is none. A negative at no known distance (NaN) is taken before all others.

use super::{
    block::{Block, MOST_CUBES, Pairs, UNITS},
    collect::collected,
    costs::{cost_gradients, costs},
    extremes::{LARGEST, least, least_of_cube},
    labels::{Labels, kinds},
    triplets::{cost_of, distance_of, of_measure, slope_of_cost},
};
use crate::{
    formula::AllTriplets,
    kernel::gpu::{
        formula::Named,
        sum::Board,
        traced::{Words, words},
    },
};
use burn::backend::cubecl::dtype_to_storage_type;
use burn_cubecl::{
    cubecl::{self, prelude::*},
    tensor::CubeTensor,
};

/// The negative of a row that is taken where none is farther away than the positive, and whether it is taken in any case;
/// `columns` where there is no negative.
#[cube]
#[allow(clippy::too_many_arguments)]
fn last_resort<I: Int>(
    measures: &[f32],
    row_labels: &[I],
    column_labels: &[I],
    keys: &mut Shared<[f32]>,
    places: &mut Shared<[u32]>,
    row: u32,
    start: usize,
    columns: u32,
    no_label: i32,
    words: &Words,
    #[comptime] triplets: Named<AllTriplets>,
    #[comptime] same: bool,
) -> (u32, bool) {
    let mut key = words.infinity;
    let mut found = columns;
    let mut column = UNIT_POS;
    while column < columns {
        let (_is_positive, is_negative) =
            kinds::<I>(row_labels, column_labels, row, column, no_label, same);
        if is_negative {
            let x = measures[start + column as usize];
            let distance = distance_of(x, words, triplets.clone());
            // The last of those that are as far away; the first at no known distance.
            let mut own = clamp(-distance, -LARGEST, LARGEST);
            let mut place = columns - 1 - column;
            if distance.is_nan() {
                own = -words.infinity;
                place = column;
            }
            let (less, first) = least(key, found, own, place);
            key = less;
            found = first;
        }
        column += UNITS;
    }
    let (key, place) = least_of_cube(keys, places, key, found, UNITS);
    let is_unknown = key == -words.infinity;
    let is_none = key == words.infinity;
    let known = select(is_none, columns, columns - 1 - min(place, columns - 1));
    (select(is_unknown, place, known), is_unknown)
}

/// Chooses a negative for each of the positives that were collected, whose distances are `near`: some units for each, which
/// share the negatives.
#[cube]
#[allow(clippy::too_many_arguments)]
fn choose<I: Int>(
    measures: &[f32],
    row_labels: &[I],
    column_labels: &[I],
    near: &Shared<[f32]>,
    keys: &mut Shared<[f32]>,
    places: &mut Shared<[u32]>,
    count: u32,
    row: u32,
    start: usize,
    columns: u32,
    resort: u32,
    is_unknown: bool,
    no_label: i32,
    words: &Words,
    #[comptime] triplets: Named<AllTriplets>,
    #[comptime] same: bool,
) -> u32 {
    let mut apart = 1u32;
    while apart < count {
        apart *= 2u32;
    }
    let lanes = UNITS / apart;
    let mine = UNIT_POS % apart;
    let mut key = words.infinity;
    let mut place = columns;
    if mine < count {
        let own = near[mine as usize];
        let mut column = UNIT_POS / apart;
        while column < columns {
            let (_is_positive, is_negative) =
                kinds::<I>(row_labels, column_labels, row, column, no_label, same);
            if is_negative {
                let x = measures[start + column as usize];
                let distance = distance_of(x, words, triplets.clone());
                if distance > own {
                    let (less, first) =
                        least(key, place, clamp(distance, -LARGEST, LARGEST), column);
                    key = less;
                    place = first;
                }
            }
            column += lanes;
        }
    }
    sync_cube();
    keys[UNIT_POS as usize] = key;
    places[UNIT_POS as usize] = place;
    sync_cube();
    let mut chosen = columns;
    if UNIT_POS < count {
        let mut key = words.infinity;
        for lane in 0..lanes {
            let at = (lane * apart + UNIT_POS) as usize;
            let (less, first) = least(key, chosen, keys[at], places[at]);
            key = less;
            chosen = first;
        }
        if chosen == columns || is_unknown {
            chosen = resort;
        }
    }
    sync_cube();
    chosen
}

#[cube(launch_unchecked, address_type = "dynamic")]
#[allow(clippy::too_many_arguments)]
fn semi_hard_kernel<I: Int>(
    measures: &[f32],
    row_labels: &[I],
    column_labels: &[I],
    upstream: ComptimeOption<&[f32]>,
    // The terms, or the slopes where there is an upstream gradient.
    results: &mut [f32],
    words: Words,
    first: u32,
    rows: u32,
    columns: u32,
    no_label: i32,
    #[comptime] triplets: Named<AllTriplets>,
    #[comptime] same: bool,
    #[define(I)] _index: ElemType,
) {
    let has_slopes = comptime!(upstream.is_some());
    let mut board = Board::new();
    let mut found = Shared::<[u32]>::new_slice(comptime!(UNITS as usize));
    let mut found_counts = Shared::<[u32]>::new_slice(comptime!(UNITS as usize));
    let mut near = Shared::<[f32]>::new_slice(comptime!(UNITS as usize));
    let mut keys = Shared::<[f32]>::new_slice(comptime!(UNITS as usize));
    let mut places = Shared::<[u32]>::new_slice(comptime!(UNITS as usize));
    let mut row = CUBE_POS as u32;
    while row < rows {
        let start = row as usize * columns as usize;
        let anchor = first + row;
        let mut of_anchor = 1.0_f32;
        #[comptime]
        if let ComptimeOption::Some(upstream) = upstream {
            of_anchor = upstream[anchor as usize];
        }
        let (resort, is_unknown) = last_resort::<I>(
            measures,
            row_labels,
            column_labels,
            &mut keys,
            &mut places,
            anchor,
            start,
            columns,
            no_label,
            &words,
            triplets.clone(),
            same,
        );
        let mut costs = 0.0_f32;
        let mut costly = 0.0_f32;
        let mut all = 0.0_f32;
        let mut tile = 0u32;
        while tile < columns {
            let column = tile + UNIT_POS;
            let mut is_positive = false;
            if column < columns {
                let (is, _is_negative) =
                    kinds::<I>(row_labels, column_labels, anchor, column, no_label, same);
                is_positive = is && resort < columns;
            }
            let count = collected(&mut found, &mut found_counts, is_positive, column);
            if UNIT_POS < count {
                let x = measures[start + found[UNIT_POS as usize] as usize];
                near[UNIT_POS as usize] = distance_of(x, &words, triplets.clone());
            }
            sync_cube();
            let chosen = choose::<I>(
                measures,
                row_labels,
                column_labels,
                &near,
                &mut keys,
                &mut places,
                count,
                anchor,
                start,
                columns,
                resort,
                is_unknown,
                no_label,
                &words,
                triplets.clone(),
                same,
            );
            if UNIT_POS < count {
                let x = measures[start + chosen as usize];
                let farther = near[UNIT_POS as usize] - distance_of(x, &words, triplets.clone());
                if comptime!(has_slopes) {
                    let slope = slope_of_cost(farther, &words, triplets.clone());
                    keys[UNIT_POS as usize] = slope;
                    places[UNIT_POS as usize] = chosen;
                    let at = start + found[UNIT_POS as usize] as usize;
                    results[at] =
                        of_measure(measures[at], slope, of_anchor, &words, triplets.clone());
                } else {
                    let (cost, counted) = cost_of(farther, &words, triplets.clone());
                    costs += cost;
                    costly += counted;
                    all += 1.0_f32;
                }
            }
            if comptime!(has_slopes) {
                // The slopes of all others, each of them in the hands of one unit.
                sync_cube();
                if count > 0 || tile == 0 {
                    let mut column = UNIT_POS;
                    while column < columns {
                        let (is_positive, _is_negative) =
                            kinds::<I>(row_labels, column_labels, anchor, column, no_label, same);
                        let at = start + column as usize;
                        let mut slope = 0.0_f32;
                        for i in 0..count {
                            if places[i as usize] == column {
                                slope -= keys[i as usize];
                            }
                        }
                        let more =
                            of_measure(measures[at], slope, of_anchor, &words, triplets.clone());
                        if !is_positive || resort == columns {
                            if tile == 0 {
                                results[at] = more;
                            } else {
                                results[at] += more;
                            }
                        }
                        column += UNITS;
                    }
                }
            }
            tile += UNITS;
        }
        if comptime!(!has_slopes) {
            let anchors = results.len() / 3;
            let costs = board.sum_of_cube(costs);
            let costly = board.sum_of_cube(costly);
            let all = board.sum_of_cube(all);
            if UNIT_POS == 0 {
                let at = anchor as usize;
                results[at] = costs;
                results[anchors + at] = costly;
                results[2 * anchors + at] = all;
            }
        }
        row += CUBE_COUNT as u32;
    }
}

/// Of every row what its triplets cost together, how many of them cost something, and how many there are: `[3, N]`.
pub(crate) fn semi_hard_terms(pairs: Pairs, triplets: AllTriplets) -> CubeTensor {
    costs(pairs, &|block, labels, terms| {
        launch(block, labels, triplets, None, terms);
    })
}

/// What an upstream gradient of the costs is to rows and columns, each where it is wanted. Of the same points there is one
/// gradient, the first.
pub(crate) fn semi_hard_gradients(
    pairs: Pairs,
    triplets: AllTriplets,
    upstream: CubeTensor,
    wanted: [bool; 2],
) -> [Option<CubeTensor>; 2] {
    cost_gradients(
        pairs,
        upstream,
        wanted,
        &|block, labels, upstream, slopes| {
            launch(block, labels, triplets, Some(upstream), slopes);
        },
    )
}

fn launch(
    block: &Block,
    labels: &Labels,
    triplets: AllTriplets,
    upstream: Option<&CubeTensor>,
    results: &CubeTensor,
) {
    let [rows, columns] = block.shape();
    let measures = block.measures.clone();
    // SAFETY: a row is below `rows`, of which the block has so many, and `first` more have labels and terms, or upstream
    // gradients; a column is below `columns`, for each of which there is a measure in the row, a label and, where slopes are
    // the results, a slope. A chosen column is one of these; where there is none no positive is collected.
    unsafe {
        semi_hard_kernel::launch_unchecked(
            &measures.client.clone(),
            CubeCount::Static(rows.min(MOST_CUBES) as u32, 1, 1),
            CubeDim::new_1d(UNITS),
            block.address_type(),
            measures.into_buffer_arg(),
            labels.rows.clone().into_buffer_arg(),
            labels.columns.clone().into_buffer_arg(),
            upstream.cloned().map(CubeTensor::into_buffer_arg).into(),
            results.clone().into_buffer_arg(),
            words(),
            block.rows.start as u32,
            rows as u32,
            columns as u32,
            labels.none as i32,
            Named::of(triplets),
            labels.same,
            dtype_to_storage_type(labels.rows.dtype),
        );
    }
}

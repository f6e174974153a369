//! All triplets of each row, in bounded memory: the positives of a row are collected, some at a time, and met with all
//! negatives.

use super::{
    block::{Block, MOST_CUBES, Pairs, UNITS},
    collect::collected,
    costs::{cost_gradients, costs},
    labels::{Labels, kinds},
};
use crate::{
    formula::{AllTriplets, Dual, Kind, PairSelection, Real, counts},
    kernel::gpu::{
        compare::differs,
        formula::Named,
        sum::Board,
        traced::{Traced, Words, words},
    },
};
use burn::backend::cubecl::dtype_to_storage_type;
use burn_cubecl::{
    cubecl::{self, prelude::*},
    tensor::CubeTensor,
};

impl Named<AllTriplets> {
    fn selects(&self) -> bool {
        self.formula.selection != PairSelection::All
    }
}

/// The distance of a measure.
#[cube]
#[allow(unused_variables)]
pub(super) fn distance_of(x: f32, words: &Words, #[comptime] triplets: Named<AllTriplets>) -> f32 {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let distance = triplets.formula.gap.value(Traced::new(&sheet, x));
        distance.into_scalar()
    })
}

/// Its slope.
#[cube]
#[allow(unused_variables)]
fn slope_of_distance(x: f32, words: &Words, #[comptime] triplets: Named<AllTriplets>) -> f32 {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let x = Dual::variable(Traced::new(&sheet, x));
        triplets.formula.gap.value(x).derivative().into_scalar()
    })
}

/// What a triplet costs whose positive is `x` farther away than its negative, and whether it counts.
#[cube]
#[allow(unused_variables)]
pub(super) fn cost_of(
    x: f32,
    words: &Words,
    #[comptime] triplets: Named<AllTriplets>,
) -> (f32, f32) {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let x = Traced::new(&sheet, x);
        let cost = triplets.formula.penalty.value(x);
        (cost.into_scalar(), counts(cost).into_scalar())
    })
}

/// The slope of the cost.
#[cube]
#[allow(unused_variables)]
pub(super) fn slope_of_cost(
    x: f32,
    words: &Words,
    #[comptime] triplets: Named<AllTriplets>,
) -> f32 {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let x = Dual::variable(Traced::new(&sheet, x));
        let cost = triplets.formula.penalty.value(x);
        cost.derivative().into_scalar()
    })
}

/// Whether triplets are made of a pair: 1, or 0.
#[cube]
#[allow(unused_variables)]
fn keeps(
    distance: f32,
    other: f32,
    words: &Words,
    #[comptime] triplets: Named<AllTriplets>,
    #[comptime] kind: Kind,
) -> f32 {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let [distance, other] = [distance, other].map(|number| Traced::new(&sheet, number));
        let keeps = triplets.formula.selection.keeps(kind, distance, other);
        // What is unknown is kept: it must show.
        let one = distance.constant(1.0);
        let keeps = distance.where_nan(one, other.where_nan(one, keeps));
        keeps.into_scalar()
    })
}

/// What is known of a row before its triplets are looked at.
#[derive(CubeType, Clone, Copy)]
struct Anchor {
    row: u32,
    /// Where its measures begin.
    start: usize,
    /// The distances of the nearest negative and of the farthest positive, where pairs are selected by them.
    nearest: f32,
    farthest: f32,
}

/// The distance of an anchor and a column, and whether triplets are made of these as a positive, and as a negative.
#[cube]
#[allow(clippy::too_many_arguments)]
fn other<I: Int>(
    measures: &[f32],
    row_labels: &[I],
    column_labels: &[I],
    anchor: &Anchor,
    column: u32,
    no_label: i32,
    words: &Words,
    #[comptime] triplets: Named<AllTriplets>,
    #[comptime] same: bool,
) -> (f32, bool, bool) {
    let (is_positive, is_negative) = kinds::<I>(
        row_labels,
        column_labels,
        anchor.row,
        column,
        no_label,
        same,
    );
    let x = measures[anchor.start + column as usize];
    let distance = distance_of(x, words, triplets.clone());
    let mut keeps_positive = is_positive;
    let mut keeps_negative = is_negative;
    if comptime!(triplets.selects()) {
        let as_positive = keeps(
            distance,
            anchor.nearest,
            words,
            triplets.clone(),
            Kind::Positive,
        );
        let as_negative = keeps(
            distance,
            anchor.farthest,
            words,
            triplets.clone(),
            Kind::Negative,
        );
        keeps_positive = keeps_positive && differs(as_positive, 0.0_f32);
        keeps_negative = keeps_negative && differs(as_negative, 0.0_f32);
    }
    (distance, keeps_positive, keeps_negative)
}

/// What has to be known of a row.
#[cube]
#[allow(clippy::too_many_arguments)]
fn anchor_of<I: Int>(
    measures: &[f32],
    row_labels: &[I],
    column_labels: &[I],
    board: &mut Board,
    row: u32,
    start: usize,
    columns: u32,
    no_label: i32,
    words: &Words,
    #[comptime] triplets: Named<AllTriplets>,
    #[comptime] same: bool,
) -> Anchor {
    let mut nearest = words.infinity;
    let mut farthest = -words.infinity;
    if comptime!(triplets.selects()) {
        // NaN where a distance is: then all pairs are kept.
        let mut unknown = 0.0_f32;
        let mut column = UNIT_POS;
        while column < columns {
            let (is_positive, is_negative) =
                kinds::<I>(row_labels, column_labels, row, column, no_label, same);
            let distance = distance_of(measures[start + column as usize], words, triplets.clone());
            if is_positive || is_negative {
                if distance.is_nan() {
                    unknown = 1.0_f32;
                } else if is_positive {
                    farthest = select(distance > farthest, distance, farthest);
                } else {
                    nearest = select(distance < nearest, distance, nearest);
                }
            }
            column += UNITS;
        }
        farthest = board.largest_of_cube(farthest);
        nearest = -board.largest_of_cube(-nearest);
        if board.largest_of_cube(unknown) > 0.0_f32 {
            farthest = words.nan;
            nearest = words.nan;
        }
    }
    Anchor {
        row,
        start,
        nearest,
        farthest,
    }
}

#[cube(launch_unchecked, address_type = "dynamic")]
#[allow(clippy::too_many_arguments)]
fn all_terms<I: Int>(
    measures: &[f32],
    row_labels: &[I],
    column_labels: &[I],
    terms: &mut [f32],
    words: Words,
    first: u32,
    rows: u32,
    columns: u32,
    no_label: i32,
    #[comptime] triplets: Named<AllTriplets>,
    #[comptime] same: bool,
    #[define(I)] _index: ElemType,
) {
    let anchors = terms.len() / 3;
    let mut board = Board::new();
    let mut found = Shared::<[u32]>::new_slice(comptime!(UNITS as usize));
    let mut found_counts = Shared::<[u32]>::new_slice(comptime!(UNITS as usize));
    let mut near = Shared::<[f32]>::new_slice(comptime!(UNITS as usize));
    let mut row = CUBE_POS as u32;
    while row < rows {
        let start = row as usize * columns as usize;
        let anchor = anchor_of::<I>(
            measures,
            row_labels,
            column_labels,
            &mut board,
            first + row,
            start,
            columns,
            no_label,
            &words,
            triplets.clone(),
            same,
        );
        let mut costs = 0.0_f32;
        let mut costly = 0.0_f32;
        let mut positives = 0.0_f32;
        let mut negatives = 0.0_f32;
        let mut tile = 0u32;
        while tile < columns {
            let column = tile + UNIT_POS;
            let mut is_positive = false;
            if column < columns {
                let (_distance, is, is_negative) = other::<I>(
                    measures,
                    row_labels,
                    column_labels,
                    &anchor,
                    column,
                    no_label,
                    &words,
                    triplets.clone(),
                    same,
                );
                is_positive = is;
                if is {
                    positives += 1.0_f32;
                }
                if is_negative {
                    negatives += 1.0_f32;
                }
            }
            let count = collected(&mut found, &mut found_counts, is_positive, column);
            if UNIT_POS < count {
                let x = measures[start + found[UNIT_POS as usize] as usize];
                near[UNIT_POS as usize] = distance_of(x, &words, triplets.clone());
            }
            sync_cube();
            if count > 0 {
                let mut column = UNIT_POS;
                while column < columns {
                    let (distance, _is_positive, is_negative) = other::<I>(
                        measures,
                        row_labels,
                        column_labels,
                        &anchor,
                        column,
                        no_label,
                        &words,
                        triplets.clone(),
                        same,
                    );
                    if is_negative {
                        for i in 0..count {
                            let x = near[i as usize] - distance;
                            let (cost, counted) = cost_of(x, &words, triplets.clone());
                            costs += cost;
                            costly += counted;
                        }
                    }
                    column += UNITS;
                }
            }
            tile += UNITS;
        }
        let costs = board.sum_of_cube(costs);
        let costly = board.sum_of_cube(costly);
        let positives = board.sum_of_cube(positives);
        let negatives = board.sum_of_cube(negatives);
        if UNIT_POS == 0 {
            let at = (first + row) as usize;
            terms[at] = costs;
            terms[anchors + at] = costly;
            terms[2 * anchors + at] = positives * negatives;
        }
        row += CUBE_COUNT as u32;
    }
}

/// Adds a slope of a distance to that of its measure, unless it is 0: then the measure may hold anything.
#[cube]
pub(super) fn of_measure(
    x: f32,
    slope: f32,
    upstream: f32,
    words: &Words,
    #[comptime] triplets: Named<AllTriplets>,
) -> f32 {
    let by_measure = slope_of_distance(x, words, triplets) * slope * upstream;
    select(slope == 0.0_f32, 0.0_f32, by_measure)
}

#[cube(launch_unchecked, address_type = "dynamic")]
#[allow(clippy::too_many_arguments)]
fn all_slopes<I: Int>(
    measures: &[f32],
    row_labels: &[I],
    column_labels: &[I],
    upstream: &[f32],
    slopes: &mut [f32],
    words: Words,
    first: u32,
    rows: u32,
    columns: u32,
    no_label: i32,
    #[comptime] triplets: Named<AllTriplets>,
    #[comptime] same: bool,
    #[define(I)] _index: ElemType,
) {
    let mut board = Board::new();
    let mut found = Shared::<[u32]>::new_slice(comptime!(UNITS as usize));
    let mut found_counts = Shared::<[u32]>::new_slice(comptime!(UNITS as usize));
    let mut near = Shared::<[f32]>::new_slice(comptime!(UNITS as usize));
    let mut parts = Shared::<[f32]>::new_slice(comptime!(UNITS as usize));
    let mut row = CUBE_POS as u32;
    while row < rows {
        let start = row as usize * columns as usize;
        let of_anchor = upstream[(first + row) as usize];
        let anchor = anchor_of::<I>(
            measures,
            row_labels,
            column_labels,
            &mut board,
            first + row,
            start,
            columns,
            no_label,
            &words,
            triplets.clone(),
            same,
        );
        let mut tile = 0u32;
        while tile < columns {
            let column = tile + UNIT_POS;
            let mut is_positive = false;
            if column < columns {
                let (_distance, is, _is_negative) = other::<I>(
                    measures,
                    row_labels,
                    column_labels,
                    &anchor,
                    column,
                    no_label,
                    &words,
                    triplets.clone(),
                    same,
                );
                is_positive = is;
            }
            let count = collected(&mut found, &mut found_counts, is_positive, column);
            if UNIT_POS < count {
                let x = measures[start + found[UNIT_POS as usize] as usize];
                near[UNIT_POS as usize] = distance_of(x, &words, triplets.clone());
            }
            sync_cube();

            // The slopes of negatives, each of them in the hands of one unit.
            if count > 0 || tile == 0 {
                let mut column = UNIT_POS;
                while column < columns {
                    let (distance, is_positive, is_negative) = other::<I>(
                        measures,
                        row_labels,
                        column_labels,
                        &anchor,
                        column,
                        no_label,
                        &words,
                        triplets.clone(),
                        same,
                    );
                    let at = start + column as usize;
                    let mut slope = 0.0_f32;
                    if is_negative {
                        for i in 0..count {
                            let x = near[i as usize] - distance;
                            slope -= slope_of_cost(x, &words, triplets.clone());
                        }
                    }
                    let more = of_measure(measures[at], slope, of_anchor, &words, triplets.clone());
                    if !is_positive {
                        if tile == 0 {
                            slopes[at] = more;
                        } else {
                            slopes[at] += more;
                        }
                    }
                    column += UNITS;
                }
            }

            // Those of the positives that were found: some units for each, which share the negatives.
            let mut apart = 1u32;
            while apart < count {
                apart *= 2u32;
            }
            let lanes = UNITS / apart;
            let mine = UNIT_POS % apart;
            let mut part = 0.0_f32;
            if mine < count {
                let own = near[mine as usize];
                let mut column = UNIT_POS / apart;
                while column < columns {
                    let (distance, _is_positive, is_negative) = other::<I>(
                        measures,
                        row_labels,
                        column_labels,
                        &anchor,
                        column,
                        no_label,
                        &words,
                        triplets.clone(),
                        same,
                    );
                    if is_negative {
                        part += slope_of_cost(own - distance, &words, triplets.clone());
                    }
                    column += lanes;
                }
            }
            parts[UNIT_POS as usize] = part;
            sync_cube();
            if UNIT_POS < count {
                let mut slope = 0.0_f32;
                for lane in 0..lanes {
                    slope += parts[(lane * apart + UNIT_POS) as usize];
                }
                let at = start + found[UNIT_POS as usize] as usize;
                slopes[at] = of_measure(measures[at], slope, of_anchor, &words, triplets.clone());
            }
            tile += UNITS;
        }
        row += CUBE_COUNT as u32;
    }
}

/// Of every row what its triplets cost together, how many of them cost something, and how many there are: `[3, N]`.
pub(crate) fn triplet_terms(pairs: Pairs, triplets: AllTriplets) -> CubeTensor {
    costs(pairs, &|block, labels, terms| {
        terms_of(block, labels, Named::of(triplets), terms);
    })
}

fn terms_of(block: &Block, labels: &Labels, triplets: Named<AllTriplets>, terms: &CubeTensor) {
    let [rows, columns] = block.shape();
    let measures = block.measures.clone();
    // SAFETY: a row is below `rows`, of which the block has so many, and `first` more have labels and terms; a column is
    // below `columns`, for each of which there is a measure in the row and a label; of what was found only what was written
    // is read.
    unsafe {
        all_terms::launch_unchecked(
            &measures.client.clone(),
            CubeCount::Static(rows.min(MOST_CUBES) as u32, 1, 1),
            CubeDim::new_1d(UNITS),
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
            triplets,
            labels.same,
            dtype_to_storage_type(labels.rows.dtype),
        );
    }
}

/// What an upstream gradient of the costs is to rows and columns, each where it is wanted. Of the same points there is one
/// gradient, the first.
pub(crate) fn triplet_gradients(
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
            slopes_of(block, labels, Named::of(triplets), upstream, slopes);
        },
    )
}

fn slopes_of(
    block: &Block,
    labels: &Labels,
    triplets: Named<AllTriplets>,
    upstream: &CubeTensor,
    slopes: &CubeTensor,
) {
    let [rows, columns] = block.shape();
    let measures = block.measures.clone();
    // SAFETY: as above; the first term of each row has an upstream gradient, and each measure a slope.
    unsafe {
        all_slopes::launch_unchecked(
            &measures.client.clone(),
            CubeCount::Static(rows.min(MOST_CUBES) as u32, 1, 1),
            CubeDim::new_1d(UNITS),
            block.address_type(),
            measures.into_buffer_arg(),
            labels.rows.clone().into_buffer_arg(),
            labels.columns.clone().into_buffer_arg(),
            upstream.clone().into_buffer_arg(),
            slopes.clone().into_buffer_arg(),
            words(),
            block.rows.start as u32,
            rows as u32,
            columns as u32,
            labels.none as i32,
            triplets,
            labels.same,
            dtype_to_storage_type(labels.rows.dtype),
        );
    }
}

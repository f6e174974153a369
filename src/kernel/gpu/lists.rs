//! Sums over the pairs of items of each list, and their gradient: a cube for each item, or for each list of which one item is
//! above all others.
//!
//! In the backward pass a cube collects what its item is to all pairs it is in, as the first and as the second of them. So an
//! item's slope is written once, by one cube, in an order that does not depend on the run.

use super::{
    formula::{Named, name_of},
    grid::ALONG,
    memory::empty,
    sum::{Board, UNITS},
    traced::{Traced, Words, words},
};
use crate::formula::{Compared, Dual, ListFormula, PADDED};
use burn::backend::TensorMetadata;
use burn_cubecl::{
    cubecl::{self, prelude::*},
    kernel::into_contiguous,
    tensor::CubeTensor,
};

/// A formula of lists whose kernels can be traced.
pub(crate) trait TracedList: Send + Sync {
    /// What pairs cost whose scores differ so much.
    fn traced<'s>(&self, d: Traced<'s>) -> Traced<'s>;

    /// The same with its derivative.
    fn traced_dual<'s>(&self, d: Dual<Traced<'s>>) -> Dual<Traced<'s>>;

    /// Whether an item is compared with all others, and not with those of less relevance.
    fn are_all_compared(&self) -> bool;

    /// What tells formulas apart.
    fn name(&self) -> String;
}

impl<F: ListFormula> TracedList for F {
    fn traced<'s>(&self, d: Traced<'s>) -> Traced<'s> {
        self.value(d)
    }

    fn traced_dual<'s>(&self, d: Dual<Traced<'s>>) -> Dual<Traced<'s>> {
        self.value(d)
    }

    fn are_all_compared(&self) -> bool {
        F::COMPARED == Compared::Others
    }

    fn name(&self) -> String {
        name_of(self)
    }
}

/// What a pair costs.
#[cube]
#[allow(unused_variables)]
fn cost_of(d: f32, words: &Words, #[comptime] formula: Named<dyn TracedList>) -> f32 {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let d = Traced::new(&sheet, d);
        formula.formula.traced(d).into_scalar()
    })
}

/// The slope of that.
#[cube]
#[allow(unused_variables)]
fn slope_of(d: f32, words: &Words, #[comptime] formula: Named<dyn TracedList>) -> f32 {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let d = Dual::variable(Traced::new(&sheet, d));
        formula.formula.traced_dual(d).derivative().into_scalar()
    })
}

/// Whether an item is compared with another of its list.
#[cube]
fn is_compared(item: f32, other: f32, padded: f32, #[comptime] all: bool) -> bool {
    if comptime!(all) {
        item != padded && other != padded
    } else {
        other < item && other != padded
    }
}

#[cube(launch_unchecked, address_type = "dynamic")]
#[allow(clippy::too_many_arguments)]
fn item_sums(
    scores: &[f32],
    relevances: &[f32],
    sums: &mut [f32],
    words: Words,
    padded: f32,
    items: usize,
    length: usize,
    #[comptime] formula: Named<dyn TracedList>,
) {
    let mut board = Board::new();
    let all = comptime!(formula.formula.are_all_compared());
    let mut item = CUBE_POS;
    while item < items {
        let first = item / length * length;
        let own = scores[item];
        let relevance = relevances[item];
        let mut sum = 0.0_f32;
        let mut at = UNIT_POS as usize;
        while at < length {
            let other = first + at;
            if other != item && is_compared(relevance, relevances[other], padded, all) {
                sum += cost_of(own - scores[other], &words, formula.clone());
            }
            at += UNITS;
        }
        let sum = board.sum_of_cube(sum);
        if UNIT_POS == 0 {
            sums[item] = sum;
        }
        item += CUBE_COUNT;
    }
}

#[cube(launch_unchecked, address_type = "dynamic")]
#[allow(clippy::too_many_arguments)]
fn item_slopes(
    scores: &[f32],
    relevances: &[f32],
    upstream: &[f32],
    gradient: &mut [f32],
    words: Words,
    padded: f32,
    items: usize,
    length: usize,
    #[comptime] formula: Named<dyn TracedList>,
) {
    let mut board = Board::new();
    let all = comptime!(formula.formula.are_all_compared());
    let mut item = CUBE_POS;
    while item < items {
        let first = item / length * length;
        let own = scores[item];
        let relevance = relevances[item];
        let factor = upstream[item];
        let mut sum = 0.0_f32;
        let mut at = UNIT_POS as usize;
        while at < length {
            let other = first + at;
            if other != item {
                let score = scores[other];
                let of_other = relevances[other];
                if factor != 0.0_f32 && is_compared(relevance, of_other, padded, all) {
                    sum += factor * slope_of(own - score, &words, formula.clone());
                }
                let its_factor = upstream[other];
                if its_factor != 0.0_f32 && is_compared(of_other, relevance, padded, all) {
                    sum -= its_factor * slope_of(score - own, &words, formula.clone());
                }
            }
            at += UNITS;
        }
        let sum = board.sum_of_cube(sum);
        if UNIT_POS == 0 {
            gradient[item] = sum;
        }
        item += CUBE_COUNT;
    }
}

#[cube(launch_unchecked, address_type = "dynamic")]
fn class_sums(
    scores: &[f32],
    classes: &[i32],
    sums: &mut [f32],
    words: Words,
    length: usize,
    #[comptime] formula: Named<dyn TracedList>,
) {
    let mut board = Board::new();
    let mut list = CUBE_POS;
    while list < sums.len() {
        let first = list * length;
        let class = classes[list];
        let is_known = class >= 0 && (class as usize) < length;
        let class = select(is_known, class as usize, 0);
        let own = scores[first + class];
        let mut sum = 0.0_f32;
        let mut at = UNIT_POS as usize;
        while at < length {
            if at != class {
                sum += cost_of(own - scores[first + at], &words, formula.clone());
            }
            at += UNITS;
        }
        let sum = board.sum_of_cube(sum);
        if UNIT_POS == 0 {
            sums[list] = select(is_known, sum, words.nan);
        }
        list += CUBE_COUNT;
    }
}

#[cube(launch_unchecked, address_type = "dynamic")]
#[allow(clippy::too_many_arguments)]
fn class_slopes(
    scores: &[f32],
    classes: &[i32],
    upstream: &[f32],
    gradient: &mut [f32],
    words: Words,
    length: usize,
    #[comptime] formula: Named<dyn TracedList>,
) {
    let mut board = Board::new();
    let mut list = CUBE_POS;
    while list < upstream.len() {
        let first = list * length;
        let class = classes[list];
        let is_known = class >= 0 && (class as usize) < length;
        let class = select(is_known, class as usize, 0);
        let own = scores[first + class];
        let factor = upstream[list];
        let mut sum = 0.0_f32;
        let mut at = UNIT_POS as usize;
        while at < length {
            if at != class {
                let mut slope = 0.0_f32;
                if factor != 0.0_f32 {
                    let one = slope_of(own - scores[first + at], &words, formula.clone());
                    slope = select(is_known, factor * one, words.nan);
                }
                sum += slope;
                gradient[first + at] = -slope;
            }
            at += UNITS;
        }
        let sum = board.sum_of_cube(sum);
        if UNIT_POS == 0 {
            let unknown = !is_known && factor != 0.0_f32;
            gradient[first + class] = select(unknown, words.nan, sum);
        }
        list += CUBE_COUNT;
    }
}

/// Lists of scores `[B, L]`, at least one number.
pub(crate) struct Lists {
    pub scores: CubeTensor,
    /// How relevant each item is, `[B, L]` of `f32`, or with `of_classes` the item above all others, `[B]` of `i32`.
    pub members: CubeTensor,
    pub of_classes: bool,
}

impl Lists {
    /// How many sums there are: one for each item, or with classes for each list.
    fn rows(&self) -> usize {
        let [count, length] = self.scores.shape().dims();
        match self.of_classes {
            true => count,
            false => count * length,
        }
    }
}

/// What each item costs, `[B, L]`, or each list, `[B, 1]`.
pub(crate) fn list_sums(lists: Lists, formula: &Named<dyn TracedList>) -> CubeTensor {
    let rows = lists.rows();
    let [scores, members] = [lists.scores, lists.members].map(into_contiguous);
    let [count, length] = scores.shape().dims();
    let client = scores.client.clone();
    let sums = empty(&scores, [count, rows / count]);
    let (cubes, dim) = plan(rows);
    // SAFETY: a row is below `rows`, of which there are as many sums, and as many members; an item is below `length` behind the
    // first of a list. A class that is none is not used as a place.
    unsafe {
        match lists.of_classes {
            true => class_sums::launch_unchecked(
                &client,
                cubes,
                dim,
                scores.required_address_type(),
                scores.into_buffer_arg(),
                members.into_buffer_arg(),
                sums.clone().into_buffer_arg(),
                words(),
                length,
                formula.clone(),
            ),
            false => item_sums::launch_unchecked(
                &client,
                cubes,
                dim,
                scores.required_address_type(),
                scores.into_buffer_arg(),
                members.into_buffer_arg(),
                sums.clone().into_buffer_arg(),
                words(),
                PADDED,
                rows,
                length,
                formula.clone(),
            ),
        }
    }
    sums
}

/// What an upstream gradient of these is to the scores; where that is 0 it stays 0, whatever they hold.
pub(crate) fn list_gradient(
    lists: Lists,
    formula: &Named<dyn TracedList>,
    upstream: CubeTensor,
) -> CubeTensor {
    let rows = lists.rows();
    let [scores, members] = [lists.scores, lists.members].map(into_contiguous);
    let upstream = into_contiguous(upstream);
    let [_, length] = scores.shape().dims();
    let client = scores.client.clone();
    let gradient = empty(&scores, scores.shape());
    let (cubes, dim) = plan(rows);
    // SAFETY: as above; there is an upstream gradient for each sum, and a slope for each score.
    unsafe {
        match lists.of_classes {
            true => class_slopes::launch_unchecked(
                &client,
                cubes,
                dim,
                scores.required_address_type(),
                scores.into_buffer_arg(),
                members.into_buffer_arg(),
                upstream.into_buffer_arg(),
                gradient.clone().into_buffer_arg(),
                words(),
                length,
                formula.clone(),
            ),
            false => item_slopes::launch_unchecked(
                &client,
                cubes,
                dim,
                scores.required_address_type(),
                scores.into_buffer_arg(),
                members.into_buffer_arg(),
                upstream.into_buffer_arg(),
                gradient.clone().into_buffer_arg(),
                words(),
                PADDED,
                rows,
                length,
                formula.clone(),
            ),
        }
    }
    gradient
}

/// A cube for each row, up to a number of them.
fn plan(rows: usize) -> (CubeCount, CubeDim) {
    let cubes = rows.min(ALONG as usize) as u32;
    (
        CubeCount::Static(cubes, 1, 1),
        CubeDim::new_1d(UNITS as u32),
    )
}

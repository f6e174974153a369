//! Sums over the pairs of items of each list, and their gradient: a cube for each item, or for each list of which one item is
//! above all others.
//!
//! In the backward pass a cube collects what its item is to all pairs it is in, as the first and as the second of them. So an
//! item's slope is written once, by one cube, in an order that does not depend on the run.

use super::{
    compare::differs,
    formula::{Named, name_of},
    grid::cubes_of,
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
        differs(item, padded) && differs(other, padded)
    } else {
        other < item && differs(other, padded)
    }
}

/// Lists as kernels have them.
#[derive(CubeType, CubeLaunch)]
struct ListsIn<M: CubePrimitive> {
    /// `[B, L]`
    scores: &'static [f32],
    /// A number for each of `rows`.
    members: &'static [M],
    words: Words,
    padded: f32,
    rows: usize,
    length: usize,
}

#[cube(launch_unchecked, address_type = "dynamic")]
fn item_sums(lists: ListsIn<f32>, sums: &mut [f32], #[comptime] formula: Named<dyn TracedList>) {
    let mut board = Board::new();
    let all = comptime!(formula.formula.are_all_compared());
    let mut item = CUBE_POS;
    while item < lists.rows {
        let first = item / lists.length * lists.length;
        let own = lists.scores[item];
        let relevance = lists.members[item];
        let mut sum = 0.0_f32;
        let mut at = UNIT_POS as usize;
        while at < lists.length {
            let other = first + at;
            let of_other = lists.members[other];
            if other != item && is_compared(relevance, of_other, lists.padded, all) {
                sum += cost_of(own - lists.scores[other], &lists.words, formula.clone());
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
fn item_slopes(
    lists: ListsIn<f32>,
    upstream: &[f32],
    gradient: &mut [f32],
    #[comptime] formula: Named<dyn TracedList>,
) {
    let mut board = Board::new();
    let all = comptime!(formula.formula.are_all_compared());
    let padded = lists.padded;
    let mut item = CUBE_POS;
    while item < lists.rows {
        let first = item / lists.length * lists.length;
        let own = lists.scores[item];
        let relevance = lists.members[item];
        let factor = upstream[item];
        let mut sum = 0.0_f32;
        let mut at = UNIT_POS as usize;
        while at < lists.length {
            let other = first + at;
            if other != item {
                let score = lists.scores[other];
                let of_other = lists.members[other];
                if differs(factor, 0.0_f32) && is_compared(relevance, of_other, padded, all) {
                    sum += factor * slope_of(own - score, &lists.words, formula.clone());
                }
                let its_factor = upstream[other];
                if differs(its_factor, 0.0_f32) && is_compared(of_other, relevance, padded, all) {
                    sum -= its_factor * slope_of(score - own, &lists.words, formula.clone());
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

/// The class of a list, 0 where it is none, and whether it is one.
#[cube]
fn class_of(lists: &ListsIn<i32>, list: usize) -> (usize, bool) {
    let class = lists.members[list];
    let is_known = class >= 0 && (class as usize) < lists.length;
    (select(is_known, class as usize, 0), is_known)
}

#[cube(launch_unchecked, address_type = "dynamic")]
fn class_sums(lists: ListsIn<i32>, sums: &mut [f32], #[comptime] formula: Named<dyn TracedList>) {
    let mut board = Board::new();
    let mut list = CUBE_POS;
    while list < lists.rows {
        let first = list * lists.length;
        let (class, is_known) = class_of(&lists, list);
        let own = lists.scores[first + class];
        let mut sum = 0.0_f32;
        let mut at = UNIT_POS as usize;
        while at < lists.length {
            if at != class {
                sum += cost_of(
                    own - lists.scores[first + at],
                    &lists.words,
                    formula.clone(),
                );
            }
            at += UNITS;
        }
        let sum = board.sum_of_cube(sum);
        if UNIT_POS == 0 {
            sums[list] = select(is_known, sum, lists.words.nan);
        }
        list += CUBE_COUNT;
    }
}

#[cube(launch_unchecked, address_type = "dynamic")]
fn class_slopes(
    lists: ListsIn<i32>,
    upstream: &[f32],
    gradient: &mut [f32],
    #[comptime] formula: Named<dyn TracedList>,
) {
    let mut board = Board::new();
    let nan = lists.words.nan;
    let mut list = CUBE_POS;
    while list < lists.rows {
        let first = list * lists.length;
        let (class, is_known) = class_of(&lists, list);
        let own = lists.scores[first + class];
        let factor = upstream[list];
        let mut sum = 0.0_f32;
        let mut at = UNIT_POS as usize;
        while at < lists.length {
            if at != class {
                let mut slope = 0.0_f32;
                if differs(factor, 0.0_f32) {
                    let gap = own - lists.scores[first + at];
                    let one = slope_of(gap, &lists.words, formula.clone());
                    slope = select(is_known, factor * one, nan);
                }
                sum += slope;
                gradient[first + at] = -slope;
            }
            at += UNITS;
        }
        let sum = board.sum_of_cube(sum);
        if UNIT_POS == 0 {
            let unknown = !is_known && differs(factor, 0.0_f32);
            gradient[first + class] = select(unknown, nan, sum);
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
    fn contiguous(self) -> Self {
        Self {
            scores: into_contiguous(self.scores),
            members: into_contiguous(self.members),
            ..self
        }
    }

    /// How many sums there are: one for each item, or with classes for each list.
    fn rows(&self) -> usize {
        let [count, length] = self.scores.shape().dims();
        match self.of_classes {
            true => count,
            false => count * length,
        }
    }

    /// What kernels are launched with: members of that type.
    fn argument<M: CubePrimitive>(&self) -> ListsInLaunch<M> {
        let [_, length] = self.scores.shape().dims();
        ListsInLaunch::new(
            self.scores.clone().into_buffer_arg(),
            self.members.clone().into_buffer_arg(),
            words(),
            PADDED,
            self.rows(),
            length,
        )
    }

    /// A cube for each row, and how wide an address is.
    fn plan(&self) -> (CubeCount, CubeDim, AddressType) {
        (
            cubes_of(self.rows()),
            CubeDim::new_1d(UNITS as u32),
            self.scores.required_address_type(),
        )
    }
}

/// What each item costs, `[B, L]`, or each list, `[B, 1]`.
pub(crate) fn list_sums(lists: Lists, formula: &Named<dyn TracedList>) -> CubeTensor {
    let lists = lists.contiguous();
    let [count, _] = lists.scores.shape().dims();
    let client = &lists.scores.client;
    let sums = empty(&lists.scores, [count, lists.rows() / count]);
    let (cubes, dim, address) = lists.plan();
    let (out, formula) = (sums.clone().into_buffer_arg(), formula.clone());
    // SAFETY: a row is below `rows`, of which there are as many sums, and as many members; an item is below `length` behind the
    // first of a list. A class that is none is not used as a place.
    unsafe {
        match lists.of_classes {
            true => {
                let lists = lists.argument();
                class_sums::launch_unchecked(client, cubes, dim, address, lists, out, formula);
            }
            false => {
                let lists = lists.argument();
                item_sums::launch_unchecked(client, cubes, dim, address, lists, out, formula);
            }
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
    let lists = lists.contiguous();
    let upstream = into_contiguous(upstream).into_buffer_arg();
    let client = &lists.scores.client;
    let gradient = empty(&lists.scores, lists.scores.shape());
    let (cubes, dim, address) = lists.plan();
    let (out, formula) = (gradient.clone().into_buffer_arg(), formula.clone());
    // SAFETY: as above; there is an upstream gradient for each sum, and a slope for each score.
    unsafe {
        match lists.of_classes {
            true => {
                let lists = lists.argument();
                class_slopes::launch_unchecked(
                    client, cubes, dim, address, lists, upstream, out, formula,
                );
            }
            false => {
                let lists = lists.argument();
                item_slopes::launch_unchecked(
                    client, cubes, dim, address, lists, upstream, out, formula,
                );
            }
        }
    }
    gradient
}

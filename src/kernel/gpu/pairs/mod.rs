//! Operations on pairs of points: a block of rows at a time, whose measures with all columns are made by Burn's matrix product
//! or, from differences of coordinates, by a kernel in tiles. One kernel makes the terms of each row of them, one writes
//! their slopes over them, and products make the gradients of the points of these.

mod block;
mod collect;
mod costs;
mod extremes;
mod labels;
mod listed;
mod norms;
mod semi_hard;
mod slopes;
mod terms;
mod traced;
mod triplets;

use super::{formula::Named, memory::empty};
use block::Spread;
use burn_cubecl::{kernel::into_contiguous, tensor::CubeTensor};

pub(crate) use block::Pairs;
pub(crate) use extremes::{Extremes, pair_extremes};
pub(crate) use labels::Labels;
pub(crate) use listed::{listed_gradients, listed_terms};
pub(crate) use semi_hard::{semi_hard_gradients, semi_hard_terms};
pub(crate) use traced::TracedPairs;
pub(crate) use triplets::{triplet_gradients, triplet_terms};

/// The terms of every row: `[T, N]`, or `[T, N + K]` with those of columns behind, where both have some.
pub(crate) fn pair_terms(pairs: Pairs, formula: &Named<dyn TracedPairs>, both: bool) -> CubeTensor {
    let pairs = pairs.contiguous();
    let [rows, columns] = pairs.counts();
    let has_columns = both && !pairs.labels.same;
    let count = formula.count();
    let of_columns = if has_columns { columns } else { 0 };
    let terms = empty(&pairs.rows, [count, rows + of_columns]);
    let mut state = None;
    for block in pairs.blocks(1) {
        terms::of_rows(&block, &pairs.labels, formula, &terms);
        if has_columns {
            // One block needs to remember nothing.
            if block.rows.len() < rows && state.is_none() {
                state = Some(empty(&pairs.rows, [2 * count, columns]));
            }
            terms::of_columns(&block, &pairs.labels, formula, state.as_ref(), &terms);
        }
    }
    terms
}

/// What an upstream gradient of the terms is to rows and columns, each where it is wanted. Of the same points there is one
/// gradient, the first.
pub(crate) fn pair_gradients(
    pairs: Pairs,
    formula: &Named<dyn TracedPairs>,
    both: bool,
    [terms, upstream]: [CubeTensor; 2],
    wanted: [bool; 2],
) -> [Option<CubeTensor>; 2] {
    let pairs = pairs.contiguous();
    let [terms, upstream] = [terms, upstream].map(into_contiguous);
    let [rows, _] = pairs.counts();
    let by = slopes::Terms {
        formula,
        terms: &terms,
        upstream: &upstream,
        // Of the same points a pair is in the terms of both, and its measure is the same both ways: one block has the
        // slopes of both, and one product their gradient.
        behind: match (pairs.labels.same, both) {
            (true, _) => Some(0),
            (false, true) => Some(rows),
            (false, false) => None,
        },
    };
    let wanted = [wanted[0], wanted[1] && !pairs.labels.same];
    let per_pair = 1 + usize::from(norms::needs_measures(&pairs.measure));
    let mut spread = Spread::new(wanted);
    for block in pairs.blocks(per_pair) {
        let slopes = slopes::of_block(&block, &pairs.labels, &by);
        spread.add(block, slopes);
    }
    spread.gradients()
}

//! What triplets cost, a block of anchors at a time, and the gradient of that, whichever triplets these are.

use super::{
    block::{Block, Pairs, Spread},
    labels::Labels,
};
use crate::kernel::gpu::memory::empty;
use burn_cubecl::{kernel::into_contiguous, ops::numeric::add, tensor::CubeTensor};

/// How much room a pair needs. The terms need less than the gradients, but both have to choose from measures of the same
/// blocks: products of another shape may differ in the last digits.
const PER_PAIR: usize = 2;

/// Of every row what its triplets cost together, how many of them cost something, and how many there are: `[3, N]`, which
/// `write` does for the rows of a block.
pub(super) fn costs(pairs: Pairs, write: &dyn Fn(&Block, &Labels, &CubeTensor)) -> CubeTensor {
    let pairs = pairs.contiguous();
    let [rows, _] = pairs.counts();
    let terms = empty(&pairs.rows, [3, rows]);
    for block in pairs.blocks(PER_PAIR) {
        write(&block, &pairs.labels, &terms);
    }
    terms
}

/// What an upstream gradient of the costs is to rows and columns, each where it is wanted. Of the same points there is one
/// gradient, the first. `write` makes the slopes of a block's measures of the upstream gradient.
pub(super) fn cost_gradients(
    pairs: Pairs,
    upstream: CubeTensor,
    wanted: [bool; 2],
    write: &dyn Fn(&Block, &Labels, &CubeTensor, &CubeTensor),
) -> [Option<CubeTensor>; 2] {
    let pairs = pairs.contiguous();
    let upstream = into_contiguous(upstream);
    let same = pairs.labels.same;
    let mut spread = Spread::new([wanted[0], wanted[1] || (same && wanted[0])]);
    for block in pairs.blocks(PER_PAIR) {
        let slopes = empty(&block.measures, block.shape());
        write(&block, &pairs.labels, &upstream, &slopes);
        spread.add(block, slopes);
    }
    match (same, spread.gradients()) {
        (true, [Some(as_rows), Some(as_columns)]) => [Some(add(as_rows, as_columns)), None],
        (true, [one, other]) => [one.or(other), None],
        (false, gradients) => gradients,
    }
}

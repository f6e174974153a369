//! All triplets of some anchors at a time, each by itself.

use super::{
    block::{Block, Spread},
    parts::joined,
};
use crate::{
    backend::pairs::{inputs::PairInputs, operation::Triplets},
    formula::{Dual, Kind, PairSelection, Real, counts},
};
use burn::tensor::{Bool, Tensor};

/// Which triplets of a row there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Choice {
    /// All of those pairs that are selected.
    All,
    /// One for each positive.
    SemiHard,
}

/// Beyond this all distances are the same: what is beyond them stands for what is no distance.
const LARGEST: f64 = 1e38;

/// The triplets of a block of anchors.
struct Cube {
    block: Block,
    /// How much farther each positive (dimension 1) is than each negative (dimension 2).
    excess: Tensor<3>,
    outside: Tensor<3, Bool>,
}

impl Cube {
    fn all(triplets: &Triplets, choice: Choice, inputs: &PairInputs) -> impl Iterator<Item = Self> {
        let columns = inputs.others().dims()[0];
        let blocks = Block::all(inputs, triplets.measure, columns);
        blocks.map(move |block| {
            let cube = Self::new(triplets, block);
            match choice {
                Choice::All => cube,
                Choice::SemiHard => cube.semi_hard(triplets),
            }
        })
    }

    /// Leaves one triplet of each positive: that with the nearest negative farther away, or with the farthest negative
    /// where there is none; one at no known distance before all others.
    fn semi_hard(self, triplets: &Triplets) -> Self {
        let [anchors, positives, negatives] = self.excess.dims();
        let whole = [anchors, positives, negatives];
        let distances = triplets.all.gap.value(self.block.measures.clone());
        let distances = distances.unsqueeze_dim::<3>(1).expand(whole);
        let unknown = distances.clone().is_nan();
        let distances = distances.clamp(-LARGEST, LARGEST);
        // What is farther away is looked for first, and what is not as if it were behind all of that.
        let nearer = self.excess.clone().lower_scalar(0.0).bool_not();
        let behind = distances.clone().mask_fill(nearer.clone(), f64::INFINITY);
        let behind = behind.mask_fill(unknown.clone(), f64::NEG_INFINITY);
        let behind = behind.mask_fill(self.outside.clone(), f64::INFINITY);
        let first = behind.clone().argmin(2);
        let is_none = behind.min_dim(2).equal_scalar(f64::INFINITY);
        let farthest = distances.mask_fill(self.outside.clone(), f64::NEG_INFINITY);
        let last = farthest.flip([2]).argmax(2) * -1 + (negatives as i64 - 1);
        let chosen = first.mask_where(is_none, last).expand(whole);
        let places = Tensor::arange(0..negatives as i64, &self.excess.device());
        let others = chosen.not_equal(places.reshape([1, 1, negatives]).expand(whole));
        Self {
            outside: self.outside.bool_or(others),
            ..self
        }
    }

    fn new(triplets: &Triplets, block: Block) -> Self {
        let distances = triplets.all.gap.value(block.measures.clone());
        let [no_positive, no_negative] = selected(triplets.all.selection, &distances, &block);
        let [anchors, columns] = distances.dims();
        let whole = [anchors, columns, columns];
        let positive = distances.clone().unsqueeze_dim::<3>(2).expand(whole);
        let negative = distances.unsqueeze_dim::<3>(1).expand(whole);
        let no_positive = no_positive.unsqueeze_dim::<3>(2).expand(whole);
        let no_negative = no_negative.unsqueeze_dim::<3>(1).expand(whole);
        Self {
            excess: positive - negative,
            outside: no_positive.bool_or(no_negative),
            block,
        }
    }

    /// A number of each triplet, 0 of those that are none, summed for each anchor: `[1, N]`.
    fn sum(&self, numbers: Tensor<3>) -> Tensor<2> {
        let numbers = numbers.mask_fill(self.outside.clone(), 0.0);
        let anchors = numbers.dims()[0];
        numbers.sum_dim(2).sum_dim(1).reshape([1, anchors])
    }
}

/// Which pairs are no positives, and which no negatives, of triplets.
fn selected(
    selection: PairSelection,
    distances: &Tensor<2>,
    block: &Block,
) -> [Tensor<2, Bool>; 2] {
    let [no_positive, no_negative] =
        [Kind::Positive, Kind::Negative].map(|kind| block.outside(kind));
    if selection == PairSelection::All {
        return [no_positive, no_negative];
    }
    let distances = distances.clone().detach();
    // NaN where a distance is: then all pairs are kept, whatever the device makes of a NaN in a maximum.
    let neither = no_positive.clone().bool_and(no_negative.clone());
    let unknown = distances.clone().is_nan();
    let unknown = distances.zeros_like().mask_fill(unknown, f64::NAN);
    let unknown = unknown.mask_fill(neither, 0.0).sum_dim(1);
    let farthest = |outside: &Tensor<2, Bool>, distances: Tensor<2>| {
        distances
            .mask_fill(outside.clone(), f64::NEG_INFINITY)
            .max_dim(1)
            + unknown.clone()
    };
    let nearest = -farthest(&no_negative, -distances.clone());
    let farthest = farthest(&no_positive, distances.clone());
    let left_out = |kind: Kind, other: Tensor<2>| {
        let other = other.expand(distances.dims());
        selection
            .keeps(kind, distances.clone(), other)
            .equal_scalar(0.0)
    };
    [
        no_positive.bool_or(left_out(Kind::Positive, nearest)),
        no_negative.bool_or(left_out(Kind::Negative, farthest)),
    ]
}

/// Of every anchor what its triplets cost together, how many of them cost something, and how many there
/// are: `[3, N]`.
pub(super) fn terms(triplets: &Triplets, choice: Choice, inputs: &PairInputs) -> Tensor<2> {
    let blocks = Cube::all(triplets, choice, inputs).map(|cube| {
        let costs = triplets.all.penalty.value(cube.excess.clone());
        let costly = counts(costs.clone().detach());
        let one = costly.constant(1.0);
        let terms = [costs, costly, one].map(|numbers| cube.sum(numbers));
        Tensor::cat(terms.into(), 0)
    });
    joined(blocks.collect(), 1)
}

/// What an upstream gradient is to rows and columns, each where it is wanted. Of the same points there is
/// one gradient, the first.
pub(super) fn gradients(
    triplets: &Triplets,
    choice: Choice,
    inputs: &PairInputs,
    upstream: Tensor<2>,
    wanted: [bool; 2],
) -> [Option<Tensor<2>>; 2] {
    let mut spread = Spread::new(inputs, wanted);
    for cube in Cube::all(triplets, choice, inputs) {
        let costs = triplets.all.penalty.value(Dual::variable(cube.excess));
        let slopes = costs.derivative().mask_fill(cube.outside, 0.0);
        let block = cube.block;
        let shape = block.measures.dims();
        let of_positives = slopes.clone().sum_dim(2).reshape(shape);
        let of_negatives = slopes.sum_dim(1).reshape(shape);
        let slopes = of_positives - of_negatives;
        let upstream = upstream.clone().slice([0..1, block.rows.clone()]);
        let gap = triplets
            .all
            .gap
            .value(Dual::variable(block.measures.clone()));
        let gradient = gap.derivative() * slopes.clone() * upstream.transpose();
        // Of no triplet, whatever it holds.
        let gradient = gradient.mask_fill(slopes.equal_scalar(0.0), 0.0);
        spread.add(block, gradient);
    }
    spread.gradients()
}

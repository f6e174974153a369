//! All triplets of some anchors at a time, each by itself.

use super::block::{Block, Spread};
use crate::{
    backend::{
        extension::{PairCall, PairOps},
        numbers::{Numbers, bool_dtype},
        pairs::Triplets,
    },
    formula::{Dual, Kind, PairSelection, Real},
};
use burn::{
    backend::{
        TensorMetadata,
        tensor::{BoolTensor, FloatTensor},
    },
    tensor::{Shape, Slice},
};

/// The triplets of a block of anchors.
struct Cube<B: PairOps> {
    block: Block<B>,
    /// How much farther each positive (dimension 1) is than each negative (dimension 2).
    excess: Numbers<B>,
    outside: BoolTensor<B>,
}

impl<B: PairOps> Cube<B> {
    fn all(triplets: &Triplets, call: &PairCall<B>) -> impl Iterator<Item = Self> {
        let columns = call.columns.as_ref().unwrap_or(&call.rows).shape()[0];
        Block::all(call, triplets.measure, columns).map(|block| Self::new(triplets, block))
    }

    fn new(triplets: &Triplets, block: Block<B>) -> Self {
        let distances = triplets.all.gap.value(block.measures.clone());
        let [anchors, columns] = [distances.shape()[0], distances.shape()[1]];
        let mut no_positive = block.outside(Kind::Positive);
        let mut no_negative = block.outside(Kind::Negative);
        if let PairSelection::MultiSimilarity { epsilon } = triplets.all.selection {
            let shape = distances.shape();
            let along = |extreme: Numbers<B>| extreme.expand(shape.clone());
            let far = distances
                .clone()
                .mask_fill(no_negative.clone(), f64::INFINITY);
            // NaN where a distance is: then all pairs are kept, whatever the device makes of a NaN in a maximum.
            let neither = B::bool_and(no_positive.clone(), no_negative.clone());
            let unknown = (distances.clone() * 0.0).mask_fill(neither, 0.0).sum_dim(1);
            let nearest = along(-(-far).max_dim(1) + unknown.clone());
            let near = distances
                .clone()
                .mask_fill(no_positive.clone(), f64::NEG_INFINITY);
            let farthest = along(near.max_dim(1) + unknown);
            let dtype = bool_dtype::<B>(&distances.0);
            let up = distances.clone() + epsilon;
            let down = distances.clone() - epsilon;
            let easy_positive = B::float_lower_equal(up.0, nearest.0, dtype);
            let easy_negative = B::float_lower_equal(farthest.0, down.0, dtype);
            no_positive = B::bool_or(no_positive, easy_positive);
            no_negative = B::bool_or(no_negative, easy_negative);
        }
        let whole = Shape::new([anchors, columns, columns]);
        let [down, across] = [[anchors, columns, 1], [anchors, 1, columns]].map(Shape::new);
        let positive = distances.clone().reshape(down.clone());
        let negative = distances.reshape(across.clone());
        let mask = |mask, shape| B::bool_expand(B::bool_reshape(mask, shape), whole.clone());
        Self {
            excess: positive.expand(whole.clone()) - negative.expand(whole.clone()),
            outside: B::bool_or(mask(no_positive, down), mask(no_negative, across)),
            block,
        }
    }

    /// A number of each triplet, 0 of those that are none, summed for each anchor: `[1, N]`.
    fn sum(&self, numbers: Numbers<B>) -> Numbers<B> {
        let numbers = numbers.mask_fill(self.outside.clone(), 0.0);
        let anchors = numbers.shape()[0];
        let sum = numbers.sum_dim(2).sum_dim(1);
        sum.reshape(Shape::new([1, anchors]))
    }
}

/// Of every anchor what its triplets cost together, how many of them cost something, and how many there
/// are: `[3, N]`.
pub(in crate::backend) fn triplet_terms<B: PairOps>(
    triplets: &Triplets,
    call: &PairCall<B>,
) -> FloatTensor<B> {
    let blocks = Cube::all(triplets, call).map(|cube| {
        let costs = triplets.all.penalty.value(cube.excess.clone());
        let one = costs.constant(1.0);
        let nothing = costs.constant(0.0);
        let costly = costs.where_equal(0.0, nothing, one.clone());
        let terms = [costs, costly, one].map(|numbers| cube.sum(numbers));
        Numbers::cat(terms.into(), 0)
    });
    Numbers::cat(blocks.collect(), 1).0
}

/// What an upstream gradient is to rows and columns, each where it is wanted. Of the same points there is
/// one gradient, the first.
pub(in crate::backend) fn triplet_gradients<B: PairOps>(
    triplets: &Triplets,
    call: &PairCall<B>,
    upstream: FloatTensor<B>,
    wanted: [bool; 2],
) -> [Option<FloatTensor<B>>; 2] {
    let mut spread = Spread::new(call, wanted);
    for cube in Cube::all(triplets, call) {
        let costs = triplets.all.penalty.value(Dual::variable(cube.excess));
        let slopes = costs.derivative().mask_fill(cube.outside, 0.0);
        let block = cube.block;
        let shape = block.measures.shape();
        let of_positives = slopes.clone().sum_dim(2).reshape(shape.clone());
        let of_negatives = slopes.sum_dim(1).reshape(shape.clone());
        let slopes = of_positives - of_negatives;
        let slices = [Slice::from(0..1), Slice::from(block.rows.clone())];
        let upstream = Numbers::<B>(B::float_slice(upstream.clone(), &slices));
        let upstream = upstream.reshape(Shape::new([shape[0], 1])).expand(shape);
        let gap = triplets
            .all
            .gap
            .value(Dual::variable(block.measures.clone()));
        let gradient = gap.derivative() * slopes.clone() * upstream;
        // Of no triplet, whatever it holds.
        let gradient = slopes.where_equal(0.0, slopes.constant(0.0), gradient);
        spread.add(block, gradient);
    }
    spread.gradients()
}

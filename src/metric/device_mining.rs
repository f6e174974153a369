//! Triplets chosen where the embeddings are: nothing is read back.

use super::{
    distance::Distance,
    triplets::{Candidates, Triplets},
};
use crate::{
    backend::{self, Block, Extremes, PairInputs},
    embeddings::labels_from,
    formula::Kind,
};
use burn::tensor::Tensor;

/// Beyond this all distances are the same: what is beyond them stands for what is no distance.
const LARGEST: f64 = 1e38;

/// The farthest or the nearest positive of each anchor, and its nearest negative. Anchors that lack one of
/// them have a triplet that is none.
pub(super) fn extremes(distance: Distance, inputs: PairInputs, farthest: bool) -> Candidates {
    let wanted = Extremes {
        measure: distance.measure(),
        gap: distance.gap(),
        farthest,
    };
    let count = inputs.rows.dims()[0];
    let anchors = labels_from(0, count, &inputs.rows);
    if let Some([positives, negatives, missing]) = backend::extremes(wanted, &inputs) {
        return Candidates {
            triplets: Triplets {
                anchors,
                positives,
                negatives,
            },
            valid: Some(missing.equal_scalar(0)),
            unknown: None,
        };
    }
    let (mut positives, mut negatives, mut valid) = (Vec::new(), Vec::new(), Vec::new());
    for block in Block::all(&inputs, distance.measure(), 1) {
        let measures = block.measures.clone();
        // What is looked for is where this is smallest; one that is NaN is taken before all others.
        let keys = match distance.gap().grows() {
            true => measures,
            false => -measures,
        };
        let unknown = keys.clone().is_nan();
        let of_positives = if farthest {
            -keys.clone()
        } else {
            keys.clone()
        };
        for (keys, kind, found) in [
            (of_positives, Kind::Positive, &mut positives),
            (keys, Kind::Negative, &mut negatives),
        ] {
            let outside = block.outside(kind);
            let keys = keys
                .clamp(-LARGEST, LARGEST)
                .mask_fill(unknown.clone(), f64::NEG_INFINITY)
                .mask_fill(outside.clone(), f64::INFINITY);
            found.push(keys.argmin(1).reshape([block.rows.len()]));
            let exists = outside.bool_not().any_dim(1);
            valid.push(exists.reshape([block.rows.len()]));
        }
    }
    let (of_positives, of_negatives): (Vec<_>, Vec<_>) = valid
        .chunks(2)
        .map(|pair| (pair[0].clone(), pair[1].clone()))
        .unzip();
    Candidates {
        triplets: Triplets {
            anchors,
            positives: Tensor::cat(positives, 0),
            negatives: Tensor::cat(negatives, 0),
        },
        valid: Some(Tensor::cat(of_positives, 0).bool_and(Tensor::cat(of_negatives, 0))),
        unknown: None,
    }
}

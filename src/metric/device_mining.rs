//! Triplets chosen where the embeddings are: nothing is read back.

use super::{
    distance::Distance,
    triplets::{Candidates, Triplets},
};
use crate::backend::{NO_LABEL, PairInputs, measures, row_blocks};
use crate::formula::Gap;
use burn::tensor::{Int, Tensor};

/// Beyond this all distances are the same: what is beyond them stands for what is no distance.
const LARGEST: f64 = 1e38;

/// The farthest or the nearest positive of each anchor, and its nearest negative. Anchors that lack one of
/// them have a triplet that is none.
pub(super) fn extremes(distance: Distance, inputs: PairInputs, farthest: bool) -> Candidates {
    let same = inputs.columns.is_none();
    let columns = inputs.columns.unwrap_or_else(|| inputs.rows.clone());
    let (count, device) = (columns.dims()[0], inputs.rows.device());
    let measure = distance.measure();
    let places = |range: core::ops::Range<usize>| {
        Tensor::<1, Int>::arange(range.start as i64..range.end as i64, &device)
    };
    let empty = inputs.column_labels.clone().equal_scalar(NO_LABEL);
    let (mut positives, mut negatives, mut valid) = (Vec::new(), Vec::new(), Vec::new());
    for block in row_blocks(measure, &inputs.rows, &columns) {
        let rows = inputs.rows.clone().slice_dim(0, block.clone());
        let labels = inputs.row_labels.clone().slice_dim(0, block.clone());
        let shape = [block.len(), count];
        let equal = |of_rows: Tensor<1, Int>, of_columns: Tensor<1, Int>| {
            let of_rows = of_rows.unsqueeze_dim::<2>(1).expand(shape);
            of_rows.equal(of_columns.unsqueeze::<2>().expand(shape))
        };
        let alike = equal(labels, inputs.column_labels.clone());
        let none = match same {
            true => equal(places(block.clone()), places(0..count)),
            false => empty.clone().unsqueeze::<2>().expand(shape),
        };
        let measures = measures(measure, rows, columns.clone());
        // What is looked for is where this is smallest; one that is NaN is taken before all others.
        let keys = match distance.gap() {
            Gap::Same | Gap::Root => measures,
            Gap::Missing | Gap::Negative => -measures,
        };
        let unknown = keys.clone().is_nan();
        let of_positives = if farthest {
            -keys.clone()
        } else {
            keys.clone()
        };
        for (keys, others, found) in [
            (of_positives, alike.clone().bool_not(), &mut positives),
            (keys, alike, &mut negatives),
        ] {
            let outside = others.bool_or(none.clone());
            let keys = keys
                .clamp(-LARGEST, LARGEST)
                .mask_fill(unknown.clone(), f64::NEG_INFINITY)
                .mask_fill(outside.clone(), f64::INFINITY);
            found.push(keys.argmin(1).reshape([block.len()]));
            let exists = outside.bool_not().any_dim(1).reshape([block.len()]);
            valid.push(exists);
        }
    }
    let (of_positives, of_negatives): (Vec<_>, Vec<_>) = valid
        .chunks(2)
        .map(|pair| (pair[0].clone(), pair[1].clone()))
        .unzip();
    Candidates {
        triplets: Triplets {
            anchors: places(0..inputs.row_labels.dims()[0]),
            positives: Tensor::cat(positives, 0),
            negatives: Tensor::cat(negatives, 0),
        },
        valid: Some(Tensor::cat(of_positives, 0).bool_and(Tensor::cat(of_negatives, 0))),
        unknown: None,
    }
}

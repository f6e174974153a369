//! Measures of the pairs of a list, some of them at a time.

use super::{
    block::BLOCK,
    measure::{between, slopes_between},
    parts::joined,
};
use crate::backend::pairs::{inputs::PairInputs, operation::ListedPairs};
use burn::tensor::{IndexingUpdateOp, Int, Tensor};
use core::ops::Range;

/// Some of the pairs.
struct Part {
    range: Range<usize>,
    /// Where the points of both sides are.
    places: [Tensor<1, Int>; 2],
    points: [Tensor<2>; 2],
}

fn parts(inputs: &PairInputs) -> impl Iterator<Item = Part> {
    let pairs = inputs.row_labels.dims()[0];
    let per_part = (BLOCK / inputs.rows.dims()[1]).max(1);
    (0..pairs).step_by(per_part).map(move |first| {
        let range = first..pairs.min(first + per_part);
        let part = |places: &Tensor<1, Int>| places.clone().slice_dim(0, range.clone());
        let places = [part(&inputs.row_labels), part(&inputs.column_labels)];
        let [a, b] = [(&inputs.rows, &places[0]), (inputs.others(), &places[1])]
            .map(|(points, places)| points.clone().select(0, places.clone()));
        Part {
            range,
            places,
            points: [a, b],
        }
    })
}

/// `[1, P]`
pub(super) fn terms(pairs: &ListedPairs, inputs: &PairInputs) -> Tensor<2> {
    let all = parts(inputs).map(|part| {
        let [a, b] = part.points;
        between(pairs.measure, a, b).unsqueeze::<2>()
    });
    joined(all.collect(), 1)
}

/// What an upstream gradient is to rows and columns, each where it is wanted. Of the same points there is
/// one gradient, the first.
pub(super) fn gradients(
    pairs: &ListedPairs,
    inputs: &PairInputs,
    upstream: Tensor<2>,
    [to_rows, to_columns]: [bool; 2],
) -> [Option<Tensor<2>>; 2] {
    let same = inputs.columns.is_none();
    let mut by_rows = to_rows.then(|| inputs.rows.zeros_like());
    let mut by_columns = (to_columns && !same).then(|| inputs.others().zeros_like());
    for part in parts(inputs) {
        let gradient = upstream.clone().slice_dim(1, part.range).transpose();
        // One that counts nothing may hold anything.
        let nothing = gradient.clone().equal_scalar(0.0);
        let [a, b] = part.points;
        let nothing = nothing.expand(a.dims());
        let [of_a, of_b] = slopes_between(pairs.measure, gradient, a, b)
            .map(|slopes| slopes.mask_fill(nothing.clone(), 0.0));
        let [of_rows, of_columns] = part.places;
        let add = |sum: Tensor<2>, places: Tensor<1, Int>, slopes: Tensor<2>| {
            sum.select_assign(0, places, slopes, IndexingUpdateOp::Add)
        };
        by_rows = by_rows.map(|sum| {
            let sum = add(sum, of_rows, of_a);
            match same {
                true => add(sum, of_columns.clone(), of_b.clone()),
                false => sum,
            }
        });
        by_columns = by_columns.map(|sum| add(sum, of_columns, of_b));
    }
    [by_rows, by_columns]
}

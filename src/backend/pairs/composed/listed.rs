//! Measures of the pairs of a list, some of them at a time.

use super::{
    block::BLOCK,
    measure::{of_differences, slopes_of_differences},
};
use crate::{
    backend::{
        extension::{PairCall, PairOps},
        numbers::Numbers,
    },
    formula::{Measure, Real},
};
use burn::{
    backend::{
        TensorMetadata,
        tensor::{FloatTensor, IntTensor},
    },
    tensor::{IndexingUpdateOp, Shape, Slice},
};
use core::ops::Range;

/// Some of the pairs.
struct Part<B: PairOps> {
    range: Range<usize>,
    /// Where the points of both sides are.
    places: [IntTensor<B>; 2],
    points: [Numbers<B>; 2],
}

fn parts<B: PairOps>(call: &PairCall<B>) -> impl Iterator<Item = Part<B>> {
    let pairs = call.row_labels.shape()[0];
    let per_part = (BLOCK / call.rows.shape()[1]).max(1);
    let columns = call.columns.as_ref().unwrap_or(&call.rows);
    (0..pairs).step_by(per_part).map(move |first| {
        let range = first..pairs.min(first + per_part);
        let part =
            |places: &IntTensor<B>| B::int_slice(places.clone(), &[Slice::from(range.clone())]);
        let places = [part(&call.row_labels), part(&call.column_labels)];
        let select = |points: &FloatTensor<B>, places: &IntTensor<B>| {
            Numbers(B::float_select(points.clone(), 0, places.clone()))
        };
        Part {
            points: [select(&call.rows, &places[0]), select(columns, &places[1])],
            range: range.clone(),
            places,
        }
    })
}

/// The measures of listed pairs, `[P]`.
pub(in crate::backend) fn listed<B: PairOps>(
    measure: Measure,
    call: &PairCall<B>,
) -> FloatTensor<B> {
    let all = parts(call).map(|part| {
        let [a, b] = part.points;
        let measures = match measure {
            Measure::Dot => (a * b).sum_dim(1),
            _ => of_differences(measure, a - b),
        };
        measures.reshape(Shape::new([part.range.len()]))
    });
    Numbers::cat(all.collect(), 0).0
}

/// What an upstream gradient is to rows and columns, each where it is wanted. Of the same points there is
/// one gradient, the first.
pub(in crate::backend) fn listed_gradients<B: PairOps>(
    measure: Measure,
    call: &PairCall<B>,
    upstream: FloatTensor<B>,
    [to_rows, to_columns]: [bool; 2],
) -> [Option<FloatTensor<B>>; 2] {
    let same = call.columns.is_none();
    let zeros = |points: &FloatTensor<B>| {
        B::float_zeros(points.shape(), &points.device(), points.dtype().into())
    };
    let mut by_rows = to_rows.then(|| zeros(&call.rows));
    let mut by_columns = match &call.columns {
        Some(columns) if to_columns => Some(zeros(columns)),
        _ => None,
    };
    for part in parts(call) {
        let [a, b] = part.points;
        let slices = [Slice::from(part.range.clone())];
        let gradient = Numbers::<B>(B::float_slice(upstream.clone(), &slices));
        let gradient = gradient.reshape(Shape::new([part.range.len(), 1]));
        let [of_a, of_b] = match measure {
            Measure::Dot => {
                let gradient = gradient.clone().expand(a.shape());
                [b * gradient.clone(), a * gradient]
            }
            _ => {
                let slopes = slopes_of_differences(measure, a - b, gradient.clone());
                [slopes.clone(), -slopes]
            }
        };
        // One that counts nothing may hold anything.
        let counts = |slopes: Numbers<B>| {
            let nothing = slopes.constant(0.0);
            let gradient = gradient.clone().expand(slopes.shape());
            gradient.where_equal(0.0, nothing, slopes)
        };
        let [of_a, of_b] = [of_a, of_b].map(counts);
        let add = |sum: FloatTensor<B>, places: &IntTensor<B>, slopes: Numbers<B>| {
            let places = places.clone();
            B::float_select_assign(sum, 0, places, slopes.0, IndexingUpdateOp::Add)
        };
        by_rows = by_rows.map(|sum| {
            let sum = add(sum, &part.places[0], of_a);
            match same {
                true => add(sum, &part.places[1], of_b.clone()),
                false => sum,
            }
        });
        by_columns = by_columns.map(|sum| add(sum, &part.places[1], of_b));
    }
    [by_rows, by_columns]
}

//! Measures of pairs, and what their gradient is to the points.
//!
//! Distances come from the differences of coordinates, never from products: those would cost the digits
//! of what is near.

use crate::{
    backend::{extension::PairOps, numbers::Numbers},
    formula::{Measure, Real},
};
use burn::tensor::Shape;

/// The measures of all points `[N, D]` with all columns `[K, D]`: `[N, K]`.
pub(super) fn measures<B: PairOps>(
    measure: Measure,
    points: Numbers<B>,
    columns: Numbers<B>,
) -> Numbers<B> {
    if measure == Measure::Dot {
        return points.matmul(columns.transpose());
    }
    let shape = Shape::new([points.shape()[0], columns.shape()[0]]);
    of_differences(measure, differences(points, columns)).reshape(shape)
}

/// What a gradient of the measures is to points and columns, each where it is wanted.
pub(super) fn slopes<B: PairOps>(
    measure: Measure,
    gradient: Numbers<B>,
    points: Numbers<B>,
    columns: Numbers<B>,
    [to_points, to_columns]: [bool; 2],
) -> [Option<Numbers<B>>; 2] {
    if measure == Measure::Dot {
        return [
            to_points.then(|| gradient.clone().matmul(columns)),
            to_columns.then(|| gradient.transpose().matmul(points)),
        ];
    }
    let [count, of_columns, width] = [points.shape()[0], columns.shape()[0], points.shape()[1]];
    let gradient = gradient.reshape(Shape::new([count, of_columns, 1]));
    let slopes = slopes_of_differences(measure, differences(points, columns), gradient);
    [
        to_points.then(|| {
            let sum = slopes.clone().sum_dim(1);
            sum.reshape(Shape::new([count, width]))
        }),
        to_columns.then(|| -slopes.sum_dim(0).reshape(Shape::new([of_columns, width]))),
    ]
}

/// `[N, K, D]`
fn differences<B: PairOps>(points: Numbers<B>, columns: Numbers<B>) -> Numbers<B> {
    let [count, of_columns, width] = [points.shape()[0], columns.shape()[0], points.shape()[1]];
    let shape = Shape::new([count, of_columns, width]);
    points
        .reshape(Shape::new([count, 1, width]))
        .expand(shape.clone())
        - columns
            .reshape(Shape::new([1, of_columns, width]))
            .expand(shape)
}

/// A distance along the last dimension of differences, which becomes 1.
pub(super) fn of_differences<B: PairOps>(measure: Measure, differences: Numbers<B>) -> Numbers<B> {
    let last = differences.shape().num_dims() - 1;
    match measure {
        Measure::Dot => unreachable!("a product is not one of differences"),
        Measure::SquaredEuclidean => (differences.clone() * differences).sum_dim(last),
        Measure::Lp(1.0) => differences.abs().sum_dim(last),
        Measure::Lp(p) => {
            // Relative to the largest difference, so that no power is out of range.
            let shape = differences.shape();
            let distances = differences.abs();
            let largest = distances.clone().max_dim(last);
            let unit = largest.where_equal(0.0, largest.constant(1.0), largest.clone());
            let shares = distances / unit.clone().expand(shape);
            unit * shares.powf(p).sum_dim(last).powf(1.0 / p)
        }
    }
}

/// What a gradient of distances (its last dimension 1) is to the differences.
pub(super) fn slopes_of_differences<B: PairOps>(
    measure: Measure,
    differences: Numbers<B>,
    gradient: Numbers<B>,
) -> Numbers<B> {
    let shape = differences.shape();
    let slopes = match measure {
        Measure::Dot => unreachable!("a product is not one of differences"),
        Measure::SquaredEuclidean => differences * 2.0,
        Measure::Lp(1.0) => differences.sign(),
        Measure::Lp(p) => {
            let distance = of_differences(measure, differences.clone());
            let distance = distance.where_equal(0.0, distance.constant(1.0), distance.clone());
            let shares = differences.clone().abs() / distance.expand(shape.clone());
            shares.powf(p - 1.0) * differences.sign()
        }
    };
    slopes * gradient.expand(shape)
}

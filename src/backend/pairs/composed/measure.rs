//! Measures of pairs, and what their gradient is to the points.
//!
//! Distances come from the differences of coordinates, never from products: those would cost the digits
//! of what is near.

use crate::formula::{Dual, Measure, Norm};
use burn::tensor::Tensor;

/// The measures of all points `[N, D]` with all columns `[K, D]`: `[N, K]`.
pub(crate) fn measures(measure: Measure, points: Tensor<2>, columns: Tensor<2>) -> Tensor<2> {
    let Some(norm) = measure.norm() else {
        return points.matmul(columns.transpose());
    };
    let shape = [points.dims()[0], columns.dims()[0]];
    let norms = |points, columns| of_differences(norm, differences(points, columns)).reshape(shape);
    if measure != Measure::Cosine {
        return norms(points, columns);
    }
    let lacking = lacking(&points).expand(shape) + lacking(&columns).transpose().expand(shape);
    (norms(points, columns) + lacking) * 0.5
}

/// What the square of a point lacks of 1, `[N, 1]`: 1 for one of zeros, 0 for one of norm 1.
fn lacking(points: &Tensor<2>) -> Tensor<2> {
    let largest = points.clone().detach().abs().max_dim(1);
    let zero = largest.clone().equal_scalar(0.0);
    largest.zeros_like().mask_fill(zero, 1.0)
}

/// The measure of each point and its counterpart.
pub(crate) fn between(measure: Measure, a: Tensor<2>, b: Tensor<2>) -> Tensor<1> {
    let count = a.dims()[0];
    let measures = match measure.norm() {
        None => (a * b).sum_dim(1),
        Some(norm) if measure == Measure::Cosine => {
            let lacking = lacking(&a) + lacking(&b);
            (of_differences(norm, a - b) + lacking) * 0.5
        }
        Some(norm) => of_differences(norm, a - b),
    };
    measures.reshape([count])
}

/// What a gradient of the measures is to points and columns, each where it is wanted.
pub(super) fn slopes(
    measure: Measure,
    gradient: Tensor<2>,
    points: Tensor<2>,
    columns: Tensor<2>,
    [to_points, to_columns]: [bool; 2],
) -> [Option<Tensor<2>>; 2] {
    let Some(norm) = measure.norm() else {
        return [
            to_points.then(|| gradient.clone().matmul(columns)),
            to_columns.then(|| gradient.transpose().matmul(points)),
        ];
    };
    let [count, width] = points.dims();
    let of_columns = columns.dims()[0];
    let gradient = by_norm(measure, gradient).reshape([count, of_columns, 1]);
    let slopes = slopes_of_differences(norm, differences(points, columns), gradient);
    [
        to_points.then(|| slopes.clone().sum_dim(1).reshape([count, width])),
        to_columns.then(|| -slopes.sum_dim(0).reshape([of_columns, width])),
    ]
}

/// What a gradient `[N, 1]` of [`between`] is to each point and its counterpart.
pub(super) fn slopes_between(
    measure: Measure,
    gradient: Tensor<2>,
    a: Tensor<2>,
    b: Tensor<2>,
) -> [Tensor<2>; 2] {
    match measure.norm() {
        None => [b * gradient.clone(), a * gradient],
        Some(norm) => {
            let slopes = slopes_of_differences(norm, a - b, by_norm(measure, gradient));
            [slopes.clone(), -slopes]
        }
    }
}

/// The gradient of the norms a measure follows from.
fn by_norm(measure: Measure, gradient: Tensor<2>) -> Tensor<2> {
    match measure {
        Measure::Cosine => gradient * 0.5,
        _ => gradient,
    }
}

/// `[N, K, D]`
fn differences(points: Tensor<2>, columns: Tensor<2>) -> Tensor<3> {
    let shape = [points.dims()[0], columns.dims()[0], points.dims()[1]];
    let points = points.unsqueeze_dim::<3>(1).expand(shape);
    points - columns.unsqueeze_dim::<3>(0).expand(shape)
}

/// What differences are taken relative to along the last dimension, if to anything. It has no gradient.
fn unit<const D: usize>(norm: Norm, differences: &Tensor<D>) -> Option<Tensor<D>> {
    norm.is_relative().then(|| {
        let sizes = differences.clone().detach().abs();
        Norm::unit(sizes.max_dim(D - 1))
    })
}

/// A distance along the last dimension of differences, which becomes 1. Where it is 0 it has no slope.
fn of_differences<const D: usize>(norm: Norm, differences: Tensor<D>) -> Tensor<D> {
    let unit = unit(norm, &differences);
    let shares = norm.share(differences, unit.clone());
    norm.of_sum(shares.sum_dim(D - 1), unit)
}

/// What a gradient of distances (its last dimension 1) is to the differences.
fn slopes_of_differences<const D: usize>(
    norm: Norm,
    differences: Tensor<D>,
    gradient: Tensor<D>,
) -> Tensor<D> {
    let unit = unit(norm, &differences).map(Dual::constant);
    let shares = norm.share(Dual::variable(differences), unit.clone());
    let by_difference = shares.derivative();
    let sum = shares.value.sum_dim(D - 1);
    let by_sum = norm.of_sum(Dual::variable(sum), unit).derivative();
    by_difference * (by_sum * gradient)
}

//! Terms of all pairs as ordinary tensor operations, gradients by autodiff: for devices the bounded walk
//! is not built for, because this crate's feature for them is off or there is none. All similarities are
//! held.

use super::{AllPairs, ListedPairs, NO_LABEL, PairInputs, Triplets};
use crate::formula::{Kind, Measure, PairFormula, PairSelection, Real, Summation};
use burn::tensor::{Bool, Int, Tensor};

/// The measures of all pairs, and which of them are not of a kind.
struct Everything {
    measures: Tensor<2>,
    /// Which pairs are not positive, and which are not negative.
    outside: [Tensor<2, Bool>; 2],
}

impl Everything {
    fn new(measure: Measure, inputs: PairInputs) -> Self {
        let same = inputs.columns.is_none();
        let columns = inputs.columns.unwrap_or_else(|| inputs.rows.clone());
        let measures = measures(measure, inputs.rows, columns);
        let equal = |of_rows: Tensor<1, Int>, of_columns: Tensor<1, Int>| {
            let shape = measures.shape();
            let of_rows = of_rows.unsqueeze_dim::<2>(1).expand(shape.clone());
            of_rows.equal(of_columns.unsqueeze::<2>().expand(shape))
        };
        let empty = inputs.column_labels.clone().equal_scalar(NO_LABEL);
        let alike = equal(inputs.row_labels, inputs.column_labels);
        let none = match same {
            true => {
                let [rows, columns] = measures.dims();
                let places = |count: usize| Tensor::arange(0..count as i64, &measures.device());
                equal(places(rows), places(columns))
            }
            false => empty.unsqueeze::<2>().expand(measures.shape()),
        };
        Self {
            outside: [alike.clone().bool_not(), alike].map(|others| others.bool_or(none.clone())),
            measures,
        }
    }

    fn outside(&self, kind: Kind) -> Tensor<2, Bool> {
        self.outside[match kind {
            Kind::Positive => 0,
            Kind::Negative => 1,
        }]
        .clone()
    }
}

/// The measures of all points `[N, D]` with all columns `[K, D]`: `[N, K]`.
pub(crate) fn measures(measure: Measure, points: Tensor<2>, columns: Tensor<2>) -> Tensor<2> {
    if measure == Measure::Dot {
        return points.matmul(columns.transpose());
    }
    let shape = [points.dims()[0], columns.dims()[0], points.dims()[1]];
    let points = points.unsqueeze_dim::<3>(1).expand(shape);
    let columns = columns.unsqueeze_dim::<3>(0).expand(shape);
    of_differences(measure, points - columns).reshape([shape[0], shape[1]])
}

/// A distance along the last dimension of differences, which becomes 1. Where it is 0 it has no slope.
fn of_differences<const D: usize>(measure: Measure, differences: Tensor<D>) -> Tensor<D> {
    match measure {
        Measure::Dot => unreachable!("a product is not one of differences"),
        Measure::SquaredEuclidean => (differences.clone() * differences).sum_dim(D - 1),
        Measure::Lp(1.0) => differences.abs().sum_dim(D - 1),
        Measure::Lp(p) => {
            // Relative to the largest difference, so that no power is out of range.
            let largest = differences.clone().detach().abs().max_dim(D - 1);
            let nothing = largest.clone().equal_scalar(0.0);
            let unit = largest.mask_fill(nothing.clone(), 1.0);
            let shares = differences.abs() / unit.clone();
            // A power below 2 has no slope at 0 that backends agree on.
            let none = shares.clone().equal_scalar(0.0);
            let powers = shares.mask_fill(none.clone(), 1.0).powf_scalar(p);
            let sum = powers.mask_fill(none, 0.0).sum_dim(D - 1);
            let norm = sum.mask_fill(nothing.clone(), 1.0).powf_scalar(1.0 / p) * unit;
            norm.mask_fill(nothing, 0.0)
        }
    }
}

pub(super) fn terms<F: PairFormula>(pairs: AllPairs<F>, inputs: PairInputs) -> Tensor<2> {
    let formula = pairs.formula;
    let both = pairs.both && inputs.columns.is_some();
    let everything = Everything::new(pairs.measure, inputs);
    let all = F::TERMS.iter().enumerate().map(|(index, term)| {
        let f = formula.value(index, everything.measures.clone());
        let outside = everything.outside(term.kind);
        let along = |dim| {
            let sum = match term.summation {
                Summation::Sum => f.clone().mask_fill(outside.clone(), 0.0).sum_dim(dim),
                Summation::LogSumExp => log_sum_exp(f.clone(), outside.clone(), dim),
            };
            let count = sum.shape().num_elements();
            sum.reshape([1, count])
        };
        match both {
            true => Tensor::cat(vec![along(1), along(0)], 1),
            false => along(1),
        }
    });
    Tensor::cat(all.collect(), 0)
}

/// All triplets of all rows.
pub(super) fn triplet_terms(triplets: &Triplets, inputs: PairInputs) -> Tensor<2> {
    let everything = Everything::new(triplets.measure, inputs);
    let [mut no_positive, mut no_negative] = everything.outside;
    let distances = triplets.all.gap.value(everything.measures);
    if let PairSelection::MultiSimilarity { epsilon } = triplets.all.selection {
        let fixed = distances.clone().detach();
        let shape = fixed.shape();
        let far = fixed.clone().mask_fill(no_negative.clone(), f64::INFINITY);
        // NaN where a distance is: then all pairs are kept, whatever the device makes of a NaN in a maximum.
        let neither = no_positive.clone().bool_and(no_negative.clone());
        let unknown = (fixed.clone() * 0.0).mask_fill(neither, 0.0).sum_dim(1);
        let nearest = (far.min_dim(1) + unknown.clone()).expand(shape.clone());
        let near = fixed
            .clone()
            .mask_fill(no_positive.clone(), f64::NEG_INFINITY);
        let farthest = (near.max_dim(1) + unknown).expand(shape);
        let easy_positive = (fixed.clone() + epsilon).lower_equal(nearest);
        let easy_negative = farthest.lower_equal(fixed - epsilon);
        no_positive = no_positive.bool_or(easy_positive);
        no_negative = no_negative.bool_or(easy_negative);
    }
    let [rows, columns] = distances.dims();
    let whole = [rows, columns, columns];
    let down = |tensor: Tensor<2>| tensor.unsqueeze_dim::<3>(2).expand(whole);
    let across = |tensor: Tensor<2>| tensor.unsqueeze_dim::<3>(1).expand(whole);
    let outside = no_positive.unsqueeze_dim::<3>(2).expand(whole);
    let outside = outside.bool_or(no_negative.unsqueeze_dim::<3>(1).expand(whole));
    let costs = triplets
        .all
        .penalty
        .value(down(distances.clone()) - across(distances));
    let one = costs.constant(1.0).detach();
    let costly = one.clone().mask_fill(costs.clone().equal_scalar(0.0), 0.0);
    let terms = [costs, costly, one].map(|numbers| {
        let numbers = numbers.mask_fill(outside.clone(), 0.0);
        numbers.sum_dim(2).sum_dim(1).reshape([1, rows])
    });
    Tensor::cat(terms.into(), 0)
}

/// A measure of listed pairs.
pub(super) fn listed(pairs: ListedPairs, inputs: PairInputs) -> Tensor<1> {
    let columns = inputs.columns.unwrap_or_else(|| inputs.rows.clone());
    let a = inputs.rows.select(0, inputs.row_labels);
    let b = columns.select(0, inputs.column_labels);
    between(pairs.measure, a, b)
}

/// The measure of each point and its counterpart.
pub(crate) fn between(measure: Measure, a: Tensor<2>, b: Tensor<2>) -> Tensor<1> {
    let count = a.dims()[0];
    let measures = match measure {
        Measure::Dot => (a * b).sum_dim(1),
        _ => of_differences(measure, a - b),
    };
    measures.reshape([count])
}

/// `ln sum e^f` along a dimension; minus infinity, without a gradient, where there is nothing inside.
fn log_sum_exp(f: Tensor<2>, outside: Tensor<2, Bool>, dim: usize) -> Tensor<2> {
    let f = f.mask_fill(outside, f64::NEG_INFINITY);
    let largest = f.clone().detach().max_dim(dim);
    let nothing = largest.clone().equal_scalar(f64::NEG_INFINITY);
    let largest = largest.mask_fill(nothing, 0.0);
    let sum = (f - largest.clone()).exp().sum_dim(dim);
    let nothing = sum.clone().equal_scalar(0.0);
    let logarithm = Real::ln(sum.mask_fill(nothing.clone(), 1.0)) + largest;
    logarithm.mask_fill(nothing, f64::NEG_INFINITY)
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::{
        backend::{listed_pairs, pair_terms, triplet_terms as walked_triplets},
        formula::{
            AllTriplets, Gap, HardNegatives, OnePositive, SeveralPositives, SigmoidPairs,
            TripletPenalty,
        },
    };
    use burn::tensor::Device;

    fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    /// Nine rows, and seven columns if there are some.
    fn inputs(has_columns: bool) -> PairInputs {
        let device = Device::flex().autodiff();
        let points = |first: usize, count: usize| {
            let numbers = (first..first + 3 * count).map(|i| (i * i % 13) as f32 / 4.0 - 1.5);
            let numbers: Vec<f32> = numbers.collect();
            let points = Tensor::<1>::from_floats(&numbers[..], &device);
            points.reshape([count, 3]).require_grad()
        };
        let labels = |first: i64, count: usize| {
            let labels: Vec<i64> = (first..first + count as i64).map(|i| i % 4).collect();
            Tensor::<1, Int>::from_ints(&labels[..], &device)
        };
        PairInputs {
            rows: points(0, 9),
            columns: has_columns.then(|| points(50, 7)),
            row_labels: labels(0, 9),
            column_labels: match has_columns {
                true => Tensor::cat(vec![labels(1, 6), labels(0, 1) + NO_LABEL], 0),
                false => labels(0, 9),
            },
        }
    }

    /// Results and gradients are those of the walk.
    fn check<const D: usize>(
        inputs: &PairInputs,
        plain: impl FnOnce(PairInputs) -> Tensor<D>,
        walked: impl FnOnce(PairInputs) -> Tensor<D>,
    ) {
        let all = |results: Tensor<D>| {
            let infinite = results.clone().equal_scalar(f64::NEG_INFINITY);
            let squares = results.clone().mask_fill(infinite, 0.0).powi_scalar(2);
            let gradients = squares.sum().backward();
            let mut all = numbers(results);
            all.extend(numbers(inputs.rows.grad(&gradients).expect("tracked")));
            if let Some(columns) = &inputs.columns {
                all.extend(numbers(columns.grad(&gradients).expect("tracked")));
            }
            all
        };
        let (plain, walked) = (all(plain(inputs.clone())), all(walked(inputs.clone())));
        assert_eq!(plain.len(), walked.len());
        for (plain, walked) in plain.iter().zip(&walked) {
            let same = plain == walked || (plain - walked).abs() <= 1e-4 * (1.0 + walked.abs());
            assert!(same, "{plain} {walked}");
        }
    }

    const MEASURES: [Measure; 4] = [
        Measure::Dot,
        Measure::SquaredEuclidean,
        Measure::Lp(1.0),
        Measure::Lp(3.0),
    ];

    fn check_terms<F: PairFormula>(formula: F) {
        for has_columns in [false, true] {
            for measure in MEASURES {
                let both = true;
                let pairs = AllPairs {
                    formula,
                    measure,
                    both,
                };
                check(
                    &inputs(has_columns),
                    |inputs| terms(pairs, inputs),
                    |inputs| pair_terms(pairs, inputs),
                );
            }
        }
    }

    #[test]
    fn without_a_walk_terms_are_the_same() {
        check_terms(OnePositive);
        check_terms(SeveralPositives);
        check_terms(HardNegatives { beta: 0.5 });
        check_terms(SigmoidPairs);
    }

    #[test]
    fn without_a_walk_triplets_are_the_same() {
        let penalties = [TripletPenalty::Soft, TripletPenalty::Hinge { margin: 0.3 }];
        let selections = [
            PairSelection::All,
            PairSelection::MultiSimilarity { epsilon: 0.15 },
        ];
        for (penalty, selection) in penalties.into_iter().zip(selections.into_iter().cycle()) {
            for measure in MEASURES {
                for has_columns in [false, true] {
                    for path in [
                        |f: &mut dyn FnMut()| f(),
                        |f: &mut dyn FnMut()| crate::composed(f),
                    ] {
                        let gap = match measure {
                            Measure::Dot => Gap::Missing,
                            Measure::SquaredEuclidean => Gap::Root,
                            Measure::Lp(_) => Gap::Same,
                        };
                        let all = AllTriplets {
                            penalty,
                            selection,
                            gap,
                        };
                        let triplets = Triplets { all, measure };
                        path(&mut || {
                            check(
                                &inputs(has_columns),
                                |inputs| triplet_terms(&triplets, inputs),
                                |inputs| walked_triplets(triplets, inputs),
                            );
                        });
                    }
                }
            }
        }
    }

    #[test]
    fn without_a_walk_listed_pairs_are_the_same() {
        for measure in MEASURES {
            for has_columns in [false, true] {
                let mut inputs = inputs(has_columns);
                let device = inputs.rows.device();
                inputs.row_labels = Tensor::from_ints([0, 8, 8, 3], &device);
                inputs.column_labels = Tensor::from_ints([1, 2, 6, 3], &device);
                let pairs = ListedPairs { measure };
                check(
                    &inputs,
                    |inputs| listed(pairs, inputs),
                    |inputs| listed_pairs(pairs, inputs),
                );
            }
        }
    }
}

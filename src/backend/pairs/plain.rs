//! Terms of all pairs as ordinary tensor operations, gradients by autodiff: for devices the bounded walk
//! is not built for, because this crate's feature for them is off or there is none. All similarities are
//! held.

use super::PairInputs;
use crate::formula::{Kind, PairFormula, Real, Summation};
use burn::tensor::{Bool, Int, Tensor};

pub(super) fn terms<F: PairFormula>(formula: F, inputs: PairInputs) -> Tensor<2> {
    let same = inputs.columns.is_none();
    let columns = inputs.columns.unwrap_or_else(|| inputs.rows.clone());
    let similarities = inputs.rows.matmul(columns.transpose());
    let equal = |of_rows: Tensor<1, Int>, of_columns: Tensor<1, Int>| {
        let shape = similarities.shape();
        let of_rows = of_rows.unsqueeze_dim::<2>(1).expand(shape.clone());
        of_rows.equal(of_columns.unsqueeze::<2>().expand(shape))
    };
    let alike = equal(inputs.row_labels, inputs.column_labels);
    let itself = same.then(|| {
        let [rows, columns] = similarities.dims();
        let places = |count: usize| Tensor::arange(0..count as i64, &similarities.device());
        equal(places(rows), places(columns))
    });
    let outside = |kind: Kind| {
        let others = match kind {
            Kind::Positive => alike.clone().bool_not(),
            Kind::Negative => alike.clone(),
        };
        match &itself {
            Some(itself) => others.bool_or(itself.clone()),
            None => others,
        }
    };
    let all = F::TERMS.iter().enumerate().map(|(index, term)| {
        let f = formula.value(index, similarities.clone());
        let outside = outside(term.kind);
        let along = |dim| {
            let sum = match term.summation {
                Summation::Sum => f.clone().mask_fill(outside.clone(), 0.0).sum_dim(dim),
                Summation::LogSumExp => log_sum_exp(f.clone(), outside.clone(), dim),
            };
            let count = sum.shape().num_elements();
            sum.reshape([1, count])
        };
        match inputs.both && !same {
            true => Tensor::cat(vec![along(1), along(0)], 1),
            false => along(1),
        }
    });
    Tensor::cat(all.collect(), 0)
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
        backend::pair_terms,
        formula::{HardNegatives, OnePositive, SeveralPositives, SigmoidPairs},
    };
    use burn::tensor::Device;

    fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    /// Terms and gradients are those of the walk.
    fn check<F: PairFormula>(formula: F, has_columns: bool) {
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
        let (rows, columns) = (points(0, 9), points(50, 7));
        let call = |terms: fn(F, PairInputs) -> Tensor<2>| {
            let inputs = PairInputs {
                rows: rows.clone(),
                columns: has_columns.then(|| columns.clone()),
                row_labels: labels(0, 9),
                column_labels: match has_columns {
                    true => labels(1, 7),
                    false => labels(0, 9),
                },
                both: true,
            };
            let terms = terms(formula, inputs);
            let infinite = terms.clone().equal_scalar(f64::NEG_INFINITY);
            let gradients = terms
                .clone()
                .mask_fill(infinite, 0.0)
                .powi_scalar(2)
                .sum()
                .backward();
            let mut all = vec![
                numbers(terms),
                numbers(rows.grad(&gradients).expect("tracked")),
            ];
            all.extend(columns.grad(&gradients).map(numbers));
            all
        };
        let (plain, walked) = (call(terms::<F>), call(pair_terms::<F>));
        assert_eq!(plain.len(), walked.len());
        for (plain, walked) in plain.iter().flatten().zip(walked.iter().flatten()) {
            let same = plain == walked || (plain - walked).abs() <= 1e-4 * (1.0 + walked.abs());
            assert!(same, "{plain} {walked}");
        }
    }

    #[test]
    fn without_a_walk_terms_are_the_same() {
        for has_columns in [false, true] {
            check(OnePositive, has_columns);
            check(SeveralPositives, has_columns);
            check(HardNegatives { beta: 0.5 }, has_columns);
            check(SigmoidPairs, has_columns);
        }
    }
}

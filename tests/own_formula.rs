//! Element-wise losses of a formula that this crate does not know, against an `f64` loop.

use crate::{
    panics::message,
    support::{
        Dtype, differentiable_sites_and_gpu,
        tensors::{Layout, Read},
    },
};
use burn::tensor::{Device, Tensor};
use burn_losses::{
    ElementLoss, Reduction,
    formula::{ColumnFormula, Formula, Real},
};

/// `d² / (d² + c²)`.
#[derive(Clone, Debug)]
struct GemanMcClure {
    c: f64,
}

impl Formula for GemanMcClure {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let square = (x - t).abs().at_most(1e9).powi(2);
        square.clone() / (square + self.c * self.c)
    }
}

/// The same times a parameter of the column.
#[derive(Clone, Debug)]
struct InColumns(GemanMcClure);

impl ColumnFormula for InColumns {
    #[inline(always)]
    fn value_in_column<R: Real>(&self, x: R, t: R, column: R) -> R {
        self.0.value(x, t) * column
    }
}

const C: f64 = 2.0;

/// Value and derivative.
fn expected(x: f64, t: f64, column: f64) -> [f64; 2] {
    let square = (x - t) * (x - t);
    let whole = square + C * C;
    [
        column * square / whole,
        column * 2.0 * (x - t) * C * C / (whole * whole),
    ]
}

/// Predictions, targets and weights that every data type holds exactly. Where the weight is 0 the prediction is NaN.
fn arguments(count: usize) -> [Vec<f64>; 3] {
    let values = |step: usize, range: usize| {
        let values = (0..count).map(|i| (i * step % range) as f64 * 0.25 - 2.0);
        values.collect::<Vec<_>>()
    };
    let (mut x, t) = (values(7, 29), values(5, 23));
    let weights: Vec<f64> = (0..count).map(|i| [1.0, 0.5, 0.0, 2.0][i % 4]).collect();
    for (x, weight) in x.iter_mut().zip(&weights) {
        if *weight == 0.0 {
            *x = f64::NAN;
        }
    }
    [x, t, weights]
}

/// A weighted sum and weighted losses, with their gradients, against the loop.
fn check<F: ColumnFormula>(loss: &ElementLoss<F>, columns: &[f64], rows: usize, width: usize) {
    let [x, t, weights] = arguments(rows * width);
    let shape = [rows, width];
    for (dtype, precision) in [
        (Dtype::F64, 1e-12),
        (Dtype::F32, 2e-6),
        (Dtype::F16, 2e-3),
        (Dtype::BF16, 1.6e-2),
    ] {
        for site in differentiable_sites_and_gpu() {
            if !site.is_flex() && dtype != Dtype::F32 {
                continue;
            }
            let what = format!("{loss:?} of {shape:?} in {dtype:?} on {site}");
            let tensor =
                |values: &[f64]| Layout::Contiguous.floats::<2>(values, &shape, dtype, &site);
            let outcome = |reduced: bool| {
                let prediction = tensor(&x).require_grad();
                let value = site.path.run(|| {
                    let evaluation = loss
                        .on(prediction.clone(), tensor(&t))
                        .weights(tensor(&weights));
                    match reduced {
                        true => evaluation.reduce().unsqueeze(),
                        false => evaluation.each(),
                    }
                });
                let gradients = value.clone().sum().backward();
                let gradient = prediction.grad(&gradients).expect("a gradient");
                [Read::of(value).values, Read::of(gradient).values]
            };
            let loops = || {
                (0..x.len()).map(|i| match weights[i] {
                    0.0 => [0.0; 2],
                    weight => expected(x[i], t[i], columns[i % columns.len()]).map(|v| v * weight),
                })
            };
            let close_to = |precision: f64, got: f64, expected: f64, of: f64| {
                let scale = expected.abs().max(of);
                assert!(
                    (got - expected).abs() <= precision * scale,
                    "{what}: {got} and not {expected}"
                );
            };
            let close = |got, expected, of| close_to(precision, got, expected, of);
            // Tensor operations sum in `f32`, NdArray one after the other.
            let summed = match site.sums_in_f64(dtype) || dtype == Dtype::F64 {
                true => precision,
                false => precision + f64::from(f32::EPSILON) * (x.len() as f64).sqrt(),
            };
            let [losses, gradient] = outcome(false);
            assert_eq!(losses.len(), x.len(), "{what}");
            for (i, [value, slope]) in loops().enumerate() {
                close(losses[i], value, 0.1);
                close(gradient[i], slope, 0.1);
            }
            let [sum, gradient] = outcome(true);
            close_to(summed, sum[0], loops().map(|[value, _]| value).sum(), 1.0);
            for (i, [_, slope]) in loops().enumerate() {
                close(gradient[i], slope, 0.1);
            }
        }
    }
}

/// Lengths around a lane, around a block of half precision, and of several tasks.
#[test]
fn a_formula_of_ones_own_has_its_values_and_gradients() {
    let loss = ElementLoss::new(GemanMcClure { c: C }, Reduction::Sum);
    for (rows, width) in [(1, 1), (1, 15), (1, 17), (3, 7), (3, 345), (2, 17000)] {
        check(&loss, &[1.0], rows, width);
    }
}

#[test]
fn a_formula_of_ones_own_has_a_parameter_for_each_column() {
    let formula = || InColumns(GemanMcClure { c: C });
    for columns in [vec![3.0], vec![1.0, 0.0, 0.5], vec![0.25; 17]] {
        let loss = ElementLoss::with_columns(formula(), columns.clone(), Reduction::Sum);
        let width = columns.len();
        check(&loss, &columns, 5, width);
    }
    // One parameter holds for all columns.
    let loss = ElementLoss::with_columns(formula(), vec![0.5], Reduction::Sum);
    check(&loss, &[0.5], 4, 9);
}

#[test]
fn messages_and_displays_name_the_formula() {
    let device = Device::flex();
    let loss = ElementLoss::new(GemanMcClure { c: C }, Reduction::Mean);
    let shown = format!("{loss}");
    assert!(
        shown.contains("GemanMcClure") && shown.contains("2.0"),
        "{shown}"
    );
    let said = message(|| {
        loss.forward(
            Tensor::<1>::zeros([3], &device),
            Tensor::zeros([2], &device),
        )
    });
    assert!(
        said.contains("GemanMcClure") && said.contains("[2]"),
        "{said}"
    );
    let said = message(|| {
        ElementLoss::with_columns(
            InColumns(GemanMcClure { c: C }),
            Vec::new(),
            Reduction::Mean,
        )
    });
    assert!(
        said.contains("InColumns") && said.contains("empty"),
        "{said}"
    );
}

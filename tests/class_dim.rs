//! Parameters of classes along another dimension than the last: the same numbers as with that dimension moved to the
//! end.

use crate::{
    panics::message,
    support::{Random, Site, differentiable_sites_and_gpu, tensors::Read},
};
use burn::tensor::{DType, Tensor, TensorData};
use burn_losses::{
    BinaryCrossEntropyLossConfig, ElementLoss, QuantileLossConfig, Reduction,
    formula::{ColumnFormula, Real},
};

/// `w (x - t)²`
#[derive(Clone, Debug)]
struct WeightedSquare;

impl ColumnFormula for WeightedSquare {
    #[inline(always)]
    fn value_in_column<R: Real>(&self, x: R, t: R, weight: R) -> R {
        let d = x - t;
        d.clone() * d * weight
    }
}

/// Losses of all elements and the gradient of the prediction, in the order of these.
fn outcome<F: ColumnFormula, const D: usize>(
    loss: &ElementLoss<F>,
    site: &Site,
    [x, t, w]: [Tensor<D>; 3],
    to_compare: impl Fn(Tensor<D>) -> Tensor<D>,
) -> [Vec<f64>; 3] {
    let x = x.require_grad();
    let (each, mean) = site.path.run(|| {
        let on = || loss.on(x.clone(), t.clone()).weights(w.clone());
        (on().each(), on().reduce())
    });
    let total = each.clone().sum() + mean.clone() * 3.0;
    let gradient = x.grad(&total.backward()).expect("a gradient");
    let gradient = Tensor::<D>::from_data(gradient.into_data(), &site.device);
    [
        Read::of(to_compare(each)).values,
        Read::of(to_compare(gradient)).values,
        Read::of(mean).values,
    ]
}

/// The loss with its classes in every dimension of this shape.
fn check<F: ColumnFormula, const D: usize>(
    make: impl Fn(Vec<f64>) -> ElementLoss<F>,
    shape: [usize; D],
    share_target: bool,
    dtype: DType,
) {
    let mut random = Random::of(&format!("{shape:?}"));
    let mut list = |count: usize| {
        (0..count)
            .map(|_| random.uniform(0.05, 0.95))
            .collect::<Vec<f64>>()
    };
    let count: usize = shape.iter().product();
    let (x, t, w) = (list(count), list(count), list(count));
    for dim in 0..D {
        let values: Vec<f64> = (1..=shape[dim])
            .map(|i| i as f64 / (shape[dim] + 1) as f64)
            .collect();
        let mut of_target = shape;
        if share_target && shape[dim] > 1 {
            of_target[dim] = 1;
        }
        let last = make(values.clone());
        for site in differentiable_sites_and_gpu() {
            if dtype == DType::F16 && !site.is_flex() {
                continue;
            }
            let tensor = |list: &[f64], shape: [usize; D]| {
                let count = shape.iter().product();
                let data = TensorData::new(list[..count].to_vec(), shape);
                Tensor::<D>::from_data(data, (&site.device, dtype))
            };
            let given = || [tensor(&x, shape), tensor(&t, of_target), tensor(&w, shape)];
            let moved = |tensor: Tensor<D>| tensor.swap_dims(dim, D - 1);
            let expected = outcome(&last, &site, given().map(moved), moved);
            for named in [dim as isize, dim as isize - D as isize] {
                let loss = make(values.clone()).with_class_dim(named);
                let [each, gradient, mean] = outcome(&loss, &site, given(), |tensor| tensor);
                let what = format!("{loss:?} of {shape:?} in {dtype:?} on {site}");
                assert_eq!(each, expected[0], "{what}");
                // Sums of other order.
                let close = |a: f64, b: f64| (a - b).abs() <= 1e-5 * b.abs();
                assert!(close(mean[0], expected[2][0]), "{what}");
                let half = if dtype == DType::F16 { 1e-3 } else { 1e-5 };
                for (got, wanted) in gradient.iter().zip(&expected[1]) {
                    assert!(
                        (got - wanted).abs() <= half * wanted.abs().max(1e-3),
                        "{what}"
                    );
                }
            }
        }
    }
}

#[test]
fn classes_may_be_in_any_dimension() {
    let bce = |weights| {
        BinaryCrossEntropyLossConfig::new()
            .with_pos_weight(Some(weights))
            .init()
    };
    let quantiles = |levels| QuantileLossConfig::new().with_quantiles(levels).init();
    let own = |weights| ElementLoss::with_columns(WeightedSquare, weights, Reduction::Mean);
    for dtype in [DType::F32, DType::F16] {
        // Runs shorter than a lane, as long and longer.
        check(bce, [2, 3, 5], false, dtype);
        check(bce, [3, 2, 4, 4], false, dtype);
        check(bce, [2, 3, 37], false, dtype);
        check(bce, [4], false, dtype);
        check(quantiles, [3, 4, 7], true, dtype);
        check(own, [3, 20, 2], false, dtype);
    }
    // Several tasks.
    check(own, [2, 3, 9001], false, DType::F32);
}

#[test]
fn a_dimension_that_is_not_there_is_refused() {
    let config = BinaryCrossEntropyLossConfig::new().with_pos_weight(Some(vec![1.0, 2.0]));
    for site in differentiable_sites_and_gpu() {
        let logits = Tensor::<3>::zeros([4, 2, 5], &site.device);
        let said = |dim: isize| {
            let loss = config.clone().with_class_dim(dim).init();
            message(|| loss.forward(logits.clone(), logits.clone()))
        };
        for dim in [3, -4] {
            let text = said(dim);
            for part in [
                "BinaryCrossEntropyLoss",
                &format!("dimension {dim}"),
                "[4, 2, 5]",
                "-3 to 2",
            ] {
                assert!(text.contains(part), "{part:?} is not in {text:?}");
            }
        }
        let text = said(0);
        for part in ["2 values of pos_weight", "each of the 4 in dimension 0"] {
            assert!(text.contains(part), "{part:?} is not in {text:?}");
        }
    }
}

//! Input that does not fit is answered with a message that names the loss, the argument and both
//! shapes, on every device and path.

use crate::support::{Loss, Oracle, cases, sites};
use burn::tensor::{DType, Device, Tensor};
use burn_losses::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `f` says when it panics.
#[track_caller]
pub fn message<T>(f: impl FnOnce() -> T) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(f)) else {
        panic!("there was no panic");
    };
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast_ref::<&str>().expect("a text").to_string(),
    }
}

#[track_caller]
fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

fn ones<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::ones(shape, device)
}

#[test]
fn a_target_of_another_shape_is_refused() {
    for site in sites() {
        for case in cases().into_iter().filter(|case| case.name != "quantiles") {
            let loss = Loss::like(&case.oracle(&[1]), Reduction::Mean);
            let name = loss.name();
            let flat = |n| ones([n], &site.device);
            let matrix = |shape: [usize; 2]| ones(shape, &site.device);

            let text = message(|| site.path.run(|| loss.forward(flat(2), flat(3))));
            assert_says(&text, &[name, "target", "[2]", "[3]"]);
            let forms: [fn(&Loss, Tensor<2>, Tensor<2>) -> (); 2] = [
                |loss, x, t| drop(loss.forward_no_reduction(x, t)),
                |loss, x, t| drop(loss.on(x.clone(), t).weights(x).reduce()),
            ];
            for form in forms {
                let (x, t) = (matrix([2, 1]), matrix([1, 2]));
                let text = message(|| site.path.run(|| form(&loss, x, t)));
                assert_says(&text, &[name, "target", "[2, 1]", "[1, 2]"]);
            }
            let text = message(|| {
                site.path
                    .run(|| loss.forward(matrix([4, 1]), matrix([1, 1])))
            });
            assert_says(&text, &[name, "target", "[4, 1]", "[1, 1]"]);
        }
    }
}

#[test]
fn weights_of_another_shape_are_refused() {
    for site in sites() {
        for case in cases().into_iter().filter(|case| case.name != "quantiles") {
            let loss = Loss::like(&case.oracle(&[1]), Reduction::Mean);
            let matrix = |shape: [usize; 2]| ones(shape, &site.device);
            let (x, t, w) = (matrix([3, 1]), matrix([3, 1]), matrix([1, 1]));
            let text = message(|| site.path.run(|| loss.on(x, t).weights(w).reduce()));
            assert_says(&text, &[loss.name(), "weights", "[3, 1]", "[1, 1]"]);
        }
    }
}

#[test]
fn another_data_type_is_refused() {
    for site in sites()
        .into_iter()
        .filter(|site| site.device.supports_dtype(DType::F64))
    {
        for case in cases().into_iter().filter(|case| case.name != "quantiles") {
            let loss = Loss::like(&case.oracle(&[1]), Reduction::Mean);
            let x = ones([3, 1], &site.device).cast(DType::F32);
            let other = x.clone().cast(DType::F64);
            let text = message(|| site.path.run(|| loss.forward(x.clone(), other.clone())));
            assert_says(&text, &[loss.name(), "target", "F32", "F64"]);
            let text = message(|| {
                site.path
                    .run(|| loss.on(x.clone(), x.clone()).weights(other).reduce())
            });
            assert_says(&text, &[loss.name(), "weights", "F32", "F64"]);
        }
    }
}

#[test]
fn a_list_that_does_not_fit_the_last_dimension_is_refused() {
    let weights = BinaryCrossEntropyLossConfig::new().with_pos_weight(Some(vec![1.0, 2.0, 3.0]));
    let quantiles = QuantileLossConfig::new().with_quantiles(vec![0.1, 0.5, 0.9]);
    for site in sites() {
        let x = ones([3, 4], &site.device);
        let loss = weights.init();
        let text = message(|| site.path.run(|| loss.forward(x.clone(), x.clone())));
        assert_says(
            &text,
            &["BinaryCrossEntropyLoss", "pos_weight", "[3, 4]", "3 ", "4 "],
        );

        let loss = quantiles.init();
        let t = ones([3, 1], &site.device);
        let text = message(|| site.path.run(|| loss.forward(x, t)));
        assert_says(&text, &["QuantileLoss", "quantiles", "[3, 4]", "3 ", "4 "]);
    }
}

#[test]
fn several_quantiles_take_one_target_for_each_row() {
    let loss = QuantileLossConfig::new()
        .with_quantiles(vec![0.1, 0.9])
        .init();
    for site in sites() {
        let x = ones([3, 2], &site.device);
        let text = message(|| site.path.run(|| loss.forward(x.clone(), x.clone())));
        assert_says(&text, &["QuantileLoss", "target", "[3, 2]", "[3, 1]"]);
    }
}

#[test]
fn a_normalizer_that_is_no_count_is_refused() {
    let oracle = Oracle::Focal {
        alpha: None,
        gamma: 2.0,
        smoothing: 0.0,
    };
    let loss = Loss::like(&oracle, Reduction::Mean);
    for site in sites() {
        let x = ones([3], &site.device);
        for (number, shown) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
            let evaluation = loss.on(x.clone(), x.clone());
            for evaluation in [evaluation.clone(), evaluation.weights(x.clone())] {
                let call = || evaluation.divided_by(number);
                let text = message(|| site.path.run(call));
                assert_says(&text, &["SigmoidFocalLoss", "normalizer", shown]);
            }
        }
        let two = ones([2], &site.device);
        let call = || loss.on(x.clone(), x.clone()).divided_by(two);
        let text = message(|| site.path.run(call));
        assert_says(&text, &["SigmoidFocalLoss", "normalizer", "[2]", "[1]"]);
    }
}

//! Input that does not fit is answered with a message that names the loss, the argument and both
//! shapes, on every device and path.

use crate::support::{Loss, Oracle, Site, cases, sites};
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

/// Debug builds look at what the host can read.
#[test]
#[cfg(debug_assertions)]
fn counts_and_rates_that_are_none_are_refused_where_they_are_given() {
    let poisson = PoissonNllLossConfig::new();
    let (logarithms, rates) = (poisson.init(), poisson.with_log_input(false).init());
    let msle = MsleLossConfig::new().init();
    for Site { device, path, .. } in sites() {
        let of = |numbers: [f32; 2]| Tensor::<1>::from_floats(numbers, &device);
        let text = message(|| path.run(|| logarithms.forward(of([1.0, 1.0]), of([2.0, -1.0]))));
        let start = "PoissonNllLoss: the target holds -1 at [1], expected a number of 0 or above; ";
        assert!(text.starts_with(start), "{text}");
        let text = message(|| path.run(|| rates.forward(of([-2.0, 1.0]), of([2.0, 1.0]))));
        let start =
            "PoissonNllLoss: the prediction holds -2 at [0], expected a number of 0 or above; ";
        assert!(text.starts_with(start), "{text}");
        let text = message(|| path.run(|| msle.forward(of([-3.0, 1.0]), of([2.0, 1.0]))));
        let start = "MsleLoss: the prediction holds -3 at [0], expected a number of -1 or above; ";
        assert!(text.starts_with(start), "{text}");
        // What is ignored may be anything, and so may logarithms.
        let weights = of([0.0, 1.0]);
        let loss = path.run(|| {
            rates
                .on(of([-2.0, 1.0]), of([-1.0, 1.0]))
                .weights(weights)
                .reduce()
        });
        assert!((loss.into_scalar::<f32>() - 1.0).abs() < 1e-6);
        path.run(|| logarithms.forward(of([-9.0, 1.0]), of([0.0, 1.0])));
    }
}

/// Debug builds look at what the host can read.
#[test]
#[cfg(debug_assertions)]
fn numbers_that_are_no_probabilities_are_refused_where_they_are_given() {
    use crate::contrastive::places::assert_here;

    let bce = BinaryCrossEntropyLossConfig::new();
    let (logits, probabilities) = (bce.init(), bce.with_logits(false).init());
    let focal = SigmoidFocalLossConfig::new().init();
    let asymmetric = AsymmetricLossConfig::new().init();
    let kl = KlDivLossConfig::new().init();
    let js = JensenShannonLossConfig::new().init();
    let entropy = CrossEntropyLossConfig::new().init();
    for Site { device, path, .. } in sites() {
        let of = |numbers: [[f32; 2]; 2]| Tensor::<2>::from_floats(numbers, &device);
        let good = || of([[0.25, 0.75], [0.0, 1.0]]);
        let (above, below) = (
            || of([[0.25, 0.75], [1.5, 0.0]]),
            || of([[0.25, -0.75], [0.5, 0.5]]),
        );
        let text = message(|| path.run(|| logits.forward(good(), above())));
        assert_eq!(
            text,
            "BinaryCrossEntropyLoss: the target holds 1.5 at [1, 0], expected a probability from 0 to 1; give class \
             indices as one-hot vectors, and an element without a target the weight 0; apply a softmax or a sigmoid to logits, and \
             `exp` to logarithms"
        );
        let text = message(|| path.run(|| kl.forward(good(), good())));
        assert_eq!(
            text,
            "KlDivLoss: the prediction holds 0.25 at [0, 0], expected the logarithm of a probability, 0 or below; \
             apply `log_softmax` to logits, and `log` to probabilities, or configure the loss for probabilities: \
             `with_log_prediction(false)`"
        );
        let says = |text: &str, method: &str| assert!(text.ends_with(method), "{text}");
        let text = message(|| path.run(|| kl.forward(good() - 1.0, below())));
        says(
            &text,
            "configure the loss for logarithms: `with_log_target(true)`",
        );
        let text = message(|| path.run(|| js.forward(below(), good())));
        says(
            &text,
            "configure the loss for logarithms: `with_log_inputs(true)`",
        );
        let text = message(|| path.run(|| probabilities.forward(above(), good())));
        says(&text, "configure the loss for logits: `with_logits(true)`");
        let text = message(|| path.run(|| entropy.on_probabilities(good(), below()).reduce()));
        assert_says(
            &text,
            &["CrossEntropyLoss: the target probabilities hold -0.75 at [0, 1]"],
        );
        assert_here(|| path.run(|| logits.forward(good(), above())));
        assert_here(|| path.run(|| logits.forward_no_reduction(good(), below())));
        assert_here(|| path.run(|| logits.on(good(), below()).divided_by(2)));
        assert_here(|| path.run(|| probabilities.forward(above(), good())));
        assert_here(|| path.run(|| focal.forward(good(), above())));
        assert_here(|| path.run(|| asymmetric.forward(good(), below())));
        assert_here(|| path.run(|| kl.forward(good() - 1.0, below())));
        assert_here(|| path.run(|| js.forward(below(), good())));
        assert_here(|| path.run(|| js.forward(good(), above())));
        assert_here(|| path.run(|| entropy.on_probabilities(good(), above()).reduce()));
        assert_here(|| path.run(|| entropy.on_probabilities(good(), above()).each::<1>()));

        // Logits may be anything, so may what weighs nothing, and NaN shows in the loss.
        path.run(|| logits.forward(above() * 10.0, good()));
        let weights = of([[1.0, 1.0], [0.0, 1.0]]);
        path.run(|| logits.on(good(), above()).weights(weights).reduce());
        let of_rows = Tensor::<1>::from_floats([1.0, 0.0], &device);
        let evaluation = entropy.on_probabilities(good(), above());
        path.run(|| evaluation.weights(of_rows).reduce());
        let nan = good() * f32::NAN;
        let value = path.run(|| logits.forward(good(), nan));
        assert!(value.into_scalar::<f32>().is_nan());
        // A softmax in half precision sums to a little more than 1.
        path.run(|| logits.forward(good(), good() * 1.0005));
    }
}

/// Release builds do not look.
#[test]
#[cfg(not(debug_assertions))]
fn numbers_that_are_no_probabilities_are_not_looked_at() {
    let loss = BinaryCrossEntropyLossConfig::new().init();
    for site in sites() {
        let x = ones([2], &site.device);
        let value = site.path.run(|| loss.forward(x.clone(), x * 2.0));
        assert!(value.into_scalar::<f32>().is_finite());
    }
}

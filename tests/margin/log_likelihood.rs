//! The negative log-likelihood against cross entropy of the logits, and what is hostile to it alone.

use crate::{
    panics::message,
    support::{Random, Site, differentiable_sites_and_gpu, tensors::Read},
};
use burn::tensor::{Int, Tensor, TensorData, activation::log_softmax};
use burn_losses::*;

const SHAPE: [usize; 3] = [4, 5, 3];
const WEIGHTS: [f64; 5] = [0.5, 2.0, 0.0, 1.25, 3.0];

struct Arguments {
    logits: Tensor<3>,
    targets: Tensor<2, Int>,
    weights: Tensor<2>,
}

fn arguments(site: &Site) -> Arguments {
    let mut random = Random::of("log likelihood");
    let device = &site.device;
    let logits: Vec<f32> = (0..60).map(|_| random.normal(2.0) as f32).collect();
    let classes = [0i64, 1, 2, 3, 4, -100, 1, 0, 3, -100, 2, 4];
    let weights = [
        1.0f32, 0.0, 0.5, 2.0, 1.0, 1.0, 0.25, 3.0, 0.0, 1.0, 1.0, 0.5,
    ];
    Arguments {
        logits: Tensor::from_data(TensorData::new(logits, SHAPE), device).require_grad(),
        targets: Tensor::from_data(TensorData::new(classes.to_vec(), [4, 3]), device),
        weights: Tensor::from_data(TensorData::new(weights.to_vec(), [4, 3]), device),
    }
}

/// The numbers of a loss, and the gradient of the logits.
fn outcome(logits: &Tensor<3>, loss: Tensor<2>) -> [Vec<f64>; 2] {
    let gradients = loss.clone().sum().backward();
    let gradient = logits.grad(&gradients).expect("a gradient");
    [Read::of(loss).values, Read::of(gradient).values]
}

#[test]
fn of_a_log_softmax_it_is_cross_entropy_in_every_form() {
    for site in differentiable_sites_and_gpu() {
        let Arguments {
            logits,
            targets,
            weights,
        } = arguments(&site);
        for class_weights in [None, Some(WEIGHTS.to_vec())] {
            for smoothing in [0.0, 0.1] {
                let nll = NllLossConfig::new()
                    .with_class_weights(class_weights.clone())
                    .init();
                let nll = nll.with_label_smoothing(smoothing);
                let entropy = CrossEntropyLossConfig::new()
                    .with_class_weights(class_weights.clone())
                    .with_label_smoothing(smoothing)
                    .init();
                for form in 0..6 {
                    let finish = |evaluation: ClassEvaluation<3>| {
                        let weighted = || evaluation.clone().weights(weights.clone());
                        let one = |loss: Tensor<1>| loss.unsqueeze::<2>();
                        match form {
                            0 => one(evaluation.reduce()),
                            1 => one(evaluation.reduction(Reduction::Sum).reduce()),
                            2 => evaluation.each(),
                            3 => one(weighted().reduce()),
                            4 => weighted().each(),
                            _ => one(weighted().divided_by(3)),
                        }
                    };
                    let [got, expected] = site.path.run(|| {
                        let ln = log_softmax(logits.clone(), 1);
                        let got = outcome(&logits, finish(nll.on(ln, targets.clone())));
                        let expected = finish(entropy.on(logits.clone(), targets.clone()));
                        [got, outcome(&logits, expected)]
                    });
                    for (got, expected) in got.iter().zip(&expected) {
                        let what = format!("form {form}, {smoothing}, {class_weights:?} on {site}");
                        assert_eq!(got.len(), expected.len(), "{what}");
                        for (got, expected) in got.iter().zip(expected) {
                            let close = (got - expected).abs() <= 1e-5 * (1.0 + expected.abs());
                            assert!(close, "{what}: {got}, expected {expected}");
                        }
                    }
                }
            }
        }
    }
}

/// What is ignored, of weight 0 or no target may be anything.
#[test]
fn only_the_logarithm_of_the_target_counts() {
    const NEG: f32 = f32::NEG_INFINITY;
    for site in differentiable_sites_and_gpu() {
        let rows = [
            [-1.0, NEG, f32::NAN],
            [f32::NAN; 3],
            [NEG; 3],
            [5.0, -2.0, NEG],
            [-3.0, NEG, 0.0],
        ];
        let ln = Tensor::<2>::from_floats(rows, &site.device).require_grad();
        let targets = || Tensor::<1, Int>::from_ints([0, -100, 1, 1, 2], &site.device);
        let weights = Tensor::<1>::from_floats([1.0, 1.0, 0.0, 1.0, 3.0], &site.device);
        let loss = NllLossConfig::new().init();
        let (value, gradient) = site.path.run(|| {
            let value = loss.on(ln.clone(), targets()).weights(weights).reduce();
            let gradient = ln.grad(&value.clone().backward()).expect("a gradient");
            (Read::of(value).values, Read::of(gradient).values)
        });
        assert!((value[0] - 3.0 / 5.0).abs() < 1e-6, "{value:?} on {site}");
        for (place, got) in gradient.iter().enumerate() {
            let expected = match place {
                0 | 10 => -0.2,
                14 => -0.6,
                _ => 0.0,
            };
            assert!((got - expected).abs() < 1e-6, "{gradient:?} on {site}");
        }
        // Nothing is expected of what cannot be.
        let each = site
            .path
            .run(|| loss.forward_no_reduction(ln.detach(), targets()));
        let each = Read::of(each).values;
        assert_eq!(each, [1.0, 0.0, f64::INFINITY, 2.0, 0.0], "on {site}");
    }
}

#[test]
fn a_class_that_is_none_is_refused_or_nan() {
    for site in differentiable_sites_and_gpu() {
        let ln = Tensor::<2>::zeros([2, 3], &site.device);
        let targets = || Tensor::<1, Int>::from_ints([3, 0], &site.device);
        let loss = NllLossConfig::new().init();
        if site.is_gpu() {
            let each = site.path.run(|| loss.forward_no_reduction(ln, targets()));
            let each = Read::of(each).values;
            assert!(each[0].is_nan() && each[1] == 0.0, "{each:?}");
        } else {
            let text = message(|| site.path.run(|| loss.forward(ln, targets())));
            assert!(
                text.starts_with("NllLoss: the target of sample 0 is 3, expected "),
                "{text}"
            );
        }
    }
}

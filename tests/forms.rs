//! The shorthands of every element-wise loss, and the choices of its evaluation, against one another: the same
//! numbers, bit for bit, where they say the same.

use crate::support::{Call, Case, Dtype, Loss, Method, Site, cases, sites_and_gpu};
use burn::tensor::{Tensor, TensorData};
use burn_losses::Reduction;

const REDUCTIONS: [Reduction; 3] = [Reduction::Mean, Reduction::Sum, Reduction::BatchMean];

/// Prediction, target and weights.
fn arguments(case: &Case, site: &Site) -> [Tensor<2>; 3] {
    let call: Call = case.full_call(Method::NoReduction, &[5, 7], true, Dtype::F32);
    let tensor = |values: &[f64], shape: &[usize]| {
        Tensor::from_data(
            TensorData::new(values.to_vec(), shape.to_vec()),
            &site.device,
        )
    };
    [
        tensor(&call.prediction, &call.shape),
        tensor(&call.target, &call.target_shape),
        tensor(call.weights.as_deref().expect("weights"), &call.shape),
    ]
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

#[test]
fn shorthands_are_evaluations() {
    for case in cases() {
        for site in sites_and_gpu() {
            let [x, t, _] = arguments(&case, &site);
            for reduction in REDUCTIONS {
                let loss = Loss::like(&case.oracle(&[5, 7]), reduction);
                let [forward, reduced] = site.path.run(|| {
                    [
                        loss.forward(x.clone(), t.clone()),
                        loss.on(x.clone(), t.clone()).reduce(),
                    ]
                });
                assert_eq!(
                    numbers(forward),
                    numbers(reduced),
                    "{} on {site}",
                    case.name
                );
                let [forward, each] = site.path.run(|| {
                    [
                        loss.forward_no_reduction(x.clone(), t.clone()),
                        loss.on(x.clone(), t.clone()).each(),
                    ]
                });
                assert_eq!(numbers(forward), numbers(each), "{} on {site}", case.name);
            }
        }
    }
}

#[test]
fn another_reduction_is_that_of_a_loss_configured_for_it() {
    for case in cases() {
        let oracle = case.oracle(&[5, 7]);
        for site in sites_and_gpu() {
            let [x, t, w] = arguments(&case, &site);
            for configured in REDUCTIONS {
                for reduction in REDUCTIONS {
                    let (loss, other) = (
                        Loss::like(&oracle, configured),
                        Loss::like(&oracle, reduction),
                    );
                    let (x, t, w) = (x.clone(), t.clone(), w.clone());
                    let [chosen, expected] = site.path.run(|| {
                        let chosen = loss.on(x.clone(), t.clone()).weights(w.clone());
                        let expected = other.on(x, t).weights(w);
                        [chosen.reduction(reduction).reduce(), expected.reduce()]
                    });
                    assert_eq!(
                        numbers(chosen),
                        numbers(expected),
                        "{} on {site}",
                        case.name
                    );
                }
            }
        }
    }
}

/// The weight times the loss, and exactly 0 where the weight is 0.
#[test]
fn a_weighted_loss_of_an_element_is_the_weight_times_its_loss() {
    for case in cases() {
        let loss = Loss::like(&case.oracle(&[5, 7]), Reduction::Mean);
        for site in sites_and_gpu() {
            let [x, t, w] = arguments(&case, &site);
            let weights = numbers(w.clone());
            let [plain, weighted] = site.path.run(|| {
                let evaluation = loss.on(x, t);
                [evaluation.clone().each(), evaluation.weights(w).each()]
            });
            let (plain, weighted) = (numbers(plain), numbers(weighted));
            for ((plain, weight), weighted) in plain.iter().zip(&weights).zip(&weighted) {
                assert_eq!(plain * weight, *weighted, "{} on {site}", case.name);
            }
        }
    }
}

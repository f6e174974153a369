//! Every form of every loss of classes: against the oracle, and the shorthands and the loss without its type against
//! the evaluation, bit for bit.

use crate::{
    panics::message,
    support::{
        Dtype, Method, Outcome, Site, differentiable_sites_and_gpu, sites_and_gpu,
        softmax::{
            FORMS, RowCall, RowCase, RowLoss, Targets,
            call::{classes_tensor, reduced},
            check_rows, row_cases,
        },
        tensors::Layout,
    },
};
use burn::tensor::{Int, Tensor, TensorData};
use burn_losses::{ClassEvaluation, ClassificationLoss, Reduction};

const REDUCTIONS: [Reduction; 3] = [Reduction::Mean, Reduction::Sum, Reduction::BatchMean];

/// Small calls in a form, with class indices and, if the loss takes them, with probabilities.
fn calls(case: &RowCase, (method, weighted): (Method, bool)) -> Vec<RowCall> {
    let mut calls = vec![case.full_call(method, &[3, 5, 2], weighted, Dtype::F32)];
    if case.oracle(5).takes_shares() {
        calls.push(case.share_call(method, &[3, 5, 2], weighted, Dtype::F32));
    }
    calls
}

#[test]
fn every_form_of_every_loss_is_right_on_every_device() {
    let sites = differentiable_sites_and_gpu();
    for case in row_cases() {
        for form in FORMS {
            for mut call in calls(&case, form) {
                let expected = call.expected(&case.oracle(5));
                let loss = case.loss(&call);
                for tracks_weights in [false, call.weights.is_some()] {
                    call.tracked.weights = tracks_weights;
                    for site in &sites {
                        let what = format!("{} {form:?} {:?}", case.name, call.tracked);
                        check_rows(&what, site, &call, &call.run(&loss, site), &expected);
                    }
                }
            }
        }
    }
}

/// Logits, class indices and weights.
fn arguments(case: &RowCase, site: &Site) -> (Tensor<3>, Tensor<2, Int>, Tensor<2>) {
    let call = case.full_call(Method::NoReduction, &[3, 5, 2], true, Dtype::F32);
    let Targets::Classes(classes) = &call.targets else {
        panic!("classes");
    };
    let weights = TensorData::new(call.weights.clone().expect("weights"), [3, 2]);
    (
        Layout::Contiguous.floats(&call.logits, &call.shape, call.dtype, site),
        classes_tensor(Layout::Contiguous, classes, &[3, 2], site),
        Tensor::from_data(weights, &site.device),
    )
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

#[test]
fn shorthands_are_evaluations() {
    for case in row_cases() {
        for site in sites_and_gpu() {
            let (x, t, _) = arguments(&case, &site);
            for reduction in REDUCTIONS {
                let loss = RowLoss::like(&case.oracle(5), reduction);
                let what = format!("{} on {site}", case.name);
                site.path.run(|| {
                    let forward = loss.forward(x.clone(), t.clone());
                    let evaluated = loss.on(x.clone(), t.clone()).reduce();
                    assert_eq!(numbers(forward), numbers(evaluated), "{what}");
                    let forward = loss.forward_no_reduction(x.clone(), t.clone());
                    let evaluated = loss.on(x.clone(), t.clone()).each::<2>();
                    assert_eq!(numbers(forward), numbers(evaluated), "{what}");
                });
            }
        }
    }
}

#[test]
fn another_reduction_is_that_of_a_loss_configured_for_it() {
    for case in row_cases() {
        let oracle = case.oracle(5);
        for site in sites_and_gpu() {
            let (x, t, w) = arguments(&case, &site);
            for configured in REDUCTIONS {
                for reduction in REDUCTIONS {
                    let loss = RowLoss::like(&oracle, configured);
                    let other = RowLoss::like(&oracle, reduction);
                    let [chosen, expected] = site.path.run(|| {
                        let chosen = loss.on(x.clone(), t.clone()).weights(w.clone());
                        let expected = other.on(x.clone(), t.clone()).weights(w.clone());
                        [chosen.reduction(reduction).reduce(), expected.reduce()]
                    });
                    let what = format!("{} on {site}", case.name);
                    assert_eq!(numbers(chosen), numbers(expected), "{what}");
                }
            }
        }
    }
}

/// The numbers of an evaluation.
fn evaluated(evaluation: ClassEvaluation<3>, method: Method, site: &Site) -> Vec<f32> {
    match method {
        Method::NoReduction => numbers(evaluation.each::<2>()),
        _ => numbers(reduced(evaluation, method, site)),
    }
}

#[test]
fn a_loss_without_its_type_is_the_same_loss_in_every_form() {
    for case in row_cases() {
        for (method, weighted) in FORMS {
            let loss = RowLoss::like(&case.oracle(5), method.reduction());
            let any: ClassificationLoss = loss.erased();
            assert_eq!(format!("{any}"), loss.display(), "{}", case.name);
            for site in sites_and_gpu() {
                let (x, t, w) = arguments(&case, &site);
                let finish = |evaluation: ClassEvaluation<3>| match weighted {
                    true => evaluation.weights(w.clone()),
                    false => evaluation,
                };
                let shares = || burn::tensor::activation::softmax(x.clone(), 1);
                let shares = case.oracle(5).takes_shares().then(shares);
                let what = format!("{} {method:?} on {site}", case.name);
                site.path.run(|| {
                    let typed = finish(loss.on(x.clone(), t.clone()));
                    let erased = finish(any.on(x.clone(), t.clone()));
                    assert_eq!(
                        evaluated(typed, method, &site),
                        evaluated(erased, method, &site),
                        "{what}"
                    );
                    if let Some(shares) = shares {
                        let typed = finish(loss.on_probabilities(x.clone(), shares.clone()));
                        let erased = finish(any.on_probabilities(x.clone(), shares));
                        assert_eq!(
                            evaluated(typed, method, &site),
                            evaluated(erased, method, &site),
                            "{what}"
                        );
                    }
                });
            }
        }
    }
}

/// Against the probability 1 of a class a loss is what it is against that class.
#[test]
fn a_certain_class_is_that_class() {
    for case in row_cases() {
        let oracle = case.oracle(5).ignoring(None);
        if !oracle.takes_shares() || oracle.weights.is_some() {
            continue; // A mean of probabilities does not count class weights.
        }
        for form in FORMS {
            let call = case.full_call(form.0, &[3, 5, 2], form.1, Dtype::F32);
            let Targets::Classes(classes) = &call.targets else {
                panic!("classes");
            };
            let classes: Vec<i64> = classes.iter().map(|class| (*class).clamp(0, 4)).collect();
            let mut shares = vec![0.0; call.logits.len()];
            for (row, class) in classes.iter().enumerate() {
                shares[call.place(row, *class as usize)] = 1.0;
            }
            let of_classes = RowCall {
                targets: Targets::Classes(classes),
                ..call.clone()
            };
            let of_shares = RowCall {
                targets: Targets::Shares(shares),
                ..call
            };
            let loss = RowLoss::like(&oracle, form.0.reduction());
            let expected = of_classes.expected(&oracle);
            for site in sites_and_gpu() {
                let untracked = |call: &RowCall| -> Outcome {
                    let mut call = call.clone();
                    call.tracked = Default::default();
                    call.run(&loss, &site)
                };
                let what = format!("{} {form:?}", case.name);
                let mut call = of_classes.clone();
                call.tracked = Default::default();
                check_rows(&what, &site, &call, &untracked(&of_classes), &expected);
                check_rows(&what, &site, &call, &untracked(&of_shares), &expected);
            }
        }
    }
}

#[test]
fn a_loss_with_a_margin_refuses_probabilities() {
    for case in row_cases() {
        let loss = RowLoss::like(&case.oracle(3), Reduction::Mean);
        if case.oracle(3).takes_shares() {
            continue;
        }
        for site in sites_and_gpu() {
            let x = Tensor::<2>::ones([2, 3], &site.device);
            let expected = format!(
                "{}: probabilities of the classes have no one target class that the margin could be \
                 taken off; give class indices, or use a loss without a margin",
                loss.name()
            );
            let texts = [
                message(|| loss.on_probabilities(x.clone(), x.clone())),
                message(|| loss.erased().on_probabilities(x.clone(), x.clone())),
            ];
            for text in texts {
                assert_eq!(text, expected);
            }
        }
    }
}

//! What counts for nothing: no elements, no weight, ignored elements; and how far a NaN reaches.

use crate::support::{
    Call, Dtype, Expected, Loss, Method, Oracle, Random, Tracked, cases, compare,
    differentiable_sites_and_gpu, sites,
};
use burn_losses::Reduction;

fn is_all_zero(list: &Option<Vec<f64>>) -> bool {
    let list = list.as_ref().expect("a gradient");
    list.iter().all(|&number| number == 0.0)
}

#[test]
fn an_empty_batch_is_loss_0_with_an_empty_gradient() {
    for case in cases() {
        for (shape, weighted) in [(&[0][..], false), (&[0], true), (&[0, 3], true)] {
            for method in case.reduced() {
                let call = case.full_call(method, shape, weighted, Dtype::F32);
                let loss = Loss::to_run(method, &case.oracle(shape));
                for site in differentiable_sites_and_gpu() {
                    let outcome = call.run(&loss, &site);
                    let what = format!("{} {method:?} {shape:?} on {site}", case.name);
                    assert_eq!(outcome.value, [0.0], "{what}");
                    if site.is_gpu() {
                        continue; // Burn's GPU kernels take no tensor without elements.
                    }
                    assert_eq!(outcome.by_prediction, Some(vec![]), "{what}");
                    assert_eq!(outcome.by_target, Some(vec![]), "{what}");
                }
            }
            if !weighted {
                let call = case.full_call(Method::NoReduction, shape, false, Dtype::F32);
                let loss = Loss::like(&case.oracle(shape), Reduction::Mean);
                for site in differentiable_sites_and_gpu() {
                    let outcome = call.run(&loss, &site);
                    assert_eq!(outcome.value, [0.0; 0], "{} on {site}", case.name);
                    assert_eq!(outcome.shape, shape, "{} on {site}", case.name);
                }
            }
        }
    }
}

/// Whatever is tracked gets a gradient without elements, alone as well.
#[test]
fn an_empty_batch_has_a_backward_pass_for_each_argument() {
    let loss = Loss::like(&Oracle::Mse, Reduction::Mean);
    for (prediction, target, weights) in [
        (true, false, true),
        (false, false, true),
        (false, true, false),
    ] {
        let tracked = Tracked {
            prediction,
            target,
            weights,
        };
        let call = Call::new(Method::NoReduction, &[0, 3], vec![], vec![]);
        let mut call = call.weighted(vec![]).tracking(tracked);
        call.target_shape = vec![0, 3];
        for site in differentiable_sites_and_gpu()
            .iter()
            .filter(|site| !site.is_gpu())
        {
            let outcome = call.run(&loss, site);
            let of = |tracked: bool| tracked.then(Vec::new);
            let what = format!("{tracked:?} on {site}");
            assert_eq!(outcome.by_prediction, of(prediction), "{what}");
            assert_eq!(outcome.by_target, of(target), "{what}");
            assert_eq!(outcome.by_weights, of(weights), "{what}");
        }
    }
}

/// A call whose weights are 0 where the prediction is NaN or infinite, at random places.
fn call_with_ignored_garbage(case: &crate::support::Case, method: Method, all: bool) -> Call {
    let shape = [7, 5];
    let mut call = case.full_call(method, &shape, true, Dtype::F32);
    let mut random = Random::of("garbage");
    let garbage = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e38, -1e38];
    let mut garbage = garbage.into_iter().cycle();
    let shared = call.target.len() < call.prediction.len();
    let weights = call.weights.iter_mut().flatten();
    for (i, weight) in weights.enumerate() {
        if all || random.chance(0.3) {
            *weight = if random.chance(0.5) { 0.0 } else { -0.0 };
        }
        if *weight == 0.0 {
            call.prediction[i] = garbage.next().expect("a cycle");
            if !shared {
                call.target[i] = garbage.next().expect("a cycle");
            }
        }
    }
    call
}

#[test]
fn an_element_of_weight_0_contributes_exactly_nothing_whatever_it_holds() {
    for case in cases() {
        for method in case.reduced() {
            let call = call_with_ignored_garbage(&case, method, false);
            let oracle = case.oracle(&call.shape);
            let expected = Expected::of(&oracle, &call);
            let loss = Loss::to_run(method, &oracle);
            for site in differentiable_sites_and_gpu() {
                let outcome = call.run(&loss, &site);
                compare::check(case.name, &site, &call, &outcome, &expected);
                let weights = call.weights.as_ref().expect("a weighted call");
                let gradient = outcome.by_prediction.expect("a gradient");
                for (i, _) in weights.iter().enumerate().filter(|(_, w)| **w == 0.0) {
                    assert_eq!(gradient[i], 0.0, "{} on {site}, element {i}", case.name);
                }
            }
        }
    }
}

#[test]
fn an_ignored_element_is_ignored_by_tracked_weights_too() {
    for case in cases() {
        for method in case.reduced() {
            let mut call = call_with_ignored_garbage(&case, method, false);
            call.tracked = Tracked::ALL;
            let oracle = case.oracle(&call.shape);
            let expected = Expected::of(&oracle, &call);
            let loss = Loss::to_run(method, &oracle);
            for site in differentiable_sites_and_gpu() {
                let outcome = call.run(&loss, &site);
                compare::check(case.name, &site, &call, &outcome, &expected);
            }
        }
    }
}

#[test]
fn weights_that_are_all_0_give_loss_0_and_gradients_of_exactly_0() {
    for case in cases() {
        for method in case.reduced() {
            let call = call_with_ignored_garbage(&case, method, true);
            let loss = Loss::to_run(method, &case.oracle(&call.shape));
            for site in differentiable_sites_and_gpu() {
                let outcome = call.run(&loss, &site);
                let what = format!("{} {method:?} on {site}", case.name);
                assert_eq!(outcome.value, [0.0], "{what}");
                assert!(is_all_zero(&outcome.by_prediction), "{what}: {outcome:?}");
                assert!(is_all_zero(&outcome.by_target), "{what}: {outcome:?}");
            }
        }
    }
}

#[test]
fn weights_that_cancel_leave_the_quotient_as_it_is() {
    for case in cases() {
        let means = case
            .reduced()
            .into_iter()
            .filter(|method| method.divides_by_weights());
        for method in means {
            let call = case.full_call(method, &[4, 2], false, Dtype::F32);
            let call = call.weighted(vec![1.0, -1.0, 2.0, -2.0, 0.5, 0.5, -1.0, 0.0]);
            let loss = Loss::to_run(method, &case.oracle(&call.shape));
            for site in differentiable_sites_and_gpu() {
                let outcome = call.run(&loss, &site);
                let what = format!("{} {method:?} on {site}", case.name);
                assert!(!outcome.value[0].is_finite(), "{what}: {outcome:?}");
            }
        }
    }
    // 4 - 1, divided by 1 - 1.
    let mean = Method::Reduced(Reduction::Mean);
    let call = Call::new(mean, &[2], vec![2.0, 1.0], vec![0.0; 2]).weighted(vec![1.0, -1.0]);
    for site in sites() {
        let value = call.run(&Loss::to_run(mean, &Oracle::Mse), &site).value;
        assert_eq!(value, [f64::INFINITY], "{site}");
    }
}

#[test]
fn a_nan_shows_in_its_own_element_and_nowhere_else() {
    const PLACE: usize = 18;
    for case in cases() {
        let clean = case.full_call(Method::NoReduction, &[7, 5], false, Dtype::F32);
        let mut call = clean.clone();
        call.prediction[PLACE] = f64::NAN;
        let loss = Loss::like(&case.oracle(&call.shape), Reduction::Mean);
        for site in differentiable_sites_and_gpu() {
            let what = format!("{} on {site}", case.name);
            let (clean, outcome) = (clean.run(&loss, &site), call.run(&loss, &site));
            let gradients = |outcome: crate::support::Outcome| outcome.by_prediction.unwrap();
            let lists = [
                (clean.value.clone(), outcome.value.clone(), "value"),
                (gradients(clean), gradients(outcome), "gradient"),
            ];
            for (clean, got, name) in lists {
                for (i, (clean, got)) in clean.iter().zip(&got).enumerate() {
                    let own = i == PLACE;
                    // What slope a NaN has is left to the operations.
                    assert!(!own || got.is_nan() || name != "value", "{what}: got {got}");
                    assert!(
                        own || got == clean,
                        "{what}: {name} of element {i} is {got}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_nan_shows_in_the_reduced_loss() {
    for case in cases() {
        let mut ways: Vec<_> = case
            .reduced()
            .into_iter()
            .map(|method| (false, method))
            .collect();
        ways.push((true, Method::Reduced(Reduction::Mean)));
        for (target, method) in ways {
            for weighted in [false, true] {
                let mut call = case.full_call(method, &[33], weighted, Dtype::F32);
                if let Some(weights) = &mut call.weights {
                    weights[32] = 0.5;
                }
                let list = if target {
                    &mut call.target
                } else {
                    &mut call.prediction
                };
                *list.last_mut().expect("an element") = f64::NAN;
                call.tracked = Tracked::NONE;
                let loss = Loss::to_run(method, &case.oracle(&call.shape));
                for site in sites() {
                    let value = call.run(&loss, &site).value[0];
                    let what = format!("{} {method:?} on {site}", case.name);
                    assert!(value.is_nan(), "{what}: {value}");
                }
            }
        }
    }
}

#[test]
fn a_nan_weight_or_target_is_not_passed_over() {
    for case in cases() {
        let method = Method::Reduced(Reduction::Mean);
        let mut call = case.full_call(method, &[17], true, Dtype::F32);
        call.weights.as_mut().expect("a weighted call")[4] = f64::NAN;
        let loss = Loss::like(&case.oracle(&call.shape), Reduction::Mean);
        for site in differentiable_sites_and_gpu() {
            let outcome = call.run(&loss, &site);
            assert!(
                outcome.value[0].is_nan(),
                "{} on {site}: {outcome:?}",
                case.name
            );
        }
    }
}

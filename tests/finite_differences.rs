//! Gradients against central differences: those of the oracle, and those autodiff derives from the
//! composed formulas in `f64`.

use crate::support::{
    Call, Case, Dtype, Expected, Inputs, Loss, Method, Random, Tracked, cases, compare,
    differences::{self, assert_near, slope},
    differentiable_sites,
};
use burn_losses::Reduction;

#[test]
fn the_derivatives_of_the_oracle_are_those_of_its_losses() {
    for case in cases() {
        let oracle = case.oracle(&[4]);
        let call = smooth_call(&case, Method::NoReduction, &[50, 4]);
        let per_target = call.prediction.len() / call.target.len();
        for (i, &x) in call.prediction.iter().enumerate() {
            let t = call.target[i / per_target];
            let loss = |x, t| oracle.element(x, t, i % 4).loss.value;
            let element = oracle.element(x, t, i % 4);
            let what = format!("{} at {x}, {t}", case.name);
            assert_near(
                &what,
                element.by_prediction.value,
                slope(|h| loss(x + h, t)),
            );
            assert_near(&what, element.by_target.value, slope(|h| loss(x, t + h)));
        }
    }
}

/// A call in `f64` where no loss has a kink within reach of the step.
fn smooth_call(case: &Case, method: Method, shape: &[usize]) -> Call {
    let mut call = case.full_call(method, shape, false, Dtype::F64);
    let mut random = Random::of("smooth");
    let per_target = call.prediction.len() / call.target.len();
    for t in &mut call.target {
        let share = random.uniform(0.05, 0.95);
        match case.inputs {
            Inputs::Real | Inputs::Signs | Inputs::Scores => {}
            Inputs::Counts { .. } => *t = 8.0 * share,
            Inputs::Shares { logs: [_, true] } => *t = share.ln(),
            _ => *t = share,
        }
    }
    for (i, x) in call.prediction.iter_mut().enumerate() {
        if matches!(case.inputs, Inputs::Real | Inputs::Heatmap)
            && (*x - call.target[i / per_target]).abs() < 0.02
        {
            *x += 0.05;
        }
        match case.inputs {
            Inputs::Probabilities | Inputs::Shares { logs: [false, _] } => *x = x.clamp(0.1, 0.9),
            _ => {}
        }
    }
    call
}

/// The gradient of a list the oracle's value depends on.
fn quotients(case: &Case, call: &Call, list: impl Fn(&mut Call) -> &mut Vec<f64>) -> Vec<f64> {
    let oracle = case.oracle(&call.shape);
    let value = |i: usize, h: f64| -> f64 {
        let mut call = call.clone();
        list(&mut call)[i] += h;
        let values = Expected::of(&oracle, &call).value.values;
        values
            .iter()
            .zip(&call.upstream)
            .map(|(value, upstream)| value * upstream)
            .sum()
    };
    let count = list(&mut call.clone()).len();
    differences::quotients(count, value)
}

#[test]
fn autodiff_of_the_composed_formulas_agrees_with_differences_of_the_oracle() {
    let sites = differentiable_sites();
    for case in cases() {
        for (method, weighted) in case.forms() {
            let mut call = smooth_call(&case, method, &[3, 4]);
            if weighted {
                let mut random = Random::of("weights");
                call.weights = Some(random.list(12, Dtype::F64, |r| r.uniform(0.1, 2.0)));
                call.tracked = Tracked::ALL;
            }
            let by_prediction = quotients(&case, &call, |call| &mut call.prediction);
            let by_target = quotients(&case, &call, |call| &mut call.target);
            let by_weights = weighted
                .then(|| quotients(&case, &call, |call| call.weights.as_mut().expect("weights")));
            let loss = Loss::to_run(method, &case.oracle(&call.shape));
            for site in sites.iter().filter(|site| !site.is_gpu()) {
                let outcome = call.run(&loss, site);
                let gradients = [
                    ("prediction", outcome.by_prediction, Some(&by_prediction)),
                    ("target", outcome.by_target, Some(&by_target)),
                    ("weights", outcome.by_weights, by_weights.as_ref()),
                ];
                for (name, got, quotients) in gradients {
                    assert_eq!(got.is_some(), quotients.is_some(), "{} {name}", case.name);
                    for (i, (got, quotient)) in got
                        .iter()
                        .flatten()
                        .zip(quotients.into_iter().flatten())
                        .enumerate()
                    {
                        let what = format!("{} {method:?} on {site}: {name} [{i}]", case.name);
                        assert_near(&what, *got, *quotient);
                    }
                }
            }
        }
    }
}

#[test]
fn losses_of_f64_tensors_have_the_precision_of_f64() {
    let sites = differentiable_sites();
    for case in cases() {
        for (method, weighted) in [
            (Method::Reduced(Reduction::Mean), true),
            (Method::NoReduction, false),
        ] {
            let call = case.full_call(method, &[20, 7], weighted, Dtype::F64);
            let oracle = case.oracle(&call.shape);
            let expected = Expected::of(&oracle, &call);
            let loss = Loss::to_run(method, &oracle);
            for site in sites.iter().filter(|site| !site.is_gpu()) {
                let outcome = call.run(&loss, site);
                compare::check(case.name, site, &call, &outcome, &expected);
            }
        }
    }
}

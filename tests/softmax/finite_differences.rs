//! Gradients against central differences: those of the oracle, and those of every path in `f64`.

use crate::support::{
    Dtype, Method, differences, differentiable_sites,
    softmax::{RowCall, RowCase, Targets, row_cases},
};
use burn_losses::Reduction;

/// The gradient of a list the oracle's value depends on.
fn quotients(
    case: &RowCase,
    call: &RowCall,
    list: impl Fn(&mut RowCall) -> &mut Vec<f64>,
) -> Vec<f64> {
    let oracle = case.oracle(call.classes());
    let value = |i: usize, step: f64| -> f64 {
        let mut call = call.clone();
        list(&mut call)[i] += step;
        let values = call.expected(&oracle).value.values;
        let pairs = values.iter().zip(&call.upstream);
        pairs.map(|(value, upstream)| value * upstream).sum()
    };
    let count = list(&mut call.clone()).len();
    differences::quotients(count, value)
}

fn shares_of(call: &mut RowCall) -> &mut Vec<f64> {
    match &mut call.targets {
        Targets::Shares(shares) => shares,
        Targets::Classes(_) => panic!("no shares"),
    }
}

/// Small calls of a case in `f64` with everything tracked, with the gradients differences give.
fn calls(case: &RowCase) -> Vec<(RowCall, [Option<Vec<f64>>; 3])> {
    let mean = Method::Reduced(Reduction::Mean);
    let sum = Method::Reduced(Reduction::Sum);
    let mut calls = Vec::new();
    for (method, weighted) in [(mean, true), (sum, true), (Method::NoReduction, false)] {
        let shape = [3, 4, 2];
        calls.push(case.full_call(method, &shape, weighted, Dtype::F64));
        if case.oracle(4).takes_shares() {
            calls.push(case.share_call(method, &shape, weighted, Dtype::F64));
        }
    }
    let with_quotients = |mut call: RowCall| {
        // A step from 0 would bring an ignored row in.
        for weight in call.weights.iter_mut().flatten() {
            *weight += 0.25;
        }
        let is_weighted = call.weights.is_some();
        call.tracked.weights = is_weighted;
        let gradients = [
            Some(quotients(case, &call, |call| &mut call.logits)),
            call.tracked
                .target
                .then(|| quotients(case, &call, shares_of)),
            is_weighted
                .then(|| quotients(case, &call, |call| call.weights.as_mut().expect("weights"))),
        ];
        (call, gradients)
    };
    calls.into_iter().map(with_quotients).collect()
}

fn assert_all_near(what: &str, got: [Option<&Vec<f64>>; 3], quotients: &[Option<Vec<f64>>; 3]) {
    let names = ["logits", "probabilities", "weights"];
    for ((got, quotients), name) in got.into_iter().zip(quotients).zip(names) {
        let Some(quotients) = quotients else { continue };
        differences::assert_all_near(&format!("{what}: {name}"), got, quotients);
    }
}

#[test]
fn the_derivatives_of_the_oracle_are_those_of_its_losses() {
    for case in row_cases() {
        for (call, quotients) in calls(&case) {
            let expected = call.expected(&case.oracle(call.classes()));
            let gradients = [
                Some(&expected.by_prediction.values),
                Some(&expected.by_target.values),
                Some(&expected.by_weights.values),
            ];
            let what = format!("{} {:?}", case.name, call.method);
            assert_all_near(&what, gradients, &quotients);
        }
    }
}

#[test]
fn gradients_in_f64_agree_with_differences_of_the_oracle() {
    let sites = differentiable_sites();
    for case in row_cases() {
        for (call, quotients) in calls(&case) {
            let loss = case.loss(&call);
            for site in &sites {
                let outcome = call.run(&loss, site);
                let gradients = [
                    outcome.by_prediction.as_ref(),
                    outcome.by_target.as_ref(),
                    outcome.by_weights.as_ref(),
                ];
                let what = format!("{} {:?} on {site}", case.name, call.method);
                assert_all_near(&what, gradients, &quotients);
            }
        }
    }
}

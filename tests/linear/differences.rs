//! Gradients in `f64` against central differences of the loss itself.

use super::{MEAN, SUM, oracles};
use crate::support::{
    Dtype, Method, differences, differentiable_sites,
    linear::{LinearCall, LinearTracked},
};

#[test]
fn gradients_in_f64_are_those_of_differences() {
    let sites = differentiable_sites();
    for oracle in oracles(4) {
        for (method, weighted) in [(MEAN, true), (SUM, true), (Method::NoReduction, false)] {
            let mut call = LinearCall::random(&oracle, method, &[2, 2, 3], 4, weighted, Dtype::F64);
            // A step from 0 would bring an ignored row in.
            for weight in call.weights.iter_mut().flatten() {
                *weight += 0.25;
            }
            call.tracked.weights = weighted;
            let loss = oracle.loss(method.reduction());
            let quotients = |list: fn(&mut LinearCall) -> &mut Vec<f64>| {
                let count = list(&mut call.clone()).len();
                differences::quotients(count, |i, step| {
                    let mut call = call.clone();
                    list(&mut call)[i] += step;
                    call.tracked = LinearTracked::NONE;
                    let value = call.run(&loss, &sites[0]).value;
                    let pairs = value.iter().zip(&call.upstream);
                    pairs.map(|(value, upstream)| value * upstream).sum()
                })
            };
            let by_hidden = quotients(|call| &mut call.hidden);
            let by_matrix = quotients(|call| &mut call.matrix);
            let by_bias = quotients(|call| call.bias.as_mut().expect("a bias"));
            let by_weights =
                weighted.then(|| quotients(|call| call.weights.as_mut().expect("weights")));
            for site in &sites {
                let outcome = call.run(&loss, site);
                let gradients = [
                    ("hidden states", outcome.hidden, Some(&by_hidden)),
                    ("weight", outcome.matrix, Some(&by_matrix)),
                    ("bias", outcome.bias, Some(&by_bias)),
                    ("weights of rows", outcome.weights, by_weights.as_ref()),
                ];
                for (name, got, quotients) in gradients {
                    let Some(quotients) = quotients else { continue };
                    let what = format!("{oracle:?} {method:?} on {site}: {name}");
                    differences::assert_all_near(&what, got.as_ref(), quotients);
                }
            }
        }
    }
}

//! Gradients in `f64` against central differences of the loss itself.

use super::{MEAN, SUM, call, oracles};
use crate::support::{
    Dtype, Method, Tracked, differences, differentiable_sites, distillation::DistillationCall,
};

#[test]
fn gradients_in_f64_are_those_of_differences() {
    let sites = differentiable_sites();
    for oracle in oracles() {
        for (method, weighted) in [(MEAN, true), (SUM, true), (Method::NoReduction, false)] {
            let mut call = call(&oracle, method, &[2, 5, 2], weighted, Dtype::F64);
            // A step from 0 would bring an ignored row in.
            for weight in call.rows.weights.iter_mut().flatten() {
                *weight += 0.25;
            }
            call.rows.tracked.weights = weighted;
            let loss = oracle.loss(method.reduction());
            let quotients = |list: fn(&mut DistillationCall) -> &mut Vec<f64>| {
                let count = list(&mut call.clone()).len();
                differences::quotients(count, |i, step| {
                    let mut call = call.clone();
                    list(&mut call)[i] += step;
                    call.rows.tracked = Tracked::NONE;
                    let value = call.run(&loss, &sites[0]).value;
                    let pairs = value.iter().zip(&call.rows.upstream);
                    pairs.map(|(value, upstream)| value * upstream).sum()
                })
            };
            let by_student = quotients(|call| &mut call.rows.logits);
            let by_weights =
                weighted.then(|| quotients(|call| call.rows.weights.as_mut().expect("weights")));
            for site in &sites {
                let outcome = call.run(&loss, site);
                let gradients = [
                    ("student", outcome.by_prediction, Some(&by_student)),
                    ("weights", outcome.by_weights, by_weights.as_ref()),
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

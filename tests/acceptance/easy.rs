//! Logits that are right by a margin. What they cost and their slope is tiny, and right in proportion to itself.

use super::extremes::exact_numbers;
use crate::support::{
    Call, Dtype, Expected, Loss, Method, Oracle, Tolerance, Tracked, differentiable_sites_and_gpu,
};
use burn_losses::Reduction;

fn oracles() -> Vec<Oracle> {
    let binary = |pos_weight: Option<Vec<f64>>| Oracle::Binary {
        logits: true,
        pos_weight,
        smoothing: 0.0,
    };
    let mut oracles = vec![binary(None), binary(Some(vec![3.0]))];
    for gamma in [0.0, 0.5, 1.0, 2.0] {
        for alpha in [None, Some(0.25)] {
            oracles.push(Oracle::Focal {
                alpha,
                gamma,
                smoothing: 0.0,
            });
        }
    }
    for (positive, negative, clip) in [(0.0, 4.0, 0.05), (1.0, 2.0, 0.0), (0.5, 0.5, 0.0)] {
        oracles.push(Oracle::Asymmetric {
            positive,
            negative,
            clip,
        });
    }
    oracles
}

#[test]
fn easy_logits_are_right_in_proportion() {
    let margins = [10.0, 20.0, 50.0, 80.0];
    let x: Vec<f64> = margins
        .iter()
        .flat_map(|margin| [*margin, -margin])
        .collect();
    let t: Vec<f64> = margins.iter().flat_map(|_| [1.0, 0.0]).collect();
    for oracle in oracles() {
        for method in [Method::NoReduction, Method::Reduced(Reduction::Sum)] {
            let mut call = Call::new(method, &[x.len(), 1], x.clone(), t.clone());
            call.tracked = Tracked::PREDICTION;
            let expected = Expected::of(&oracle, &call);
            let loss = Loss::like(&oracle, method.reduction());
            for site in differentiable_sites_and_gpu() {
                let tolerance = Tolerance::at(&site, Dtype::F32).at_least(1e-5);
                let outcome = call.run(&loss, &site);
                let what = format!("{oracle:?} {method:?} on {site}");
                let value = exact_numbers(&expected.value.values);
                tolerance.check(&what, &outcome.value, &value);
                let gradient = outcome.by_prediction.expect("a gradient");
                let slopes = exact_numbers(&expected.by_prediction.values);
                tolerance.check(&format!("{what}: gradient"), &gradient, &slopes);
            }
        }
    }
}

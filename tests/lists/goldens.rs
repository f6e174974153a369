//! Losses and gradients against the references.

use super::case::{Case, LOSSES};
use crate::support::{
    Dtype, Scaled, Site, Tolerance, differentiable_sites, differentiable_sites_and_gpu,
    golden::golden_cases,
};

/// Panics unless a call gives the reference: numbers relative to themselves, but for what rounding of their terms allows.
fn check(case: &Case, site: &Site, dtype: Dtype) {
    let outcome = case.run(site, dtype);
    let what = format!("{} ({}) on {site}, {dtype:?}", case.name, case.source);
    assert_eq!(outcome.dtype, dtype.of_loss().into(), "{what}");
    let tolerance = Tolerance::at(site, dtype).summed(dtype, case.scores.len());
    // Scores are up to 8, and their differences are rounded.
    let largest = |list: &[f64]| list.iter().fold(1.0f64, |most, x| most.max(x.abs()));
    let scaled = |values: &[f64], scale: f64| Scaled {
        values: values.to_vec(),
        scales: vec![scale; values.len()],
    };
    let expected = scaled(&case.value, largest(&case.value));
    tolerance.check(&format!("{what}: value"), &outcome.value, &expected);
    let gradient = outcome.gradient.expect("a gradient");
    let size = largest(&case.upstream) * largest(&case.gradient).max(2.0);
    let alpha = case.config["alpha"].as_f64().unwrap_or(1.0);
    let expected = scaled(&case.gradient, size * alpha);
    tolerance.check(&format!("{what}: gradient"), &gradient, &expected);
}

#[test]
fn losses_and_gradients_are_those_of_the_references() {
    for (index, case) in golden_cases::<Case>("goldens/lists").iter().enumerate() {
        let sites = match index % 6 {
            0 => differentiable_sites_and_gpu(),
            _ => differentiable_sites(),
        };
        for site in sites {
            check(case, &site, Dtype::F32);
        }
    }
}

#[test]
fn losses_of_f64_tensors_have_the_precision_of_f64() {
    for case in golden_cases::<Case>("goldens/lists") {
        for site in differentiable_sites() {
            check(&case, &site, Dtype::F64);
        }
    }
}

#[test]
fn there_are_cases_for_every_loss() {
    let goldens = golden_cases::<Case>("goldens/lists");
    for loss in LOSSES {
        let cases = goldens.iter().filter(|case| case.loss == loss);
        assert!(cases.count() >= 9, "{loss}");
    }
}

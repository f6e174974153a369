//! The fused and the composed path, and central differences.

use super::case::{Case, LOSSES};
use crate::support::{
    Dtype, Path, Random, Site,
    differences::{assert_all_near, quotients},
    differentiable_sites, differentiable_sites_and_gpu,
};

/// A random call with so many scores in each of so many lists.
fn random(loss: &str, lists: usize, length: usize) -> Case {
    let mut random = Random::of(&format!("{loss} {lists} {length}"));
    let count = lists * length;
    let scores = random.list(count, Dtype::F32, |random| random.normal(3.0));
    let whole = |random: &mut Random| random.uniform(0.0, 5.0).floor();
    let mut case = match loss {
        "multi_margin" => {
            let targets: Vec<i64> = (0..lists)
                .map(|_| (random.bits() % length as u64) as i64)
                .collect();
            Case::margin(loss, [lists, length], &scores, &targets)
        }
        "multi_label_margin" => {
            let mut target = |_| match random.chance(0.2) {
                true => -1,
                false => (random.bits() % length as u64) as i64,
            };
            let targets: Vec<i64> = (0..count).map(&mut target).collect();
            Case::margin(loss, [lists, length], &scores, &targets)
        }
        "cox" => {
            let times = random.list(count, Dtype::F32, whole);
            let events: Vec<bool> = (0..count).map(|_| random.chance(0.6)).collect();
            Case::cox("efron", &scores, &times, &events)
        }
        _ => {
            let relevances = random.list(count, Dtype::F32, whole);
            let padded = (0..count).map(|_| random.chance(0.2)).collect();
            Case {
                padded: Some(padded),
                ..Case::ranking(loss, [lists, length], &scores, &relevances)
            }
        }
    };
    case.upstream = random.list(case.shape[0], Dtype::F32, |random| random.normal(1.0));
    case
}

#[test]
fn both_paths_agree() {
    for site in differentiable_sites_and_gpu() {
        if site.path == Path::Composed {
            continue;
        }
        for loss in LOSSES {
            // A call takes long on a software GPU.
            let first = if site.is_gpu() { 2 } else { 0 };
            for &(lists, length) in &[(1, 1), (3, 2), (40, 40), (5, 17), (2, 150)][first..] {
                let case = random(loss, lists, length);
                let [fused, composed] = Path::BOTH.map(|path| case.run(&site.on(path), Dtype::F32));
                let what = format!("{loss} {lists} x {length} on {site}");
                let relative = if site.is_gpu() { 1e-4 } else { 2e-5 };
                for (a, b) in fused.value.iter().zip(&composed.value) {
                    assert!(
                        (a - b).abs() <= relative * b.abs().max(1.0),
                        "{what}: {a} {b}"
                    );
                }
                let [a, b] = [fused, composed].map(|outcome| outcome.gradient.expect("a gradient"));
                let largest = b.iter().fold(1.0f64, |most, x| most.max(x.abs()));
                for (a, b) in a.iter().zip(&b) {
                    assert!((a - b).abs() <= relative * largest, "{what}: {a} {b}");
                }
            }
        }
    }
}

/// A list with more pairs than the composed path takes at a time.
#[test]
fn pairs_that_come_in_stretches_are_all_there() {
    let site = &differentiable_sites()[0];
    for loss in ["rank_net", "approx_ndcg", "multi_label_margin"] {
        let case = random(loss, 1, 2100);
        let [fused, composed] = Path::BOTH.map(|path| case.run(&site.on(path), Dtype::F32));
        let (a, b) = (fused.value[0], composed.value[0]);
        assert!((a - b).abs() <= 1e-4 * b.abs().max(1.0), "{loss}: {a} {b}");
        let [a, b] = [fused, composed].map(|outcome| outcome.gradient.expect("a gradient"));
        let largest = b.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        for (a, b) in a.iter().zip(&b) {
            assert!((a - b).abs() <= 1e-4 * largest, "{loss}: {a} {b}");
        }
    }
}

#[test]
fn gradients_are_those_of_central_differences() {
    for site in differentiable_sites().into_iter().filter(Site::is_flex) {
        for loss in LOSSES {
            let case = random(loss, 2, 6);
            let weights: Vec<f64> = (0..case.shape[0]).map(|i| 0.5 + 0.1 * i as f64).collect();
            for case in [
                case.clone(),
                case.clone().weighted(&weights),
                case.reduced(),
            ] {
                let value = |case: &Case| -> f64 {
                    let value = case.run(&site, Dtype::F64).value;
                    value.iter().zip(&case.upstream).map(|(x, g)| x * g).sum()
                };
                let outcome = case.run(&site, Dtype::F64);
                let what = format!("{loss} on {site}");
                let by_scores = quotients(case.scores.len(), |place, step| {
                    let mut moved = case.clone();
                    moved.scores[place] += step;
                    value(&moved)
                });
                assert_all_near(&what, outcome.gradient.as_ref(), &by_scores);
                if let Some(weights) = case.weights.clone() {
                    let by_weights = quotients(weights.len(), |place, step| {
                        let mut moved = weights.clone();
                        moved[place] += step;
                        value(&case.clone().weighted(&moved))
                    });
                    assert_all_near(&what, outcome.of_weights.as_ref(), &by_weights);
                }
            }
        }
    }
}

//! Kernels against the same losses composed in `f64`, across sizes, layouts and data types.

use crate::support::{
    Dtype, Layout, Random, Scaled, Site, Tolerance,
    contrastive::{Ask, EmbeddingCall, EmbeddingLoss, EmbeddingOutcome, Embeddings, More},
    differentiable_sites,
};
use serde_json::{Value, json};

/// Losses over all pairs, one for each way they walk them.
pub fn pair_losses() -> Vec<(&'static str, Value)> {
    vec![
        (
            "nt_xent",
            json!({"temperature": 0.5, "learnable_temperature": false, "normalize": true, "reduction": "mean"}),
        ),
        (
            "dcl",
            json!({"temperature": 0.1, "normalize": true, "reduction": "sum"}),
        ),
        (
            "hard_negative",
            json!({"temperature": 0.5, "tau_plus": 0.1, "beta": 1.0, "normalize": true, "reduction": "mean"}),
        ),
        (
            "sup_con",
            json!({"temperature": 0.1, "base_temperature": 0.07, "form": "out", "normalize": true, "reduction": "mean"}),
        ),
        (
            "sup_con",
            json!({"temperature": 0.1, "base_temperature": 0.1, "form": "in", "normalize": true, "reduction": "mean"}),
        ),
        (
            "info_nce",
            json!({"temperature": 0.2, "learnable_temperature": false, "symmetric": false, "normalize": true, "reduction": "mean"}),
        ),
        (
            "info_nce",
            json!({"temperature": 0.2, "learnable_temperature": false, "symmetric": true, "normalize": true, "reduction": "sum"}),
        ),
        (
            "clip",
            json!({"temperature": 0.07, "learnable_temperature": false, "max_scale": 100.0, "normalize": true, "reduction": "mean"}),
        ),
        (
            "siglip",
            json!({"scale": 10.0, "bias": -10.0, "normalize": true, "reduction": "mean"}),
        ),
        (
            "contrastive",
            json!({"positive_margin": 0.1, "negative_margin": 1.0, "distance": "euclidean", "normalize": true, "reduction": "mean_non_zero"}),
        ),
        (
            "contrastive",
            json!({"positive_margin": 0.1, "negative_margin": 2.0, "distance": {"lp": {"p": 1.0}}, "normalize": false, "reduction": "mean"}),
        ),
        (
            "multi_similarity",
            json!({"alpha": 2.0, "beta": 50.0, "base": 0.5, "normalize": true, "reduction": "mean"}),
        ),
        (
            "circle",
            json!({"margin": 0.4, "gamma": 8.0, "normalize": true, "reduction": "mean"}),
        ),
        (
            "lifted_structure",
            json!({"positive_margin": 0.0, "negative_margin": 1.0, "distance": "euclidean", "normalize": false, "reduction": "mean"}),
        ),
        ("n_pairs", json!({"l2_weight": 0.1, "reduction": "mean"})),
        triplets("batch_all".into(), "euclidean", false),
        triplets("batch_all".into(), "cosine", true),
        triplets(
            json!({"multi_similarity": {"epsilon": 0.3}}),
            "squared_euclidean",
            false,
        ),
        triplets("batch_hard".into(), "euclidean", false),
        triplets("easy_positive".into(), "cosine", true),
        triplets("semi_hard".into(), "squared_euclidean", false),
        triplets(
            json!({"distance_weighted": {"cutoff": 0.5, "nonzero_loss_cutoff": 1.4, "seed": 7}}),
            "euclidean",
            true,
        ),
    ]
}

fn triplets(mining: Value, distance: &str, soft_margin: bool) -> (&'static str, Value) {
    let config = json!({"mining": mining, "margin": 0.2, "distance": distance, "normalize": true, "soft_margin": soft_margin, "reduction": "mean"});
    ("triplet", config)
}

/// Whether a loss takes one set of embeddings, with labels.
pub fn is_labelled(key: &str) -> bool {
    matches!(
        key,
        "sup_con" | "contrastive" | "multi_similarity" | "circle" | "lifted_structure" | "triplet"
    )
}

fn embeddings(random: &mut Random, rows: usize, width: usize) -> Embeddings {
    Embeddings {
        values: (0..rows * width)
            .map(|_| random.uniform(-2.0, 2.0) as f32 as f64)
            .collect(),
        shape: [rows, width],
    }
}

/// A random call of a loss for so many images, or embeddings with labels.
pub fn random_call(key: &str, rows: usize, width: usize) -> EmbeddingCall {
    let mut random = Random::of(&format!("{key} {rows} {width}"));
    let first = embeddings(&mut random, rows, width);
    let mut call = match key {
        _ if is_labelled(key) => EmbeddingCall::new(Ask::Reduced, vec![first]),
        _ => {
            let second = embeddings(&mut random, rows, width);
            EmbeddingCall::new(Ask::Reduced, vec![first, second])
        }
    };
    call.labels = (0..rows).map(|row| (row * 7 % 5) as i64 - 2).collect();
    call
}

pub fn run(key: &str, config: &Value, call: &EmbeddingCall, site: &Site) -> EmbeddingOutcome {
    let loss = EmbeddingLoss::from_json(key, config.clone(), &site.device).expect(key);
    call.run(&loss, site)
}

/// Panics unless an outcome is that of `f64`, to the precision similarities of this size allow.
#[track_caller]
fn check(what: &str, tolerance: Tolerance, got: &EmbeddingOutcome, expected: &EmbeddingOutcome) {
    let compare = |what: &str, got: &[f64], expected: &[f64], least: f64| {
        let largest = expected.iter().fold(least, |most, x| most.max(x.abs()));
        let expected = Scaled {
            scales: vec![20.0 * largest; expected.len()],
            values: expected.to_vec(),
        };
        tolerance.check(what, got, &expected);
    };
    compare(&format!("{what}: value"), &got.value, &expected.value, 1.0);
    for (got, expected) in got.gradients.iter().zip(&expected.gradients) {
        let (got, expected) = (got.as_ref().expect(what), expected.as_ref().expect(what));
        compare(&format!("{what}: gradient"), got, expected, 1e-30);
    }
}

fn flex() -> impl Iterator<Item = Site> {
    let plain = |site: &Site| site.is_flex() && site.to_string().contains("autodiff");
    differentiable_sites().into_iter().filter(plain)
}

#[test]
fn every_number_of_rows_is_right_on_every_path() {
    for (key, config) in pair_losses() {
        for (rows, width) in [
            (2, 1),
            (7, 3),
            (8, 16),
            (9, 17),
            (64, 5),
            (128, 4),
            (129, 7),
            (260, 3),
        ] {
            let mut exact = random_call(key, rows, width);
            exact.dtype = Dtype::F64;
            let mut expected = None;
            for site in flex() {
                let reference = expected.get_or_insert_with(|| run(key, &config, &exact, &site));
                let call = random_call(key, rows, width);
                let outcome = run(key, &config, &call, &site);
                let tolerance = Tolerance::at(&site, Dtype::F32).summed(Dtype::F32, rows);
                check(
                    &format!("{key} {rows} x {width} on {site}"),
                    tolerance,
                    &outcome,
                    reference,
                );
            }
        }
    }
}

#[test]
fn other_keys_are_right_on_every_path() {
    let config = json!({"temperature": 0.2, "learnable_temperature": false, "symmetric": false, "normalize": true, "reduction": "mean"});
    for (rows, others, offset) in [(3, 300, 0), (300, 520, 17), (257, 257, 0), (1, 2, 1)] {
        for more in [More::Offset(offset), More::Negatives] {
            let mut random = Random::of(&format!("{rows} {others}"));
            let mut list = vec![
                embeddings(&mut random, rows, 4),
                embeddings(
                    &mut random,
                    if more == More::Negatives {
                        rows
                    } else {
                        others
                    },
                    4,
                ),
            ];
            if more == More::Negatives {
                list.push(embeddings(&mut random, others, 4));
            }
            let mut call = EmbeddingCall::new(Ask::Reduced, list);
            call.more = more;
            let mut exact = call.clone();
            exact.dtype = Dtype::F64;
            let mut expected = None;
            for site in flex() {
                let reference =
                    expected.get_or_insert_with(|| run("info_nce", &config, &exact, &site));
                let outcome = run("info_nce", &config, &call, &site);
                let tolerance = Tolerance::at(&site, Dtype::F32).summed(Dtype::F32, others);
                check(
                    &format!("{more:?} {rows} {others} on {site}"),
                    tolerance,
                    &outcome,
                    reference,
                );
            }
        }
    }
}

#[test]
fn tensors_of_any_layout_are_the_same() {
    for (key, config) in pair_losses() {
        let call = random_call(key, 9, 5);
        for site in flex() {
            let plain = run(key, &config, &call, &site);
            for layout in [Layout::Transposed, Layout::Sliced, Layout::Flipped] {
                let mut other = call.clone();
                other.layout = layout;
                let outcome = run(key, &config, &other, &site);
                let what = format!("{key} {layout:?} on {site}");
                match site.sums_in_f64(Dtype::F32) {
                    true => assert_eq!(outcome, plain, "{what}"),
                    // A product of matrices may be summed in another order.
                    false => check(&what, Tolerance::of(Dtype::F32), &outcome, &plain),
                }
            }
        }
    }
}

#[test]
fn half_precision_is_computed_in_f32() {
    for (key, config) in pair_losses() {
        for dtype in [Dtype::F16, Dtype::BF16] {
            let mut call = random_call(key, 9, 5);
            for embeddings in &mut call.embeddings {
                // Numbers both types hold.
                embeddings
                    .values
                    .iter_mut()
                    .for_each(|x| *x = (*x * 8.0).round() / 8.0);
            }
            let mut exact = call.clone();
            exact.dtype = Dtype::F64;
            call.dtype = dtype;
            for site in flex() {
                let outcome = run(key, &config, &call, &site);
                assert_eq!(outcome.dtype, Dtype::F32.into(), "{key} on {site}");
                let expected = run(key, &config, &exact, &site);
                let what = format!("{key} {dtype:?} on {site}");
                check(
                    &what,
                    Tolerance::of(dtype).summed(Dtype::F32, 18),
                    &outcome,
                    &expected,
                );
            }
        }
    }
}

/// Products of matrices are shared out over threads above so many multiplications (the `gemm` crate's default).
const THREADED: usize = 48 * 48 * 256;

#[test]
fn runs_on_one_or_more_threads_are_bitwise_equal() {
    const ROWS: usize = 300;
    const WIDTH: usize = 32;
    const { assert!(ROWS * ROWS * WIDTH > 2 * THREADED) };
    let pools = [1, 2, 3].map(|threads| {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
        builder.build().expect("a pool of threads")
    });
    for (key, config) in pair_losses() {
        let call = random_call(key, ROWS, WIDTH);
        for site in flex().filter(|site| site.sums_in_f64(Dtype::F32)) {
            let outcomes =
                [0, 1, 2, 1].map(|pool| pools[pool].install(|| run(key, &config, &call, &site)));
            for outcome in &outcomes[1..] {
                assert_eq!(outcome, &outcomes[0], "{key} on {site}");
            }
        }
    }
}

//! Hostile input and the right answer to it.

use super::paths::{is_labelled, pair_losses, random_call, run};
use crate::support::{
    Dtype, Site,
    contrastive::{Ask, EmbeddingCall, EmbeddingLoss, EmbeddingOutcome, Embeddings, More},
    differentiable_sites, differentiable_sites_and_gpu,
};
use serde_json::{Value, json};

/// All losses of embeddings.
pub fn losses() -> Vec<(&'static str, Value)> {
    let mut losses = pair_losses();
    losses.extend([
        ("barlow_twins", json!({"off_diagonal": 0.005})),
        (
            "vic_reg",
            json!({"invariance": 25.0, "variance": 25.0, "covariance": 1.0}),
        ),
        ("negative_cosine", json!({"reduction": "mean"})),
    ]);
    losses
}

pub fn gradients(outcome: &EmbeddingOutcome) -> impl Iterator<Item = f64> {
    outcome.gradients.iter().flatten().flatten().copied()
}

/// The call of a loss with these embeddings for all its arguments.
fn call_with(key: &str, values: Vec<f64>, shape: [usize; 2]) -> EmbeddingCall {
    let mut call = random_call(key, shape[0], shape[1]);
    for embeddings in &mut call.embeddings {
        *embeddings = Embeddings {
            values: values.clone(),
            shape,
        };
    }
    call
}

#[test]
fn an_empty_batch_is_loss_0() {
    for (key, config) in losses() {
        for site in differentiable_sites_and_gpu() {
            let outcome = run(key, &config, &call_with(key, vec![], [0, 3]), &site);
            assert_eq!(outcome.value, [0.0], "{key} on {site}");
            if !site.is_gpu() {
                let given = outcome.gradients.iter().flatten().count();
                let detached = usize::from(key == "negative_cosine");
                assert_eq!(given + detached, outcome.gradients.len(), "{key} on {site}");
                assert!(gradients(&outcome).next().is_none(), "{key} on {site}");
            }
        }
    }
}

/// One image alone, a batch without a positive: there is nothing to tell apart.
#[test]
fn without_pairs_loss_and_gradient_are_0() {
    for (key, config) in pair_losses() {
        if matches!(key, "siglip" | "n_pairs") {
            continue; // A row and its column are a pair of their own, or have norms to keep small.
        }
        let mut call = random_call(key, 1, 3);
        if is_labelled(key) && !matches!(key, "contrastive" | "multi_similarity") {
            call = random_call(key, 4, 3);
            call.labels = vec![1, 2, 3, 4];
        }
        for site in differentiable_sites_and_gpu() {
            for ask in [Ask::Reduced, Ask::Each] {
                call.ask = ask;
                let outcome = run(key, &config, &call, &site);
                assert!(
                    outcome.value.iter().all(|&l| l == 0.0),
                    "{key} on {site}: {outcome:?}"
                );
                assert!(
                    gradients(&outcome).all(|g| g == 0.0),
                    "{key} on {site}: {outcome:?}"
                );
            }
        }
    }
    let config = pair_losses()
        .into_iter()
        .find(|(key, _)| *key == "info_nce")
        .expect("it")
        .1;
    let mut call = random_call("info_nce", 3, 2);
    call.more = More::Negatives;
    call.embeddings.push(Embeddings {
        values: vec![],
        shape: [0, 2],
    });
    call.tracked.push(false);
    for site in differentiable_sites() {
        let outcome = run("info_nce", &config, &call, &site);
        assert_eq!(outcome.value, [0.0], "{site}");
        assert!(gradients(&outcome).all(|g| g == 0.0), "{site}: {outcome:?}");
    }
}

#[test]
fn equal_embeddings_have_a_finite_loss_and_gradient() {
    for (key, config) in losses() {
        let call = call_with(key, [0.5, -1.0, 2.0].repeat(6), [6, 3]);
        for site in differentiable_sites_and_gpu() {
            let outcome = run(key, &config, &call, &site);
            assert!(outcome.value[0].is_finite(), "{key} on {site}: {outcome:?}");
            assert!(
                gradients(&outcome).all(f64::is_finite),
                "{key} on {site}: {outcome:?}"
            );
            if key == "nt_xent" {
                let off = (outcome.value[0] - 11f64.ln()).abs();
                assert!(off < 1e-5, "{site}: {outcome:?}");
            }
        }
    }
}

#[test]
fn an_embedding_of_zeros_has_a_bounded_gradient() {
    for (key, config) in losses() {
        let mut call = random_call(key, 6, 3);
        call.embeddings[0].values[3..6].fill(0.0);
        for site in differentiable_sites_and_gpu() {
            let outcome = run(key, &config, &call, &site);
            assert!(outcome.value[0].is_finite(), "{key} on {site}: {outcome:?}");
            assert!(
                gradients(&outcome).all(|g| g.abs() < 1e3),
                "{key} on {site}: {outcome:?}"
            );
        }
    }
}

#[test]
fn long_embeddings_of_half_precision_have_a_finite_loss_and_gradient() {
    for (key, config) in losses() {
        if matches!(
            key,
            "vic_reg" | "barlow_twins" | "lifted_structure" | "n_pairs"
        ) {
            continue; // Their gradients are beyond f16: squares of 1e4.
        }
        let mut call = random_call(key, 6, 3);
        call.dtype = Dtype::F16;
        for embeddings in &mut call.embeddings {
            embeddings.values.iter_mut().for_each(|x| *x *= 5e3);
        }
        for site in differentiable_sites().into_iter().filter(Site::is_flex) {
            let outcome = run(key, &config, &call, &site);
            assert!(outcome.value[0].is_finite(), "{key} on {site}: {outcome:?}");
            assert!(
                gradients(&outcome).all(f64::is_finite),
                "{key} on {site}: {outcome:?}"
            );
        }
    }
}

#[test]
fn a_nan_shows_in_the_loss() {
    for (key, config) in losses() {
        let mut call = random_call(key, 6, 3);
        call.embeddings[0].values[4] = f64::NAN;
        for site in differentiable_sites() {
            let outcome = run(key, &config, &call, &site);
            assert!(outcome.value[0].is_nan(), "{key} on {site}: {outcome:?}");
        }
    }
}

#[test]
fn an_upstream_gradient_scales() {
    for (key, config) in losses() {
        let call = random_call(key, 6, 3);
        let mut scaled = call.clone();
        scaled.upstream = vec![4.0];
        for site in differentiable_sites() {
            let (one, four) = (
                run(key, &config, &call, &site),
                run(key, &config, &scaled, &site),
            );
            for (one, four) in gradients(&one).zip(gradients(&four)) {
                assert_eq!(four, 4.0 * one, "{key} on {site}");
            }
        }
    }
}

#[test]
fn gradients_are_exactly_where_something_is_tracked() {
    for (key, config) in losses() {
        let all = random_call(key, 6, 3);
        for site in differentiable_sites() {
            let learns = run(key, &config, &all, &site).others.contains_key("bias");
            for tracked in [[true, false], [false, true], [false, false]] {
                let mut call = all.clone();
                call.tracked = tracked[..call.embeddings.len()].to_vec();
                let outcome = run(key, &config, &call, &site);
                for (index, gradient) in outcome.gradients.iter().enumerate() {
                    let detached = key == "negative_cosine" && index == 1;
                    let expected = call.tracked[index] && !detached;
                    assert_eq!(gradient.is_some(), expected, "{key} {tracked:?} on {site}");
                }
                assert_eq!(
                    outcome.others.contains_key("bias"),
                    learns,
                    "{key} on {site}"
                );
            }
        }
    }
}

/// What each view costs is what a weight of 1 for it alone costs.
#[test]
fn a_weight_of_0_leaves_a_row_out() {
    for (key, config) in pair_losses() {
        if matches!(key, "triplet" | "contrastive" | "lifted_structure") {
            continue; // Means over triplets and pairs.
        }
        let mut call = random_call(key, 5, 3);
        for site in differentiable_sites() {
            call.ask = Ask::Each;
            call.upstream = vec![1.0; if call.embeddings.len() == 2 { 10 } else { 5 }];
            let loss = EmbeddingLoss::from_json(key, config.clone(), &site.device).expect(key);
            if matches!(key, "info_nce" | "clip" | "siglip" | "n_pairs") {
                call.upstream = vec![1.0; 5];
            }
            let each = call.run(&loss, &site).value;
            for row in 0..each.len() {
                let mut alone = call.clone();
                alone.ask = Ask::Weighted;
                alone.upstream = vec![1.0];
                alone.weights = vec![0.0; each.len()];
                alone.weights[row] = 1.0;
                let value = alone.run(&loss, &site).value[0];
                assert_eq!(value, each[row], "{key} row {row} on {site}");
            }
            let mut nothing = call.clone();
            nothing.ask = Ask::Weighted;
            nothing.upstream = vec![1.0];
            nothing.weights = vec![0.0; each.len()];
            let outcome = nothing.run(&loss, &site);
            assert_eq!(outcome.value, [0.0], "{key} on {site}");
            assert!(gradients(&outcome).all(|g| g == 0.0), "{key} on {site}");
        }
    }
}

/// Opposite embeddings at a small temperature: the negatives weigh next to nothing.
#[test]
fn negatives_that_are_next_to_nothing_have_a_finite_gradient() {
    let config = json!({"temperature": 0.01, "tau_plus": 0.1, "beta": 1.0, "normalize": true, "reduction": "mean"});
    let call = call_with("hard_negative", vec![1.0, 0.0, -1.0, 0.0], [2, 2]);
    for site in differentiable_sites_and_gpu() {
        let outcome = run("hard_negative", &config, &call, &site);
        assert!(outcome.value[0].is_finite(), "{site}: {outcome:?}");
        assert!(
            gradients(&outcome).all(f64::is_finite),
            "{site}: {outcome:?}"
        );
    }
}

/// A row of weight 0 that no other row is compared with may hold anything.
#[test]
fn a_row_of_weight_0_may_hold_anything() {
    for (key, config) in losses() {
        if !matches!(key, "info_nce" | "siglip" | "negative_cosine") || config["symmetric"] == true
        {
            continue;
        }
        let mut call = random_call(key, 4, 3);
        call.ask = Ask::Weighted;
        call.weights = vec![1.0, 0.0, 2.0, 0.0];
        let mut spoiled = call.clone();
        spoiled.embeddings[0].values[3..6].copy_from_slice(&[f64::NAN, f64::INFINITY, 1e38]);
        for site in differentiable_sites() {
            let (sound, spoiled) = (
                run(key, &config, &call, &site),
                run(key, &config, &spoiled, &site),
            );
            assert_eq!(spoiled.value, sound.value, "{key} on {site}");
            assert_eq!(spoiled.gradients, sound.gradients, "{key} on {site}");
            let own = &spoiled.gradients[0].as_ref().expect("a gradient")[3..6];
            assert_eq!(own, [0.0; 3], "{key} on {site}");
        }
    }
}

/// What is compared with nothing gets a gradient of 0.
#[test]
fn an_empty_batch_has_a_gradient_to_keys() {
    let config = pair_losses()
        .into_iter()
        .find(|(key, _)| *key == "info_nce")
        .expect("it")
        .1;
    let mut call = random_call("info_nce", 3, 2);
    call.embeddings[0] = Embeddings {
        values: vec![],
        shape: [0, 2],
    };
    for site in differentiable_sites() {
        let outcome = run("info_nce", &config, &call, &site);
        assert_eq!(outcome.value, [0.0], "{site}");
        assert_eq!(
            outcome.gradients,
            [Some(vec![]), Some(vec![0.0; 6])],
            "{site}"
        );
    }
}

/// A row of weight 0 has no triplets and no pairs of its own.
#[test]
fn weights_count_the_triplets_and_pairs_of_their_rows() {
    for (key, config) in pair_losses() {
        if !matches!(key, "triplet" | "contrastive" | "lifted_structure") {
            continue;
        }
        let mut sum = config.clone();
        sum["reduction"] = json!("sum");
        let mut call = random_call(key, 12, 3);
        for site in differentiable_sites() {
            call.ask = Ask::Each;
            call.upstream = vec![1.0; 12];
            let each = run(key, &sum, &call, &site).value;
            call.ask = Ask::Weighted;
            call.upstream = vec![1.0];
            call.weights = (0..12).map(|row| f64::from(row % 3)).collect();
            let expected: f64 = each.iter().zip(&call.weights).map(|(l, w)| l * w).sum();
            let value = run(key, &sum, &call, &site).value[0];
            assert!(
                (value - expected).abs() < 1e-4 * expected.abs(),
                "{key} on {site}"
            );
            call.weights = vec![0.0; 12];
            let outcome = run(key, &config, &call, &site);
            assert_eq!(outcome.value, [0.0], "{key} on {site}");
            assert!(gradients(&outcome).all(|g| g == 0.0), "{key} on {site}");
        }
    }
}

/// Labelled with classes, next to proxies.
pub fn proxy_losses() -> Vec<(&'static str, Value)> {
    let sizes = json!({"classes": 4, "dimension": 3, "reduction": "mean"});
    let with = |more: Value| {
        let mut config = sizes.clone();
        let fields = more.as_object().expect("an object").clone();
        config.as_object_mut().expect("an object").extend(fields);
        config
    };
    vec![
        ("arc_face", with(json!({"margin": 0.5, "scale": 64.0}))),
        ("cos_face", with(json!({"margin": 0.35, "scale": 64.0}))),
        ("normalized_softmax", with(json!({"temperature": 0.05}))),
        (
            "proxy_anchor",
            json!({"classes": 4, "dimension": 3, "margin": 0.1, "alpha": 32.0}),
        ),
        (
            "proxy_nca",
            with(json!({"scale": 1.0, "includes_positive": true})),
        ),
        (
            "proxy_nca",
            with(json!({"scale": 1.0, "includes_positive": false})),
        ),
    ]
}

pub fn proxy_call(rows: usize) -> EmbeddingCall {
    let mut call = random_call("proxy", rows, 3);
    call.embeddings[1] = random_call("proxies", 4, 3).embeddings[0].clone();
    call.labels = (0..rows as i64).map(|row| row % 4).collect();
    call
}

#[test]
fn embeddings_that_are_their_proxies_have_a_finite_gradient() {
    for (key, config) in proxy_losses() {
        let mut call = proxy_call(4);
        call.embeddings[0] = call.embeddings[1].clone();
        call.embeddings[0].values[3..6]
            .iter_mut()
            .for_each(|x| *x = -*x);
        call.embeddings[0].values[6..9].fill(0.0);
        for site in differentiable_sites_and_gpu() {
            let outcome = run(key, &config, &call, &site);
            assert!(outcome.value[0].is_finite(), "{key} on {site}: {outcome:?}");
            let bounded = gradients(&outcome).all(|g| g.abs() < 1e3);
            assert!(bounded, "{key} on {site}: {outcome:?}");
        }
    }
}

#[test]
fn a_batch_of_0_next_to_proxies_is_loss_0() {
    for (key, config) in proxy_losses() {
        for site in differentiable_sites_and_gpu() {
            let outcome = run(key, &config, &proxy_call(0), &site);
            assert_eq!(outcome.value, [0.0], "{key} on {site}");
            assert!(gradients(&outcome).all(|g| g == 0.0), "{key} on {site}");
        }
    }
}

/// On the CPU it is refused; on a GPU, where looking would stall, it is NaN.
#[test]
fn a_label_that_is_no_class_is_no_loss() {
    for (key, config) in proxy_losses() {
        for label in [-1, 4] {
            let mut call = proxy_call(5);
            call.labels[2] = label;
            for site in differentiable_sites_and_gpu() {
                let outcome = std::panic::catch_unwind(|| run(key, &config, &call, &site));
                match outcome {
                    Ok(outcome) => {
                        assert!(site.is_gpu(), "{key} {label} on {site}: {outcome:?}");
                        assert!(outcome.value[0].is_nan(), "{key} {label} on {site}");
                    }
                    Err(message) => {
                        assert!(!site.is_gpu(), "{key} {label} on {site}");
                        let message = message.downcast_ref::<String>().expect("a message");
                        let named = message.contains(&format!("sample 2 is {label}"));
                        assert!(named, "{message}");
                    }
                }
            }
        }
    }
}

/// Embeddings of one place, next to far ones: the triplet costs the hinge of the negative's distance.
#[test]
fn an_anchor_on_its_positive_costs_what_its_negative_leaves() {
    let config = json!({"margin": 1.0, "distance": "euclidean", "normalize": false, "swap": false, "soft_margin": false, "reduction": "mean"});
    let embeddings = |values: [f64; 2]| Embeddings {
        values: values.to_vec(),
        shape: [1, 2],
    };
    let anchor = embeddings([0.5, -1.0]);
    let call = EmbeddingCall::new(
        Ask::Reduced,
        vec![anchor.clone(), anchor, embeddings([0.5, -0.75])],
    );
    for site in differentiable_sites_and_gpu() {
        let outcome = run("triplet_margin", &config, &call, &site);
        assert!(
            (outcome.value[0] - 0.75).abs() < 1e-6,
            "{site}: {outcome:?}"
        );
        let expected = [[0.0, 1.0], [0.0, 0.0], [0.0, -1.0]];
        for (got, expected) in outcome.gradients.iter().zip(expected) {
            let got = got.as_deref().expect("a gradient");
            for (got, expected) in got.iter().zip(expected) {
                assert!((got - expected).abs() < 1e-6, "{site}: {outcome:?}");
            }
        }
    }
}

/// Every distance and every mining, all embeddings in one place.
#[test]
fn embeddings_in_one_place_have_a_finite_gradient_with_every_distance() {
    let minings = [
        json!("batch_hard"),
        json!("batch_all"),
        json!("semi_hard"),
        json!("easy_positive"),
        json!({"multi_similarity": {"epsilon": 0.1}}),
    ];
    let distances = [
        json!("euclidean"),
        json!("squared_euclidean"),
        json!("cosine"),
        json!("dot_product"),
        json!({"lp": {"p": 1.0}}),
        json!({"lp": {"p": 1.5}}),
        json!({"lp": {"p": 3.0}}),
    ];
    for (mining, distance) in minings
        .iter()
        .flat_map(|m| distances.iter().map(move |d| (m, d)))
    {
        for soft in [false, true] {
            let config = json!({"mining": mining, "margin": 0.2, "distance": distance, "normalize": false, "soft_margin": soft, "reduction": "mean"});
            let mut call = call_with("triplet", [0.5, -1.0, 2.0].repeat(6), [6, 3]);
            call.labels = vec![0, 0, 0, 1, 1, 1];
            for site in differentiable_sites_and_gpu() {
                let outcome = run("triplet", &config, &call, &site);
                let expected = if soft { 2f64.ln() } else { 0.2 };
                let what = format!("{config} on {site}: {outcome:?}");
                assert!((outcome.value[0] - expected).abs() < 1e-5, "{what}");
                assert!(gradients(&outcome).all(f64::is_finite), "{what}");
            }
        }
    }
}

/// A pair that is NaN shows, even where no other pair costs anything.
#[test]
fn a_nan_shows_where_nothing_else_costs() {
    let config = json!({"positive_margin": 0.0, "negative_margin": 1.0, "distance": "euclidean", "normalize": false, "reduction": "mean_non_zero"});
    let mut call = random_call("contrastive", 3, 2);
    call.embeddings[0].values = vec![0.0, 0.0, 50.0, 0.0, 0.0, f64::NAN];
    for labels in [[0, 1, 2], [0, 1, 1]] {
        call.labels = labels.to_vec();
        for site in differentiable_sites() {
            let outcome = run("contrastive", &config, &call, &site);
            assert!(
                outcome.value[0].is_nan(),
                "{labels:?} on {site}: {outcome:?}"
            );
        }
    }
}

/// Points so far out that their squares are infinite are still where they are.
#[test]
fn points_far_out_are_at_their_distance() {
    let config = json!({"margin": 1e19, "distance": "euclidean", "normalize": false, "mining": "batch_all", "soft_margin": false, "reduction": "mean"});
    let mut call = random_call("triplet", 3, 2);
    call.labels = vec![0, 0, 1];
    for (far, expected) in [([2e19, 4e18], 6e18), ([1.5e19, 0.0], 5e18)] {
        call.embeddings[0].values = [vec![2e19, 0.0, 2e19, 0.0], far.to_vec()].concat();
        for site in differentiable_sites() {
            let outcome = run("triplet", &config, &call, &site);
            let off = (outcome.value[0] / expected - 1.0).abs();
            assert!(off < 1e-5, "{site}: {outcome:?}");
            let finite = gradients(&outcome).all(f64::is_finite);
            assert!(finite, "{site}: {outcome:?}");
            let slopes = gradients(&outcome).filter(|&slope| slope != 0.0);
            assert!(slopes.count() > 0, "{site}: {outcome:?}");
        }
    }
}

/// An anchor of weight 0 may hold anything, its positive stays.
#[test]
fn an_anchor_of_weight_0_reaches_no_gradient() {
    let config = json!({"l2_weight": 0.1, "reduction": "mean"});
    let mut call = random_call("n_pairs", 4, 3);
    call.ask = Ask::Weighted;
    call.weights = vec![1.0, 0.0, 1.0, 2.0];
    call.embeddings[0].values[4] = f64::NAN;
    for site in differentiable_sites_and_gpu() {
        let outcome = run("n_pairs", &config, &call, &site);
        assert!(outcome.value[0].is_finite(), "{site}: {outcome:?}");
        assert!(
            gradients(&outcome).all(f64::is_finite),
            "{site}: {outcome:?}"
        );
    }
}

/// Half precision next to proxies, with rows and without.
#[test]
fn proxies_serve_embeddings_of_half_precision() {
    for (key, config) in proxy_losses() {
        for rows in [0, 4] {
            for site in differentiable_sites().into_iter().filter(Site::is_flex) {
                let mut call = proxy_call(rows);
                let expected = run(key, &config, &call, &site).value[0];
                call.dtype = Dtype::F16;
                let outcome = run(key, &config, &call, &site);
                let off = (outcome.value[0] - expected).abs();
                assert!(off <= 2e-2 * expected.abs(), "{key} on {site}: {outcome:?}");
                assert_eq!(outcome.dtype, Dtype::F32.into(), "{key} on {site}");
            }
        }
    }
}

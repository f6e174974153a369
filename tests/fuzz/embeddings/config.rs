//! Which losses of embeddings there are, and random configurations of them.

use crate::{
    draw::{below, pick},
    support::Random,
};
use serde_json::{Value, json};

pub(super) const VIEWS: [&str; 9] = [
    "nt_xent",
    "info_nce",
    "clip",
    "siglip",
    "dcl",
    "hard_negative",
    "barlow_twins",
    "vic_reg",
    "negative_cosine",
];
pub(super) const LABELLED: [&str; 6] = [
    "sup_con",
    "contrastive",
    "multi_similarity",
    "circle",
    "lifted_structure",
    "triplet",
];
pub(super) const PROXIES: [&str; 5] = [
    "arc_face",
    "cos_face",
    "normalized_softmax",
    "proxy_anchor",
    "proxy_nca",
];
/// What the embeddings are called, in the order of the arguments.
pub(super) const NAMES: [&str; 3] = ["first", "second", "third"];
/// Losses that have none of samples.
pub(super) const OF_THE_BATCH: [&str; 3] = ["barlow_twins", "vic_reg", "proxy_anchor"];

/// The configuration of a loss; proxies are of a number of classes in a dimension.
pub(super) fn config(random: &mut Random, key: &str, [classes, dimension]: [usize; 2]) -> Value {
    let normalize = random.chance(0.6);
    let temperature: f64 = pick(random, &[0.01, 0.05, 0.07, 0.1, 0.5, 1.0, 5.0]);
    let learned = random.chance(0.3);
    let margin = match below(random, 3) {
        0 => random.uniform(0.0, 2.0),
        _ => pick(random, &[0.0, 0.1, 0.2, 0.5, 1.0]),
    };
    let other_margin = pick(random, &[0.5, 1.0, 1.5, 3.0]);
    let p = pick(random, &[1.0, 1.5, 2.0, 3.0]);
    let distances = [
        json!("euclidean"),
        json!("euclidean"),
        json!("squared_euclidean"),
        json!("cosine"),
        json!("dot_product"),
        json!({"lp": {"p": p}}),
    ];
    let distance = pick(random, &distances);
    let reduction = pick(random, &["mean", "sum", "batch_mean"]);
    let of_pairs = pick(random, &["mean_non_zero", "mean", "sum"]);
    let soft_margin = random.chance(0.25);
    match key {
        "nt_xent" => {
            json!({"temperature": temperature, "learnable_temperature": learned, "normalize": normalize, "reduction": reduction})
        }
        "info_nce" => {
            json!({"temperature": temperature, "learnable_temperature": learned, "symmetric": random.chance(0.5), "normalize": normalize, "reduction": reduction})
        }
        "clip" => {
            json!({"temperature": temperature.max(0.05), "learnable_temperature": learned, "normalize": normalize, "reduction": reduction})
        }
        "siglip" => {
            json!({"scale": pick(random, &[10.0, 1.0, 3.0]), "bias": pick(random, &[-10.0, 0.0, -1.0]), "normalize": normalize, "reduction": reduction})
        }
        "dcl" => {
            json!({"temperature": temperature, "normalize": normalize, "reduction": reduction})
        }
        "hard_negative" => {
            json!({"temperature": temperature, "tau_plus": pick(random, &[0.0, 0.1, 0.3]), "beta": pick(random, &[0.0, 1.0, 2.5]), "normalize": normalize, "reduction": reduction})
        }
        "barlow_twins" => json!({"off_diagonal": pick(random, &[0.005, 0.0, 1.0])}),
        "vic_reg" => {
            json!({"invariance": pick(random, &[25.0, 0.0]), "variance": pick(random, &[25.0, 0.0]), "covariance": pick(random, &[1.0, 0.0])})
        }
        "negative_cosine" => json!({"reduction": reduction}),
        "sup_con" => {
            json!({"temperature": temperature, "base_temperature": pick(random, &[0.07, 1.0]), "form": pick(random, &["out", "in"]), "normalize": normalize, "reduction": reduction})
        }
        "contrastive" => {
            json!({"positive_margin": pick(random, &[0.0, 0.1, 0.5]), "negative_margin": other_margin, "distance": distance, "normalize": normalize, "reduction": of_pairs})
        }
        "multi_similarity" => {
            json!({"alpha": pick(random, &[2.0, 10.0]), "beta": pick(random, &[50.0, 5.0]), "base": pick(random, &[0.5, 0.0]), "normalize": normalize, "reduction": reduction})
        }
        "circle" => {
            json!({"margin": pick(random, &[0.4, 0.25]), "gamma": pick(random, &[80.0, 8.0, 1.0]), "normalize": normalize, "reduction": reduction})
        }
        "lifted_structure" => {
            json!({"positive_margin": pick(random, &[0.0, 0.3]), "negative_margin": other_margin, "distance": distance, "normalize": normalize, "reduction": reduction})
        }
        "triplet" => {
            let mut mining = pick(
                random,
                &[
                    json!("batch_all"),
                    json!("batch_hard"),
                    json!("semi_hard"),
                    json!("easy_positive"),
                    json!({"multi_similarity": {"epsilon": 0.25}}),
                    json!({"multi_similarity": {"epsilon": 0.0}}),
                    json!({"distance_weighted": {"cutoff": 0.5, "nonzero_loss_cutoff": 1.4, "seed": 7}}),
                ],
            );
            let on_sphere = normalize && (distance.is_string() && distance != "dot_product")
                || distance == "cosine";
            if mining.get("distance_weighted").is_some() && !on_sphere {
                mining = json!("semi_hard");
            }
            // How many soft margins are not 0 is up to the least number of the type.
            let of_pairs = match soft_margin && of_pairs == "mean_non_zero" {
                true => "mean",
                false => of_pairs,
            };
            json!({"mining": mining, "margin": margin, "distance": distance, "normalize": normalize, "soft_margin": soft_margin, "reduction": of_pairs})
        }
        "triplet_margin" => {
            json!({"margin": margin, "distance": distance, "normalize": normalize, "swap": random.chance(0.5), "soft_margin": soft_margin, "reduction": reduction})
        }
        "n_pairs" => {
            json!({"l2_weight": pick(random, &[0.002, 0.0, 0.1]), "reduction": reduction})
        }
        "arc_face" => {
            json!({"classes": classes, "dimension": dimension, "margin": margin, "scale": pick(random, &[64.0, 8.0, 1.0]), "reduction": reduction})
        }
        "cos_face" => {
            json!({"classes": classes, "dimension": dimension, "margin": margin, "scale": pick(random, &[64.0, 8.0, 1.0]), "reduction": reduction})
        }
        "normalized_softmax" => {
            json!({"classes": classes, "dimension": dimension, "temperature": temperature, "reduction": reduction})
        }
        "proxy_anchor" => {
            json!({"classes": classes, "dimension": dimension, "margin": pick(random, &[0.1, 0.0]), "alpha": pick(random, &[32.0, 4.0])})
        }
        "proxy_nca" => {
            json!({"classes": classes, "dimension": dimension, "scale": pick(random, &[1.0, 8.0]), "includes_positive": random.chance(0.5), "reduction": reduction})
        }
        _ => unreachable!("a loss"),
    }
}

//! Triplets that are mined once, and then charged.
//!
//! The library mines by exact distances, and charges rounded ones. So what is charged may be nudged by itself, while the
//! choice stays.

use super::{Embeddings, composed, points::normalize};
use crate::{
    draw::below,
    support::{Random, contrastive::More},
};
use burn::tensor::{Int, Tensor, TensorData};
use burn_losses::TripletMinerConfig;
use serde_json::json;
use std::sync::OnceLock;

/// Beyond that all triplets of a batch are too many for a list.
const MOST_ROWS: usize = 40;

impl Embeddings {
    /// The same loss of the triplets that are mined, as a list. `None` if none are mined.
    pub(super) fn mined(&self) -> Option<&Self> {
        let mined = self.cache.mined.get_or_init(|| self.mine().map(Box::new));
        mined.as_deref()
    }

    fn mine(&self) -> Option<Self> {
        let rows = self.call.embeddings[0].shape[0];
        let has_mined = self.key == "triplet" && self.call.more != More::Triplets;
        if !has_mined || self.is_hostile_case() || rows > MOST_ROWS {
            return None;
        }
        let device = composed().device;
        let config = json!({
            "mining": self.config["mining"],
            "distance": self.config["distance"],
            "normalize": self.config["normalize"],
        });
        let config: TripletMinerConfig = serde_json::from_value(config).expect("a miner");
        let mut listed = self.exact();
        let points = listed.call.embeddings.iter().map(|points| {
            let data = TensorData::new(points.values.clone(), points.shape);
            Tensor::<2>::from_data(data, (&device, burn::tensor::DType::F64))
        });
        let points: Vec<Tensor<2>> = points.collect();
        let labels = |list: &[i64]| {
            let data = TensorData::new(list.to_vec(), [list.len()]);
            Tensor::<1, Int>::from_data(data, &device)
        };
        let of_batch = labels(&self.call.labels);
        let miner = config.init();
        let triplets = match &points[..] {
            [batch, reference] => miner.mine_with_reference(
                batch.clone(),
                of_batch,
                reference.clone(),
                labels(&self.call.reference_labels),
            ),
            _ => miner.mine(points[0].clone(), of_batch),
        };
        if triplets.is_empty() {
            return None;
        }
        let lists = [triplets.anchors, triplets.positives, triplets.negatives];
        listed.call.triplets = lists.map(|list| list.into_data().iter().collect());
        listed.call.more = More::Triplets;
        listed.config["mining"] = json!("batch_all");
        Some(listed)
    }

    /// Whether a pair is as hard as it has to be, or not, by so little that rounding decides.
    pub(super) fn hangs_on_rounding(&self) -> bool {
        const UNITS: f64 = 64.0 * f32::EPSILON as f64;
        let epsilon = self.config["mining"]["multi_similarity"]["epsilon"].as_f64();
        let epsilon = epsilon.unwrap_or(0.0);
        let mut points = self.exact().call.embeddings;
        if self.is_normalized() {
            points.iter_mut().for_each(|points| {
                normalize(points);
            });
        }
        let (anchors, others) = (&points[0], points.last().expect("embeddings"));
        let labels = match points.len() {
            1 => &self.call.labels,
            _ => &self.call.reference_labels,
        };
        let width = anchors.shape[1];
        let own = self.call.labels.iter().zip(anchors.values.chunks(width));
        own.enumerate().any(|(row, (label, anchor))| {
            let to = |is_positive: bool| -> Vec<f64> {
                let all = labels.iter().zip(others.values.chunks(width)).enumerate();
                let of_kind = all.filter(|(column, (other, _))| {
                    (*other == label) == is_positive && (points.len() > 1 || *column != row)
                });
                of_kind
                    .map(|(_, (_, other))| self.distance(anchor, other))
                    .collect()
            };
            let (positives, negatives) = (to(true), to(false));
            let farthest = positives.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let nearest = negatives.iter().copied().fold(f64::INFINITY, f64::min);
            let is_close = |a: f64, b: f64| (a - b).abs() <= UNITS * (1.0 + a.abs());
            let positives = positives.iter().any(|d| is_close(d + epsilon, nearest));
            positives || negatives.iter().any(|d| is_close(d - epsilon, farthest))
        })
    }

    /// The distance of two embeddings.
    fn distance(&self, a: &[f64], b: &[f64]) -> f64 {
        let distance = &self.config["distance"];
        let pairs = || a.iter().zip(b);
        if distance == "dot_product" {
            return -pairs().map(|(a, b)| a * b).sum::<f64>();
        }
        let p = distance["lp"]["p"].as_f64().unwrap_or(2.0);
        let sum: f64 = pairs().map(|(a, b)| (a - b).abs().powf(p)).sum();
        match distance.as_str() {
            Some("squared_euclidean") => sum,
            Some("cosine") => sum / 2.0,
            _ => sum.powf(1.0 / p),
        }
    }

    /// What is to be nudged: what is mined, what has been, or what is mined of embeddings nudged by themselves.
    pub(super) fn to_be_nudged(&self, unit: f64, random: &mut Random) -> Option<Self> {
        let mut listed = match (self.mined(), below(random, 3)) {
            (None, _) | (_, 0) => return None,
            (Some(mined), 1) => mined.exact(),
            _ => {
                let mut nudged = self.exact();
                self.nudge_each(&mut nudged.call.embeddings, 0.0, unit, random);
                nudged.mine()?
            }
        };
        listed.call.embeddings = self.call.embeddings.clone();
        Some(listed)
    }
}

/// A case of normalised embeddings, and the norms they had.
type OnSphere = (Box<Embeddings>, Vec<Vec<f64>>);

/// What a case is asked for more than once.
#[derive(Default)]
pub(super) struct Cache {
    pub mined: OnceLock<Option<Box<Embeddings>>>,
    pub truth: OnceLock<crate::model::Numbers>,
    pub sphere: OnceLock<Option<OnSphere>>,
}

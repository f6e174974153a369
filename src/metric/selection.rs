//! The triplets of one anchor, from its distances to all others.
//!
//! A negative at no known distance (NaN) is chosen before all others: it must show in the loss.

use super::{distance::Distance, mining::Mining};
use crate::{backend::NO_LABEL, formula::PairSelection};
use burn::tensor::{Int, Tensor, TensorData};
use std::collections::HashMap;

/// A positive and a negative of an anchor, as columns.
pub(super) type Chosen = (u32, u32);

/// What the triplets of an anchor are chosen from.
pub(super) struct Anchor<'a> {
    /// A measure for each column.
    pub measures: &'a [f32],
    /// A label for each column.
    pub labels: &'a [i64],
    pub row: usize,
    pub label: i64,
    /// The column that is the anchor itself.
    pub itself: Option<usize>,
    pub distance: Distance,
    /// The dimension of the embeddings.
    pub width: usize,
}

impl Anchor<'_> {
    pub fn chosen(&self, mining: Mining) -> Vec<Chosen> {
        match mining {
            Mining::BatchHard => self.extremes(true).into_iter().collect(),
            Mining::EasyPositive => self.extremes(false).into_iter().collect(),
            Mining::BatchAll => self.combined(self.positives(), self.negatives()),
            Mining::SemiHard => self.semi_hard(),
            Mining::MultiSimilarity { epsilon } => self.hard_pairs(epsilon),
            Mining::DistanceWeighted {
                cutoff,
                nonzero_loss_cutoff,
                seed,
            } => self.drawn(cutoff, nonzero_loss_cutoff, seed),
        }
    }

    /// The farthest or the nearest positive, and the nearest negative; the first of several.
    fn extremes(&self, farthest: bool) -> Option<Chosen> {
        let sign = match self.distance.gap().grows() {
            true => 1.0,
            false => -1.0,
        };
        let of_positives = if farthest { -sign } else { sign };
        let signs = [sign, of_positives];
        // Of negatives, then of positives: the nearest to what is looked for, and where it is.
        let mut found: [(f32, Option<u32>); 2] = [(f32::INFINITY, None); 2];
        for (column, (&x, &label)) in self.measures.iter().zip(self.labels).enumerate() {
            let kind = usize::from(label == self.label);
            let (best, place) = &mut found[kind];
            let key = x * signs[kind];
            let is_better = key < *best || place.is_none() || (key.is_nan() && !best.is_nan());
            if is_better && self.is_other(column, label) {
                (*best, *place) = (key, Some(column as u32));
            }
        }
        let [(_, negative), (_, positive)] = found;
        Some((positive?, negative?))
    }

    /// Whether a column is one the anchor is paired with: not itself, not a free place of a reference set.
    fn is_other(&self, column: usize, label: i64) -> bool {
        match self.itself {
            Some(itself) => column != itself,
            None => label != NO_LABEL,
        }
    }

    fn distance_to(&self, column: u32) -> f64 {
        self.distance
            .gap()
            .value(f64::from(self.measures[column as usize]))
    }

    fn columns(&self, is_positive: bool) -> Vec<u32> {
        let columns = self.labels.iter().enumerate();
        let columns = columns.filter(|&(column, &label)| {
            (label == self.label) == is_positive && self.is_other(column, label)
        });
        columns.map(|(column, _)| column as u32).collect()
    }

    fn positives(&self) -> Vec<u32> {
        self.columns(true)
    }

    fn negatives(&self) -> Vec<u32> {
        self.columns(false)
    }

    fn combined(&self, positives: Vec<u32>, negatives: Vec<u32>) -> Vec<Chosen> {
        let all = positives.into_iter().flat_map(|positive| {
            let pairs = negatives.iter();
            pairs.map(move |&negative| (positive, negative))
        });
        all.collect()
    }

    fn semi_hard(&self) -> Vec<Chosen> {
        let mut negatives: Vec<(f64, u32)> = self
            .negatives()
            .into_iter()
            .map(|column| (self.distance_to(column), column))
            .collect();
        negatives.sort_by(|a, b| a.0.total_cmp(&b.0));
        let Some(&(_, farthest)) = negatives.last() else {
            return Vec::new();
        };
        // Sorted to either end.
        let unknown = [negatives.first(), negatives.last()];
        let unknown = unknown.into_iter().flatten().find(|other| other.0.is_nan());
        let choose = |positive: u32| {
            if let Some(&(_, negative)) = unknown {
                return (positive, negative);
            }
            let distance = self.distance_to(positive);
            let nearer = negatives.partition_point(|negative| negative.0 <= distance);
            let negative = negatives.get(nearer).map_or(farthest, |found| found.1);
            (positive, negative)
        };
        self.positives().into_iter().map(choose).collect()
    }

    fn hard_pairs(&self, epsilon: f64) -> Vec<Chosen> {
        let (mut positives, mut negatives) = (self.positives(), self.negatives());
        let selection = PairSelection::MultiSimilarity { epsilon };
        selection.select(&mut positives, &mut negatives, |&column| {
            self.distance_to(column)
        });
        self.combined(positives, negatives)
    }

    /// Each positive with a negative, drawn with a weight that makes up for how many there are at its
    /// distance: on the unit sphere in n dimensions `d^(n - 2) (1 - d² / 4)^((n - 3) / 2)` of them.
    fn drawn(&self, cutoff: f64, nonzero_loss_cutoff: f64, seed: u64) -> Vec<Chosen> {
        let n = self.width as f64;
        let mut weighted: Vec<(f64, u32)> = Vec::new();
        for column in self.negatives() {
            let distance = self.euclidean(self.distance_to(column));
            if distance.is_nan() {
                weighted = vec![(0.0, column)];
                break;
            }
            if distance >= nonzero_loss_cutoff {
                continue;
            }
            let distance = distance.max(cutoff).min(2.0);
            let rest = (1.0 - distance * distance / 4.0).max(f64::MIN_POSITIVE);
            let log_weight = (2.0 - n) * distance.ln() - (n - 3.0) / 2.0 * rest.ln();
            weighted.push((log_weight, column));
        }
        let largest = weighted
            .iter()
            .fold(f64::NEG_INFINITY, |most, weight| most.max(weight.0));
        let mut total = 0.0;
        for (weight, _) in &mut weighted {
            total += (*weight - largest).exp();
            // What all up to this one weigh together.
            *weight = total;
        }
        let Some(&(_, last)) = weighted.last() else {
            return Vec::new();
        };
        let draw = |positive: u32| {
            let share = uniform([seed, self.row as u64, u64::from(positive)]) * total;
            let place = weighted.partition_point(|weight| weight.0 <= share);
            (positive, weighted.get(place).map_or(last, |found| found.1))
        };
        self.positives().into_iter().map(draw).collect()
    }

    /// The Euclidean distance of embeddings of norm 1.
    fn euclidean(&self, distance: f64) -> f64 {
        match self.distance {
            Distance::SquaredEuclidean => distance.sqrt(),
            Distance::Cosine => (2.0 * distance).max(0.0).sqrt(),
            _ => distance,
        }
    }
}

/// A number from 0 to 1, as good as random, that follows from others (the finalizer of SplitMix64: G. Steele
/// et al., *Fast Splittable Pseudorandom Number Generators*, 2014).
fn uniform(numbers: [u64; 3]) -> f64 {
    let mixed = numbers.into_iter().fold(0u64, |state, number| {
        let z = state
            .wrapping_add(number)
            .wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    });
    (mixed >> 11) as f64 / (1u64 << 53) as f64
}

/// All pairs of embeddings with the same label, both ways round. Reads the labels.
pub(super) fn positive_pairs(labels: &Tensor<1, Int>) -> [Tensor<1, Int>; 2] {
    let device = labels.device();
    let labels: Vec<i64> = labels.to_data().iter().collect();
    let mut members: HashMap<i64, Vec<i64>> = HashMap::new();
    for (index, &label) in labels.iter().enumerate() {
        members.entry(label).or_default().push(index as i64);
    }
    let pairs = labels.iter().enumerate().flat_map(|(index, label)| {
        let index = index as i64;
        let others = members[label].iter().filter(move |&&other| other != index);
        others.map(move |&other| (index, other))
    });
    let (left, right): (Vec<i64>, Vec<i64>) = pairs.unzip();
    [left, right].map(|indices| {
        let count = indices.len();
        Tensor::from_data(TensorData::new(indices, [count]), &device)
    })
}

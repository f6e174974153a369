//! The triplets of one anchor, from its distances to all others.
//!
//! Distances of all pairs are rounded. Where that might decide a choice, they are computed once more: the choice is that of
//! exact distances. A negative at no known distance (NaN) is chosen before all others: it must show in the loss.

use super::{distance::Distance, draw::uniform, mining::Mining};
use crate::{
    backend::{NO_LABEL, Row},
    formula::{PairSelection, Rounded},
};
use burn::tensor::{Int, Tensor, TensorData};
use std::{cell::OnceCell, collections::HashMap};

/// A positive and a negative of an anchor, as columns.
pub(super) type Chosen = (u32, u32);

/// How many columns are looked at together.
const CHUNK: usize = 16;

/// What the triplets of an anchor are chosen from.
pub(super) struct Anchor<'a> {
    /// A measure for each column.
    pub measures: &'a Row<'a>,
    /// A label for each column.
    pub labels: &'a [i64],
    /// The columns with the label of the anchor, the anchor itself among them.
    pub same_label: &'a [u32],
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
        if self.label == NO_LABEL {
            return Vec::new();
        }
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
        let sign = self.sign();
        // Of negatives, then of positives, what makes the measure least that is looked for.
        let signs = [sign, if farthest { -sign } else { sign }];
        let measures = self.measures.measures;
        let mut positive = Candidates::new();
        for column in self.positives() {
            let key = measures[column as usize] * signs[1];
            positive.add(key, column, |key| self.reach(key, signs[1]));
        }
        let mut negative = Candidates::new();
        for (chunk, keys) in measures.chunks(CHUNK).enumerate() {
            // Nearly all chunks are passed over as a whole, whatever their labels are.
            let may_be_least = |reach: f32| {
                let keys = keys.iter().map(|&x| x * sign <= reach || x.is_nan());
                keys.fold(false, |any, is| any | is)
            };
            if !may_be_least(negative.reach) {
                continue;
            }
            for (place, &x) in keys.iter().enumerate() {
                let column = chunk * CHUNK + place;
                let label = self.labels[column];
                if label != self.label && label != NO_LABEL {
                    negative.add(x * sign, column as u32, |key| self.reach(key, sign));
                }
            }
        }
        let positive = positive.least(|column| f64::from(signs[1]) * self.exact_to(column))?;
        let negative = negative.least(|column| f64::from(signs[0]) * self.exact_to(column))?;
        Some((positive, negative))
    }

    /// 1, or -1 where the distance falls with the measure.
    fn sign(&self) -> f32 {
        match self.distance.gap().grows() {
            true => 1.0,
            false => -1.0,
        }
    }

    /// Beyond which a rounded measure with this sign cannot be less than one that was rounded to `key`.
    fn reach(&self, key: f32, sign: f32) -> f32 {
        let rounding = self.measures.rounding();
        let around = |key: f32| match sign > 0.0 {
            true => rounding.around(key),
            false => {
                let (least, most) = rounding.around(-key);
                (-most, -least)
            }
        };
        let (_, most) = around(key);
        let (least, _) = around(most as f32);
        // Twice, since what is farther away may be off by a little more.
        (most + 2.0 * (most - least)) as f32
    }

    /// The measure with a column.
    fn exact_to(&self, column: u32) -> f64 {
        self.measures.exact(column as usize)
    }

    /// The distance to a column.
    fn distance_to(&self, column: u32) -> f64 {
        self.distance.gap().value(self.exact_to(column))
    }

    /// The rounded measure with a column. One that is NaN may be so from numbers that were too large.
    fn rounded(&self, column: u32) -> f32 {
        let x = self.measures.measures[column as usize];
        match x.is_nan() {
            true => self.exact_to(column) as f32,
            false => x,
        }
    }

    /// The least and the most that the distance to a column may be; NaN where it is.
    fn distance_around(&self, column: u32) -> (f64, f64) {
        let x = self.rounded(column);
        if x.is_nan() {
            return (f64::NAN, f64::NAN);
        }
        let (least, most) = self.measures.rounding().around(x);
        self.distance.gap().between(least, most)
    }

    fn positives(&self) -> Vec<u32> {
        let columns = self.same_label.iter().copied();
        columns
            .filter(|&column| Some(column as usize) != self.itself)
            .collect()
    }

    fn negatives(&self) -> Vec<u32> {
        let columns = self.labels.iter().enumerate();
        let columns = columns.filter(|&(_, &label)| label != self.label && label != NO_LABEL);
        columns.map(|(column, _)| column as u32).collect()
    }

    fn combined(&self, positives: Vec<u32>, negatives: Vec<u32>) -> Vec<Chosen> {
        let all = positives.into_iter().flat_map(|positive| {
            let pairs = negatives.iter();
            pairs.map(move |&negative| (positive, negative))
        });
        all.collect()
    }

    fn semi_hard(&self) -> Vec<Chosen> {
        let around = |column| {
            let (least, most) = self.distance_around(column);
            Around {
                least,
                most,
                column,
            }
        };
        let mut negatives: Vec<Around> = self.negatives().into_iter().map(around).collect();
        let order = |a: &Around, b: &Around| {
            let by_most = || a.most.total_cmp(&b.most);
            a.least.total_cmp(&b.least).then_with(by_most)
        };
        negatives.sort_by(order);
        if negatives.is_empty() {
            return Vec::new();
        }
        let unknown = negatives.iter().find(|negative| negative.least.is_nan());
        let farthest = OnceCell::new();
        let choose = |positive: u32| {
            let negative = match unknown {
                Some(unknown) => unknown.column,
                None => self
                    .next(&negatives, self.distance_to(positive))
                    .unwrap_or_else(|| *farthest.get_or_init(|| self.last(&negatives))),
            };
            (positive, negative)
        };
        self.positives().into_iter().map(choose).collect()
    }

    /// The nearest of some points, at least one of them farther away than `distance`; the first of several.
    fn next(&self, points: &[Around], distance: f64) -> Option<u32> {
        let first = points.partition_point(|point| point.most <= distance);
        let mut found: Option<(f64, u32)> = None;
        for point in &points[first..] {
            if found.is_some_and(|(nearest, _)| point.least > nearest) {
                break;
            }
            let candidate = (self.distance_to(point.column), point.column);
            if candidate.0 > distance && found.is_none_or(|found| candidate < found) {
                found = Some(candidate);
            }
        }
        found.map(|(_, column)| column)
    }

    /// The farthest of some points, at least one; the last of several.
    fn last(&self, points: &[Around]) -> u32 {
        let mut found: Option<(f64, u32)> = None;
        for point in points.iter().rev() {
            if found.is_some_and(|(farthest, _)| point.most < farthest) {
                break;
            }
            let candidate = (self.distance_to(point.column), point.column);
            if found.is_none_or(|found| candidate > found) {
                found = Some(candidate);
            }
        }
        found.expect("a point").1
    }

    fn hard_pairs(&self, epsilon: f64) -> Vec<Chosen> {
        let (mut positives, mut negatives) = (self.positives(), self.negatives());
        let selection = PairSelection::MultiSimilarity { epsilon };
        selection.select(&mut positives, &mut negatives, self);
        self.combined(positives, negatives)
    }

    /// Each positive with a negative, drawn with a weight that makes up for how many there are at its
    /// distance: on the unit sphere in n dimensions `d^(n - 2) (1 - d² / 4)^((n - 3) / 2)` of them.
    fn drawn(&self, cutoff: f64, nonzero_loss_cutoff: f64, seed: u64) -> Vec<Chosen> {
        let n = self.width as f64;
        let mut weighted: Vec<(f64, u32)> = Vec::new();
        for column in self.negatives() {
            let (least, most) = self.distance_around(column);
            if self.euclidean(least) >= nonzero_loss_cutoff {
                continue;
            }
            let distance = match self.euclidean(most) <= cutoff {
                true => cutoff,
                false => self.euclidean(self.distance_to(column)),
            };
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

impl Rounded<u32> for Anchor<'_> {
    fn around(&self, column: &u32) -> (f64, f64) {
        self.distance_around(*column)
    }

    fn exact(&self, column: &u32) -> f64 {
        self.distance_to(*column)
    }
}

/// The least and the most that the distance to a column may be.
struct Around {
    least: f64,
    most: f64,
    column: u32,
}

/// The columns at which a key may be least, as far as they have been seen.
struct Candidates {
    least: f32,
    /// Beyond this none can be.
    reach: f32,
    /// With the keys, in order.
    columns: Vec<(f32, u32)>,
}

impl Candidates {
    fn new() -> Self {
        Self {
            least: f32::INFINITY,
            reach: f32::INFINITY,
            columns: Vec::new(),
        }
    }

    /// Adds one, if it may be least; `reach` says what may be less than a key. One that is NaN may be.
    fn add(&mut self, key: f32, column: u32, reach: impl Fn(f32) -> f32) {
        if key > self.reach {
            return;
        }
        self.columns.push((key, column));
        if key < self.least {
            self.least = key;
            self.reach = reach(key);
        }
    }

    /// The first of those whose exact key is least; one that is NaN before all others.
    fn least(mut self, exact: impl Fn(u32) -> f64) -> Option<u32> {
        let reach = self.reach;
        self.columns
            .retain(|&(key, _)| key.is_nan() || key <= reach);
        if let [(_, column)] = self.columns[..] {
            return Some(column);
        }
        let mut found: Option<(f64, u32)> = None;
        for (_, column) in self.columns {
            let key = exact(column);
            if key.is_nan() {
                return Some(column);
            }
            if found.is_none_or(|(least, _)| key < least) {
                found = Some((key, column));
            }
        }
        found.map(|(_, column)| column)
    }
}

/// All pairs of embeddings with the same label, both ways round. Reads the labels; what has none is in no pair.
pub(super) fn positive_pairs(labels: &Tensor<1, Int>) -> [Tensor<1, Int>; 2] {
    let device = labels.device();
    let labels: Vec<i64> = labels.to_data().iter().collect();
    let mut members: HashMap<i64, Vec<i64>> = HashMap::new();
    for (index, &label) in labels.iter().enumerate() {
        members.entry(label).or_default().push(index as i64);
    }
    let pairs = labels.iter().enumerate().flat_map(|(index, label)| {
        let index = index as i64;
        let is_pair = move |other: &&i64| **other != index && *label != NO_LABEL;
        let others = members[label].iter().filter(is_pair);
        others.map(move |&other| (index, other))
    });
    let (left, right): (Vec<i64>, Vec<i64>) = pairs.unzip();
    [left, right].map(|indices| {
        let count = indices.len();
        Tensor::from_data(TensorData::new(indices, [count]), &device)
    })
}

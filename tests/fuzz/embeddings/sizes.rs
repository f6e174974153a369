//! The sizes of the terms that numbers are sums of, where nudges cannot show them.

use super::{
    Embeddings, composed,
    config::{NAMES, PROXIES},
    points::normalize,
};
use crate::{model::Numbers, support::contrastive::More};

impl Embeddings {
    /// The sizes of gradients before their part along the embedding is taken out.
    pub(super) fn sizes(&self, truth: &Numbers) -> Numbers {
        let mut sizes: Numbers = truth
            .iter()
            .map(|(name, list)| (*name, vec![0.0; list.len()]))
            .collect();
        let width = self.call.embeddings[0].shape[1];
        if width == 1 && self.is_normalized() {
            // Nothing is left of them: there is no other direction.
            let own = sizes.iter_mut().filter(|(name, _)| NAMES.contains(name));
            own.for_each(|(_, sizes)| sizes.fill(f64::INFINITY));
            return sizes;
        }
        if self.is_grid {
            // Sums of slopes, each exact.
            for ((name, sizes), (_, list)) in sizes.iter_mut().zip(truth) {
                let most = list.iter().fold(0.0f64, |most, x| most.max(x.abs()));
                let own = NAMES.contains(name);
                let most = self.cost_or(most);
                sizes.fill(if own { most } else { 0.0 });
            }
            return sizes;
        }
        if self.key == "barlow_twins" {
            return self.sizes_of_dimensions(truth, sizes);
        }
        let width = self.call.embeddings[0].shape[1];
        if !self.is_normalized() || truth.len() < 2 {
            let distance = &self.config["distance"];
            let slopes = width == 1 || distance == "euclidean" || distance.is_object();
            if self.is_of_differences() && slopes {
                // Slopes of at most 1 of many pairs, times what one of them costs.
                let own = truth.iter().filter(|(name, _)| NAMES.contains(name));
                let most = own
                    .flat_map(|(_, list)| list)
                    .fold(0.0f64, |most, x| most.max(x.abs()));
                let own = sizes.iter_mut().filter(|(name, _)| NAMES.contains(name));
                own.for_each(|(_, sizes)| sizes.fill(self.cost_or(most)));
            }
            return sizes;
        }
        let Some((plain, norms)) = self.on_the_sphere() else {
            let mut exact = self.exact();
            let norms: Vec<Vec<f64>> = exact.call.embeddings.iter_mut().map(normalize).collect();
            return self.crude(sizes, &norms);
        };
        let before = plain.numbers(&composed());
        let width = self.call.embeddings[0].shape[1];
        // Cosine distances are those of differences, which have a part along the embedding for each pair.
        let own = before.iter().filter(|(name, _)| NAMES.contains(name));
        let rows = own.flat_map(|(_, list)| list.chunks(width.max(1)));
        let rows = rows.map(|row| row.iter().map(|g| g * g).sum::<f64>().sqrt());
        let each = rows.fold(0.0, f64::max);
        let slopes = self.config["distance"] == "euclidean" || self.config["distance"].is_object();
        let each = if self.config["distance"] == "cosine" {
            each
        } else {
            0.0
        };
        for (name, sizes) in &mut sizes {
            let Some(argument) = NAMES.iter().position(|n| n == name) else {
                continue;
            };
            let before = before.iter().find(|(other, _)| other == name);
            let before = &before.expect("the same numbers").1;
            let z = &plain.call.embeddings[argument].values;
            for (row, norm) in norms[argument].iter().enumerate() {
                let of = row * width..(row + 1) * width;
                let along: f64 = before[of.clone()]
                    .iter()
                    .zip(&z[of.clone()])
                    .map(|(g, z)| g * z)
                    .sum();
                // Sums of slopes of at most 1 may cancel.
                let most = before[of.clone()]
                    .iter()
                    .fold(0.0f64, |most, g| most.max(g.abs()));
                for place in of {
                    let own = if slopes { most } else { before[place].abs() };
                    sizes[place] = 2.0 * (own + z[place].abs() * (along.abs() + each)) / norm;
                }
            }
        }
        sizes
    }

    /// What one pair may cost, by weights and the upstream gradient.
    fn cost(&self) -> f64 {
        let largest = |list: &[f64]| list.iter().fold(1.0f64, |most, x| most.max(x.abs()));
        largest(&self.call.upstream) * largest(&self.call.weights)
    }

    /// The largest gradient, or what a pair may cost where all of them cancel.
    fn cost_or(&self, most: f64) -> f64 {
        let cost = self.cost();
        if most > 1e-10 * cost { most } else { cost }
    }

    /// The weight of a pair is `e^(f - ln sum e^f)`, of which both are rounded: it may be off by units of their size, and
    /// what embeddings get of it as well.
    pub(super) fn add_sizes_of_exponents(&self, truth: &Numbers, sizes: &mut Numbers) {
        let most = self.largest_exponent();
        let width = self.call.embeddings[0].shape[1].max(1);
        for ((name, list), (_, sizes)) in truth.iter().zip(sizes.iter_mut()) {
            let rows = match NAMES.contains(name) {
                true => width,
                false if *name == "value" => continue,
                false => 1,
            };
            for (row, sizes) in list.chunks(rows).zip(sizes.chunks_mut(rows)) {
                let largest = row.iter().fold(0.0f64, |most, x| most.max(x.abs()));
                sizes.iter_mut().for_each(|size| *size += most * largest);
            }
        }
        let cost = self.cost();
        // What is learned gets a sum of all exponents, of which most may cancel.
        let learned = |name: &&str| matches!(*name, "log_scale" | "bias");
        let learned = sizes.iter_mut().filter(|(name, _)| learned(name));
        learned.for_each(|(_, sizes)| sizes.iter_mut().for_each(|x| *x += 2.0 * most * cost));
        if self.has_many_positives() {
            self.add_sizes_of_positives(most, sizes);
        }
    }

    /// Of several positives a gradient is what the softmax over them makes of each less the mean.
    pub(super) fn add_sizes_of_positives(&self, exponent: f64, sizes: &mut Numbers) {
        let mut points = self.exact().call.embeddings;
        let mut norms: Vec<Vec<f64>> = points.iter_mut().map(normalize).collect();
        let mut largest = 1.0;
        if !self.is_normalized() {
            largest = norms.iter().flatten().copied().fold(0.0, f64::max);
            norms.iter_mut().flatten().for_each(|norm| *norm = 1.0);
        }
        let of =
            |list: &[f64], least: f64| list.iter().fold(least, |most: f64, x| most.max(x.abs()));
        let cost = of(&self.call.upstream, 0.0) * of(&self.call.weights, 1.0);
        let base = self.config["base_temperature"].as_f64().unwrap_or(1.0);
        let each = (1.0 + exponent) / 2.0 * largest * cost / base;
        let width = points[0].shape[1].max(1);
        for (argument, name) in NAMES.iter().enumerate() {
            let Some((_, sizes)) = sizes.iter_mut().find(|(other, _)| other == name) else {
                continue;
            };
            for (sizes, norm) in sizes.chunks_mut(width).zip(&norms[argument]) {
                sizes.iter_mut().for_each(|size| *size += each / norm);
            }
        }
    }

    /// Whether an anchor of a supervised loss has several positives.
    pub(super) fn has_many_positives(&self) -> bool {
        let others = match self.key {
            "sup_con" if self.call.more == More::Reference => &self.call.reference_labels,
            "sup_con" | "n_pairs" => &self.call.labels,
            _ => return false,
        };
        let own = (self.key == "sup_con" && self.call.more != More::Reference) as usize;
        let of = |label: &i64| others.iter().filter(|other| *other == label).count();
        self.call.labels.iter().any(|label| of(label) > 1 + own)
    }

    /// The gradient of a dimension that is brought to mean 0 and variance 1: both are taken out of what there was before.
    pub(super) fn sizes_of_dimensions(&self, truth: &Numbers, mut sizes: Numbers) -> Numbers {
        let [rows, width] = self.call.embeddings[0].shape;
        let others = self.config["off_diagonal"].as_f64().unwrap_or(0.0) * width as f64;
        let before = 4.0 * self.call.upstream[0].abs() * (truth[0].1[0] * (1.0 + others)).sqrt();
        for (argument, name) in NAMES.iter().enumerate() {
            let Some((_, sizes)) = sizes.iter_mut().find(|(other, _)| other == name) else {
                continue;
            };
            let values = &self.call.embeddings[argument].values;
            for axis in 0..width {
                let column = || values.iter().skip(axis).step_by(width);
                let mean = column().sum::<f64>() / rows as f64;
                let variance = column().map(|x| (x - mean).powi(2)).sum::<f64>() / rows as f64;
                let size = before / (variance + 1e-5).sqrt();
                sizes
                    .iter_mut()
                    .skip(axis)
                    .step_by(width)
                    .for_each(|x| *x = size);
            }
        }
        sizes
    }

    /// The gradient of a weight in a mean is what its loss is more than the mean, over the divisor.
    pub(super) fn add_sizes_of_weights(&self, truth: &Numbers, sizes: &mut Numbers) {
        let Some(place) = truth.iter().position(|(name, _)| *name == "weights") else {
            return;
        };
        let weights = || self.call.weights.iter().map(|w| w.abs());
        let least = weights().filter(|w| *w > 0.0).fold(f64::INFINITY, f64::min);
        let total = self.call.weights.iter().sum::<f64>().abs().min(least);
        let of_mean = 4.0
            * (truth[0].1.iter().chain(&self.call.upstream))
                .product::<f64>()
                .abs()
            / total;
        let most = truth[place]
            .1
            .iter()
            .fold(0.0f64, |most, x| most.max(x.abs()));
        if truth[0].1.len() == 1 && total > 0.0 {
            sizes[place].1.fill(of_mean + most);
        }
        if PROXIES.contains(&self.key) {
            // A loss is one of exponents.
            let exponent = self.largest_exponent() * self.cost() / total.min(1.0);
            sizes[place]
                .1
                .iter_mut()
                .for_each(|size| *size += exponent / 4.0);
        }
    }

    /// The same for losses that always normalise: as if each cost all it can.
    pub(super) fn crude(&self, mut sizes: Numbers, norms: &[Vec<f64>]) -> Numbers {
        let number = |field: &str| self.config[field].as_f64();
        let steep = number("scale").or(number("alpha")).unwrap_or(1.0);
        let steep = number("temperature").map_or(steep, |t| 1.0 / t);
        let upstream = self
            .call
            .upstream
            .iter()
            .fold(0.0f64, |most, x| most.max(x.abs()));
        let weight = self
            .call
            .weights
            .iter()
            .fold(1.0f64, |most, x| most.max(x.abs()));
        let total: f64 = self.call.weights.iter().sum();
        let share = if total != 0.0 {
            (1.0 / total.abs()).max(1.0)
        } else {
            1.0
        };
        let width = self.call.embeddings[0].shape[1];
        // The slope of an angle by its cosine has no bound near 0 and pi.
        let steep = match self.key {
            "arc_face" => steep / (1.0 - self.largest_cosine().powi(2)).max(1e-12),
            _ => steep,
        };
        for (name, sizes) in &mut sizes {
            if *name == "value" && PROXIES.contains(&self.key) {
                // What exponents differ by may be less than these are.
                let each = steep / 4.0 * weight;
                let count = if sizes.len() == 1 {
                    norms[0].len() as f64
                } else {
                    1.0
                };
                sizes.fill(each * count);
                continue;
            }
            let Some(argument) = NAMES.iter().position(|n| n == name) else {
                continue;
            };
            for (row, norm) in norms[argument].iter().enumerate() {
                sizes[row * width..(row + 1) * width]
                    .fill(steep * upstream * weight * share / norm);
            }
        }
        sizes
    }
}

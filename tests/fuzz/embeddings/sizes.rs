//! The sizes of the terms that numbers are sums of, where nudges cannot show them.

use super::{
    Embeddings,
    config::{NAMES, PROXIES},
    points::normalize,
    terms::Terms,
};
use crate::{
    model::{Numbers, unit},
    support::contrastive::More,
};

impl Embeddings {
    /// The sizes of what numbers are sums of.
    pub(super) fn sizes_beside(&self, truth: &Numbers) -> Numbers {
        let mut sizes: Numbers = truth
            .iter()
            .map(|(name, list)| (*name, vec![0.0; list.len()]))
            .collect();
        if self.key == "barlow_twins" {
            return self.sizes_of_dimensions(truth, sizes);
        }
        let of_pairs = match self.is_normalized() {
            true => self.mined().unwrap_or(self).on_the_sphere(),
            false => Some((self, &[][..])),
        };
        let is_of_cosines = self.config["distance"] == "cosine";
        let terms = of_pairs.and_then(|(plain, norms)| {
            let terms = plain.slopes_of_pairs(is_of_cosines)?;
            Some((plain, norms, terms))
        });
        match terms {
            Some((plain, norms, terms)) => {
                self.add_sizes_of_terms(plain, norms, &terms, &mut sizes)
            }
            None => {
                if self.is_normalized() {
                    let mut exact = self.exact();
                    let norms: Vec<_> = exact.call.embeddings.iter_mut().map(normalize).collect();
                    sizes = self.crude(sizes, &norms);
                }
                self.add_sizes_of_exponents(truth, &mut sizes);
            }
        }
        if self.has_many_positives() {
            self.add_sizes_of_positives(self.largest_exponent(), &mut sizes);
        }
        if self.call.embeddings[0].shape[1] == 1 && self.is_normalized() {
            // Nothing is left of them: there is no other direction.
            let own = sizes.iter_mut().filter(|(name, _)| NAMES.contains(name));
            own.for_each(|(_, sizes)| sizes.fill(f64::INFINITY));
        }
        sizes
    }

    /// Those of sums over pairs. The weight of a pair is `e^(f - ln sum e^f)`, of which both are rounded: it may be off by
    /// units of their size. Of embeddings that were normalised, the part along them is taken out of the sums.
    fn add_sizes_of_terms(
        &self,
        plain: &Self,
        norms: &[Vec<f64>],
        terms: &Terms,
        sizes: &mut Numbers,
    ) {
        let units = 1.0 + self.largest_exponent();
        let width = self.call.embeddings[0].shape[1].max(1);
        for (name, sizes) in sizes {
            match *name {
                "log_scale" => sizes.fill(units * terms.similarities),
                "bias" => sizes.fill(units * terms.pairs / self.sharpness()),
                _ => {}
            }
            let Some(argument) = NAMES.iter().position(|other| other == name) else {
                continue;
            };
            let sums = terms.coordinates[argument].chunks(width);
            let points = plain.call.embeddings[argument].values.chunks(width);
            for (row, ((sums, point), sizes)) in
                sums.zip(points).zip(sizes.chunks_mut(width)).enumerate()
            {
                let Some(norms) = norms.get(argument) else {
                    let own = sizes.iter_mut().zip(sums);
                    own.for_each(|(size, sum)| *size = units * sum);
                    continue;
                };
                let along: f64 = sums.iter().zip(point).map(|(sum, z)| sum * z.abs()).sum();
                for ((size, sum), z) in sizes.iter_mut().zip(sums).zip(point) {
                    *size = 2.0 * units * (sum + z.abs() * along) / norms[row];
                }
            }
        }
    }

    /// What one pair may cost, by weights and the upstream gradient.
    fn cost(&self) -> f64 {
        let largest = |list: &[f64]| list.iter().fold(1.0f64, |most, x| most.max(x.abs()));
        largest(&self.call.upstream) * largest(&self.call.weights)
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
        let value = match truth[0].1[0] {
            value if value.is_finite() => value,
            // Beside a dimension that is none, all correlations may be -1.
            _ => 4.0 * width as f64,
        };
        let before = 4.0 * self.call.upstream[0].abs() * (value * (1.0 + others)).sqrt();
        // What correlations lack of 1 is a sum of squares of rounded differences.
        sizes[0].1[0] = unit(self.call.dtype) * (truth[0].1[0] * width as f64).sqrt();
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

    /// The slope of an angle by its cosine has no bound near 0 and pi.
    fn flatness(&self) -> f64 {
        match self.key {
            "arc_face" => (1.0 - self.largest_cosine().powi(2)).max(1e-12),
            _ => 1.0,
        }
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
            let exponent = self.largest_exponent() * self.cost() / total.min(1.0) / self.flatness();
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
        let steep = steep / self.flatness();
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

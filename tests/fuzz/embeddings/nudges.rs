//! The truth at nudged inputs.

use super::{Embeddings, composed, config::NAMES, points::normalize};
use crate::{
    draw::{below, pick},
    model::{Numbers, nudge},
    support::{Random, contrastive::Embeddings as Points},
};
use serde_json::json;

impl Embeddings {
    /// The truth at nudged embeddings.
    pub(super) fn nudged_points(&self, unit: f64, random: &mut Random) -> Numbers {
        let mut nudged = self.exact();
        match self.is_of_differences() {
            // A square is off by twice as much.
            true => nudge_gaps(&mut nudged.call.embeddings, 2.0 * unit, random),
            false => self.nudge_each(&mut nudged.call.embeddings, 0.0, unit, random),
        }
        self.nudge_others(&mut nudged, unit, random);
        nudged.numbers(&composed())
    }

    /// The gradients of losses of differences are sums over pairs, each off by a unit of what it is: as if coordinates
    /// were nudged by a unit of their distance to any other. So are losses that compare distances.
    pub(super) fn nudged_across(&self, unit: f64, random: &mut Random) -> Numbers {
        let mut nudged = self.exact();
        let lists: Vec<Vec<f64>> = (self.call.embeddings.iter())
            .map(|points| points.values.clone())
            .collect();
        let width = self.call.embeddings[0].shape[1];
        for points in &mut nudged.call.embeddings {
            for (place, x) in points.values.iter_mut().enumerate() {
                let others = pick(random, &lists);
                if others.is_empty() {
                    continue;
                }
                let along = || others.iter().skip(place % width).step_by(width);
                let other = match below(random, 8) {
                    _ if self.key == "triplet_margin" => others[place],
                    // The farthest moves it most.
                    0 | 1 => along().fold(*x, |far, y| {
                        if (y - *x).abs() > (far - *x).abs() {
                            *y
                        } else {
                            far
                        }
                    }),
                    _ => others[below(random, others.len() / width) * width + place % width],
                };
                *x += 4.0 * unit * (*x - other) * random.normal(1.0);
            }
        }
        let mut numbers = nudged.numbers(&composed());
        if self.key == "contrastive" {
            // A pair costs by its own distance.
            numbers[0] = self.exact_numbers()[0].clone();
        }
        numbers
    }

    /// The truth, moved as far as that without normalisation is moved where the normalised embeddings are nudged.
    pub(super) fn nudged_on_the_sphere(&self, unit: f64, random: &mut Random) -> Numbers {
        let Some((plain, norms)) = self.on_the_sphere() else {
            return self.nudged_points(unit, random);
        };
        let mut nudged = plain.exact();
        // A cosine distance is rounded as what is left of 1.
        let width = self.call.embeddings[0].shape[1].max(1) as f64;
        let besides = match self.config["distance"] == "cosine" && random.chance(0.5) {
            true => 1.0 / width.sqrt(),
            false => 0.0,
        };
        self.nudge_each(&mut nudged.call.embeddings, besides, unit, random);
        self.nudge_others(&mut nudged, unit, random);
        self.moved(plain, norms, &nudged.numbers(&composed()))
    }

    /// The truth, moved by what a loss of normalised embeddings is moved.
    pub(super) fn moved(&self, plain: &Self, norms: &[Vec<f64>], after: &Numbers) -> Numbers {
        let mut numbers = self.exact_numbers().clone();
        let before = plain.exact_numbers();
        let width = self.call.embeddings[0].shape[1].max(1);
        for (place, (name, list)) in numbers.iter_mut().enumerate() {
            let moved = after[place]
                .1
                .iter()
                .zip(&before[place].1)
                .map(|(after, before)| after - before);
            let mut moved: Vec<f64> = moved.collect();
            if let Some(argument) = NAMES.iter().position(|other| other == name) {
                let z = &plain.call.embeddings[argument].values;
                let rows = moved.chunks_mut(width).zip(z.chunks(width));
                for ((moved, z), norm) in rows.zip(&norms[argument]) {
                    let along: f64 = moved.iter().zip(z).map(|(g, z)| g * z).sum();
                    let rows = moved.iter_mut().zip(z);
                    rows.for_each(|(g, z)| *g = (*g - along * z) / norm);
                }
            }
            list.iter_mut()
                .zip(moved)
                .for_each(|(x, moved)| *x += moved);
        }
        numbers
    }

    /// The truth where each similarity is off by a unit of the exponent's size, by one more dimension of all points.
    pub(super) fn nudged_similarities(&self, unit: f64, random: &mut Random) -> Numbers {
        let (plain, norms) = match (self.is_normalized(), self.on_the_sphere()) {
            (true, Some((plain, norms))) => (plain, norms),
            (true, None) => return self.nudged_points(unit, random),
            (false, _) => (self, &[][..]),
        };
        let mut nudged = plain.exact();
        let size = 2.0 * (1.0 + self.largest_exponent()) / self.sharpness() * unit;
        for points in &mut nudged.call.embeddings {
            let [_, width] = points.shape;
            let rows = points.values.chunks(width.max(1));
            let rows = rows.flat_map(|row| {
                let more = size.sqrt() * random.normal(1.0);
                [row, &[more]].concat()
            });
            points.values = rows.collect();
            points.shape[1] += 1;
        }
        let mut after = nudged.numbers(&composed());
        let width = self.call.embeddings[0].shape[1];
        for (name, list) in &mut after {
            if NAMES.contains(name) {
                let rows = list.chunks(width + 1).flat_map(|row| row[..width].to_vec());
                *list = rows.collect();
            }
        }
        match norms.is_empty() {
            true => after,
            false => self.moved(plain, norms, &after),
        }
    }

    /// Nudges coordinates by units of themselves and of something besides; where distances matter, embeddings that are
    /// the same stay so.
    pub(super) fn nudge_each(
        &self,
        all: &mut [Points],
        besides: f64,
        unit: f64,
        random: &mut Random,
    ) {
        let seed = random.bits();
        let stays = !self.config["distance"].is_null();
        for points in all {
            let width = points.shape[1].max(1);
            // Dimensions that are standardised are rounded beside their largest number.
            let of_axes: Vec<f64> = (0..width)
                .map(|axis| match self.key == "barlow_twins" {
                    true => {
                        let column = points.values.iter().skip(axis).step_by(width);
                        column.fold(0.0f64, |most, x| most.max(x.abs()))
                    }
                    false => besides,
                })
                .collect();
            // Products are added up one after the other.
            let unit = unit * (2.0 + 0.5 * (width as f64).sqrt());
            for row in points.values.chunks_mut(width) {
                let bits: Vec<u64> = row.iter().map(|x| x.to_bits()).collect();
                let name = match stays {
                    true => format!("{seed} {bits:?}"),
                    false => format!("{}", random.bits()),
                };
                let mut random = Random::of(&name);
                for (x, besides) in row.iter_mut().zip(&of_axes) {
                    *x = nudge(*x, *besides, unit, &mut random);
                }
            }
        }
    }

    /// Nudges hyperparameters and weights.
    pub(super) fn nudge_others(&self, nudged: &mut Self, unit: f64, random: &mut Random) {
        let fields = nudged.config.as_object_mut().expect("fields");
        for (name, value) in fields {
            let Some(number) = value.as_f64().filter(|_| value.is_f64()) else {
                continue;
            };
            let multiplies = matches!(
                name.as_str(),
                "temperature" | "scale" | "alpha" | "beta" | "gamma"
            );
            if multiplies || number as f32 as f64 != number {
                // A temperature that is learned is kept as a logarithm, in `f32`.
                let logarithm = if multiplies && number > 0.0 {
                    number.ln().abs()
                } else {
                    0.0
                };
                *value = json!(nudge(number, 0.0, (2.0 + 4.0 * logarithm) * unit, random));
            }
        }
        let weights = &mut nudged.call.weights;
        weights
            .iter_mut()
            .for_each(|w| *w = nudge(*w, 0.0, unit, random));
    }

    /// The same loss without normalisation of embeddings that are normalised, and the norms they had.
    pub(super) fn on_the_sphere(&self) -> Option<(&Self, &[Vec<f64>])> {
        let sphere = &self.cache.sphere;
        let sphere = sphere.get_or_init(|| self.normalized().map(|(case, n)| (Box::new(case), n)));
        sphere.as_ref().map(|(plain, norms)| (&**plain, &norms[..]))
    }

    fn normalized(&self) -> Option<(Self, Vec<Vec<f64>>)> {
        if !self.is_normalized()
            || self.config["normalize"].is_null()
            || !self.config["mining"]["distance_weighted"].is_null()
        {
            return None;
        }
        let mut plain = self.exact();
        let norms = plain.call.embeddings.iter_mut().map(normalize).collect();
        plain.config["normalize"] = json!(false);
        if self.config["distance"] == "cosine" {
            // On the sphere, 1 more than less the product.
            plain.config["distance"] = json!("dot_product");
            for margin in ["positive_margin", "negative_margin"] {
                if let Some(given) = self.config[margin].as_f64() {
                    plain.config[margin] = json!(given - 1.0);
                }
            }
        }
        Some((plain, norms))
    }
}

/// Nudges the gaps between the coordinates of all points along each axis.
fn nudge_gaps(all: &mut [Points], unit: f64, random: &mut Random) {
    let width = all[0].shape[1];
    for axis in 0..width {
        let along = all
            .iter()
            .flat_map(|points| points.values.chunks(width).map(|row| row[axis]));
        let mut along: Vec<f64> = along.collect();
        along.sort_by(f64::total_cmp);
        along.dedup();
        let whole = random.normal(unit);
        let mut moved = Vec::with_capacity(along.len());
        for (index, &x) in along.iter().enumerate() {
            moved.push(match index {
                0 => x,
                _ => {
                    let gap = x - along[index - 1];
                    moved[index - 1] + gap * (1.0 + whole + random.normal(unit))
                }
            });
        }
        for points in &mut *all {
            for row in points.values.chunks_mut(width) {
                let place = along.binary_search_by(|x| x.total_cmp(&row[axis]));
                row[axis] = moved[place.expect("it is one of them")];
            }
        }
    }
}

//! What exponentials are taken of.

use super::{Embeddings, points::normalize};
use crate::support::{contrastive::Embeddings as Points, random::round};

impl Embeddings {
    /// Makes embeddings smaller whose similarities would be large: the logarithm of a sum of exponentials is kept
    /// in `f32`, so the weights of pairs are right to a unit of that only.
    pub(super) fn limit_exponents(&mut self) {
        const MOST: f64 = 30.0;
        let most = self.largest_exponent();
        let distance = &self.config["distance"];
        let of_products = distance.is_null() || distance == "dot_product";
        if self.is_normalized() || !of_products || most <= MOST {
            return;
        }
        let factor = (MOST / most).sqrt();
        for points in &mut self.call.embeddings {
            let values = &mut points.values;
            values
                .iter_mut()
                .for_each(|x| *x = round(*x * factor, self.call.dtype));
        }
    }

    /// What similarities are multiplied with, about.
    pub(super) fn sharpness(&self) -> f64 {
        let number = |field: &str| self.config[field].as_f64();
        let scale = number("scale").or(number("gamma")).unwrap_or(1.0);
        let scale = number("beta").map_or(scale, |beta| scale * (1.0 + beta));
        number("temperature").map_or(scale, |t| scale / t)
    }

    /// The largest size of what exponentials are taken of.
    pub(super) fn largest_exponent(&self) -> f64 {
        let number = |field: &str| self.config[field].as_f64();
        let norm = |points: &Points| {
            let rows = points.values.chunks(points.shape[1].max(1));
            let norms = rows.map(|row| row.iter().map(|x| x * x).sum::<f64>().sqrt());
            norms.fold(0.0, f64::max)
        };
        let norm = match self.is_normalized() {
            true => 1.0,
            false => self.call.embeddings.iter().map(norm).fold(0.0, f64::max),
        };
        let similarity = norm * norm;
        let sharp = number("temperature").map_or(1.0, |t| 1.0 / t);
        match self.key {
            "barlow_twins" | "vic_reg" | "contrastive" | "negative_cosine" => 0.0,
            "triplet" | "triplet_margin" if self.config["soft_margin"] == false => 0.0,
            "triplet" | "triplet_margin" | "lifted_structure" => {
                norm.max(if self.config["distance"] == "euclidean" {
                    0.0
                } else {
                    similarity
                })
            }
            "hard_negative" => similarity * sharp * (1.0 + number("beta").unwrap_or(0.0)),
            "multi_similarity" => {
                (similarity + 1.0)
                    * number("beta")
                        .unwrap_or(1.0)
                        .max(number("alpha").unwrap_or(1.0))
            }
            "circle" => (similarity + 1.0).powi(2) * number("gamma").unwrap_or(1.0),
            "proxy_anchor" => 2.0 * number("alpha").unwrap_or(1.0),
            "proxy_nca" => 4.0 * number("scale").unwrap_or(1.0),
            "siglip" | "arc_face" | "cos_face" => similarity * number("scale").unwrap_or(1.0),
            _ => similarity * sharp,
        }
    }

    /// The cosine of an embedding and a proxy that is nearest to 1 or -1.
    pub(super) fn largest_cosine(&self) -> f64 {
        let mut exact = self.exact();
        exact.call.embeddings.iter_mut().for_each(|points| {
            normalize(points);
        });
        let [points, proxies] = &exact.call.embeddings[..] else {
            return 0.0;
        };
        let width = points.shape[1].max(1);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>().abs();
        let all = points.values.chunks(width);
        all.flat_map(|a| proxies.values.chunks(width).map(move |b| dot(a, b)))
            .fold(0.0, f64::max)
    }
}

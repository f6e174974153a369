//! The slopes of pairs, which gradients are sums of.
//!
//! The gradient of a point is a sum over its pairs, each of which is rounded to a unit of itself: where they cancel, the
//! sum is off by units of what they come to without their signs. The slope of a pair is seen where all points get a
//! coordinate of their own, in which all others are 0: the gradient of a point by the coordinate of another belongs to
//! the two of them alone.

use super::{
    Embeddings, composed,
    config::{NAMES, PROXIES},
};
use crate::support::contrastive::Embeddings as Points;

/// What slopes of pairs come to without their signs.
pub(super) struct Terms {
    /// By each coordinate of each argument.
    pub coordinates: Vec<Vec<f64>>,
    /// By the similarity of each pair, times that.
    pub similarities: f64,
    /// By the similarity of each pair.
    pub pairs: f64,
}

/// How coordinates get slopes from those of a pair.
enum Slope {
    /// Of a product: the other coordinate.
    Product,
    /// Of what a product lacks of 1, which is half a squared distance: both coordinates.
    Lack,
    /// Of a distance: a power of the difference of coordinates.
    Power(f64),
}

impl Embeddings {
    fn slope(&self, is_of_cosines: bool) -> Option<Slope> {
        let distance = &self.config["distance"];
        if PROXIES.contains(&self.key)
            || matches!(self.key, "barlow_twins" | "vic_reg" | "negative_cosine")
        {
            return None;
        }
        if is_of_cosines {
            return Some(Slope::Lack);
        }
        if distance.is_null() || distance == "dot_product" {
            return Some(Slope::Product);
        }
        let p = distance["lp"]["p"].as_f64().unwrap_or(2.0);
        Some(Slope::Power(p - 1.0))
    }

    /// Those of a loss that does not normalise. `None` where a loss is none of pairs. Products may stand for cosine
    /// distances.
    pub(super) fn slopes_of_pairs(&self, is_of_cosines: bool) -> Option<Terms> {
        let slope = self.slope(is_of_cosines)?;
        let all = &self.call.embeddings;
        let size = |points: &Points| {
            let finite = points.values.iter().filter(|x| x.is_finite());
            finite.fold(0.0f64, |most, x| most.max(x.abs()))
        };
        let largest = all.iter().map(size).fold(1e-290, f64::max);
        let own = match slope {
            Slope::Product | Slope::Lack => 1.0,
            // So little that distances stay as they are.
            Slope::Power(_) => 1e-20 * largest,
        };
        let starts: Vec<usize> = all
            .iter()
            .scan(0, |start, points| {
                *start += points.shape[0];
                Some(*start - points.shape[0])
            })
            .collect();
        let more: usize = all.iter().map(|points| points.shape[0]).sum();
        let mut wide = self.exact();
        wide.call.tracked.fill(true);
        // Those of one sample may cancel those of another.
        let [sum, size] = [|w: &f64| *w, |w: &f64| w.abs()].map(|of| -> f64 {
            let weights = self.call.weights.iter().map(of);
            weights.sum()
        });
        let cancelled = match sum {
            0.0 => 1.0,
            sum => (size / sum.abs()).max(1.0),
        };
        for number in wide.call.upstream.iter_mut().chain(&mut wide.call.weights) {
            *number = number.abs();
        }
        for (points, start) in wide.call.embeddings.iter_mut().zip(&starts) {
            let [rows, width] = points.shape;
            let mut values = Vec::with_capacity(rows * (width + more));
            for row in 0..rows {
                values.extend(&points.values[row * width..][..width]);
                values.extend((0..more).map(|place| match place == start + row {
                    true => own,
                    false => 0.0,
                }));
            }
            points.values = values;
            points.shape[1] += more;
        }
        let numbers = wide.numbers(&composed());
        let width = all[0].shape[1];
        let every: Vec<&[f64]> = all
            .iter()
            .flat_map(|points| points.values.chunks(width))
            .collect();
        let mut terms = Terms {
            coordinates: Vec::new(),
            similarities: 0.0,
            pairs: 0.0,
        };
        for ((name, points), start) in NAMES.iter().zip(all).zip(starts) {
            let mut sums = vec![0.0; points.values.len()];
            let gradient = numbers.iter().find(|(other, _)| other == name);
            let rows = gradient.map_or(&[][..], |(_, list)| list);
            for (row, gradient) in rows.chunks(width + more).enumerate() {
                let here = every[start + row];
                let sums = &mut sums[row * width..][..width];
                for (place, &slope_of_pair) in gradient[width..].iter().enumerate() {
                    if place == start + row || slope_of_pair == 0.0 || !slope_of_pair.is_finite() {
                        continue;
                    }
                    let there = every[place];
                    let by_pair = slope_of_pair.abs() * cancelled;
                    for ((sum, x), y) in sums.iter_mut().zip(here).zip(there) {
                        *sum += match slope {
                            Slope::Product => by_pair * y.abs(),
                            Slope::Lack => by_pair * (x.abs() + y.abs()),
                            Slope::Power(power) => by_pair * ((x - y).abs() / own).powf(power),
                        };
                    }
                    let product: f64 = here.iter().zip(there).map(|(x, y)| x * y).sum();
                    terms.similarities += by_pair * product.abs();
                    terms.pairs += by_pair;
                }
            }
            terms.coordinates.push(sums);
        }
        Some(terms)
    }
}

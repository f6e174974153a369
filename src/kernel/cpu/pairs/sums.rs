//! Sums in the making.

use crate::formula::{Summation, Term};

/// The terms of some points, as far as their pairs have been seen.
pub(super) struct Sums {
    /// The largest exponent of each term, for each point.
    pub largest: Vec<Vec<f32>>,
    /// The sum of each term, for each point, of exponentials relative to the largest.
    pub sums: Vec<Vec<f64>>,
}

impl Sums {
    pub fn new(terms: usize, points: usize) -> Self {
        Self {
            largest: vec![vec![f32::NEG_INFINITY; points]; terms],
            sums: vec![vec![0.0; points]; terms],
        }
    }

    /// Adds what other pairs come to for one point: a plain sum, or one of exponentials relative to
    /// `largest`.
    #[inline(always)]
    pub fn add_to(&mut self, term: usize, point: usize, largest: f32, sum: f64) {
        let own = &mut self.largest[term][point];
        let own_sum = &mut self.sums[term][point];
        let both = if *own < largest { largest } else { *own };
        *own_sum = *own_sum * decay(*own, both) + sum * decay(largest, both);
        *own = both;
    }

    /// Adds what other pairs come to.
    pub fn add(&mut self, other: &Self, terms: &[Term]) {
        for term in 0..terms.len() {
            let points = other.largest[term].iter().zip(&other.sums[term]);
            for (point, (&largest, &sum)) in points.enumerate() {
                self.add_to(term, point, largest, sum);
            }
        }
    }

    /// What a term is for every point.
    pub fn results(&self, index: usize, term: Term) -> impl Iterator<Item = f32> {
        let points = self.largest[index].iter().zip(&self.sums[index]);
        points.map(move |(&largest, &sum)| match term.summation {
            Summation::Sum => sum as f32,
            Summation::LogSumExp => (reference(largest) as f64 + sum.ln()) as f32,
        })
    }
}

/// What exponents are taken relative to: 0 where there was none but minus infinity.
#[inline(always)]
pub(super) fn reference(largest: f32) -> f32 {
    if largest == f32::NEG_INFINITY {
        0.0
    } else {
        largest
    }
}

/// By what a sum relative to `from` is multiplied to be relative to `to`. One without exponents, or with
/// none but minus infinity, is 0 or no number, relative to whatever.
#[inline(always)]
fn decay(from: f32, to: f32) -> f64 {
    if from == to || from == f32::NEG_INFINITY {
        1.0
    } else {
        (from as f64 - to as f64).exp()
    }
}

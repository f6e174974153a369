//! Sums in the making.

use crate::formula::{Exponentials, Summation, Term};

/// The terms of some points, as far as their pairs have been seen.
pub(crate) struct Sums {
    /// The largest exponent of each term, for each point; minus infinity for a plain sum.
    largest: Vec<Vec<f32>>,
    /// The sum of each term, for each point, of exponentials relative to the largest.
    sums: Vec<Vec<f64>>,
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
        if largest == f32::NEG_INFINITY && self.largest[term][point] == largest {
            self.sums[term][point] += sum; // A plain sum, or no pairs yet.
            return;
        }
        let largest = f64::from(largest);
        let both = self
            .exponentials(term, point)
            .plus(Exponentials { largest, sum });
        self.largest[term][point] = both.largest as f32;
        self.sums[term][point] = both.sum;
    }

    #[inline(always)]
    fn exponentials(&self, term: usize, point: usize) -> Exponentials<f64> {
        Exponentials {
            largest: f64::from(self.largest[term][point]),
            sum: self.sums[term][point],
        }
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
        (0..self.sums[index].len()).map(move |point| {
            let all = self.exponentials(index, point);
            match term.summation {
                Summation::Sum => all.sum as f32,
                Summation::LogSumExp => all.logarithm() as f32,
            }
        })
    }
}

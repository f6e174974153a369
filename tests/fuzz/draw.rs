//! Choices of a random case: sizes, scales, hyperparameters, layouts.

use crate::support::{Dtype, Layout, Random};

/// Any of these.
pub fn pick<T: Clone>(random: &mut Random, list: &[T]) -> T {
    list[below(random, list.len())].clone()
}

/// An index below `count`.
pub fn below(random: &mut Random, count: usize) -> usize {
    (random.bits() % count as u64) as usize
}

/// A power of ten between these, which need not be whole.
pub fn power_of_ten(random: &mut Random, low: f64, high: f64) -> f64 {
    10f64.powf(random.uniform(low, high))
}

/// A size: often small, often next to a number of lanes, seldom 0.
pub fn size(random: &mut Random, most: usize) -> usize {
    let size = match below(random, 40) {
        0 => 0,
        1..=3 => 1,
        4..=24 => 2 + below(random, 8),
        25..=35 => pick(random, &[15, 16, 17, 31, 32, 33, 47, 48]),
        _ => 1 + below(random, 300),
    };
    size.min(most)
}

/// A size that is at least 1.
pub fn some(random: &mut Random, most: usize) -> usize {
    size(random, most).max(1)
}

/// A type to compute in: most often `f32`.
pub fn dtype(random: &mut Random) -> Dtype {
    match below(random, 20) {
        0 => Dtype::F64,
        1 | 2 => Dtype::F16,
        3 | 4 => Dtype::BF16,
        _ => Dtype::F32,
    }
}

/// How a tensor lies in memory: most often contiguous.
pub fn layout(random: &mut Random) -> Layout {
    match below(random, 8) {
        0 => Layout::Transposed,
        1 => Layout::Sliced,
        2 => Layout::Flipped,
        _ => Layout::Contiguous,
    }
}

/// The largest size of a number that is drawn for a type.
pub fn largest(dtype: Dtype) -> f64 {
    match dtype {
        Dtype::F16 => 2e3,
        _ => 1e4,
    }
}

/// Weights of samples: a quarter of them 0, in one case of eight some negative.
pub fn weights(random: &mut Random, count: usize, dtype: Dtype) -> Vec<f64> {
    let negative = random.chance(0.125);
    random.list(count, dtype, |random| match below(random, 8) {
        0 | 1 => 0.0,
        2 if negative => -random.uniform(0.1, 2.0),
        3 => 1.0,
        _ => random.uniform(0.1, 2.0),
    })
}

/// What results are multiplied with: most often 1, or the factor of a scaled loss.
pub fn upstream(random: &mut Random, count: usize, reduced: bool) -> Vec<f64> {
    match (reduced, below(random, 4)) {
        (true, 0) => vec![65536.0; count],
        (true, 1) => vec![-0.75; count],
        (true, _) => vec![1.0; count],
        _ => random.list(count, Dtype::F32, |random| random.normal(2.0)),
    }
}

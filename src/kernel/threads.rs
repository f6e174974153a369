//! Work shared out in chunks of a fixed length.

use rayon::prelude::*;
use std::ops::Range;

/// How many elements one task takes. What the tasks return is put together in order, so results do
/// not depend on the number of threads. Two operands of this length fit a core's second-level cache.
pub(crate) const CHUNK: usize = 16_384;

/// Calls `work` with the ranges that `0..length` falls into, on all threads, and adds up what it
/// returns in the order of the ranges.
pub(crate) fn sum_over_chunks(length: usize, work: impl Fn(Range<usize>) -> f64 + Sync) -> f64 {
    if length <= CHUNK {
        return work(0..length);
    }
    let sums: Vec<f64> = (0..length.div_ceil(CHUNK))
        .into_par_iter()
        .map(|chunk| work(chunk * CHUNK..length.min((chunk + 1) * CHUNK)))
        .collect();
    sums.iter().sum()
}

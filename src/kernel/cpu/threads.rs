//! Work shared out in chunks of a fixed length.

use rayon::prelude::*;
use std::ops::Range;

/// How many elements one task takes. What the tasks return is put together in order, so results do
/// not depend on the number of threads. Two operands of this length fit a core's second-level cache.
pub(crate) const CHUNK: usize = 16_384;

/// What a task does with its range of elements. An object, so that sharing out is compiled once.
pub(crate) type Work<'a> = dyn Fn(Range<usize>) -> f64 + Sync + 'a;

/// Calls `work` with the ranges of elements that `0..length` falls into, on all threads, and adds up
/// what it returns in the order of the ranges.
pub(crate) fn sum_over_chunks(length: usize, work: &Work<'_>) -> f64 {
    sum_over(length, CHUNK, work)
}

/// [`sum_over_chunks`] with another number of elements for each task.
pub(crate) fn sum_over(length: usize, per_task: usize, work: &Work<'_>) -> f64 {
    if length <= per_task {
        return work(0..length);
    }
    let sums: Vec<f64> = (0..length.div_ceil(per_task))
        .into_par_iter()
        .map(|task| work(task * per_task..length.min((task + 1) * per_task)))
        .collect();
    sums.iter().sum()
}

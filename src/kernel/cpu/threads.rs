//! Work shared out over threads.
//!
//! Work comes in as an object, so that sharing out is compiled once: a copy of rayon's for each caller takes
//! longer to compile than the kernels do.

use rayon::prelude::*;
use std::{ops::Range, sync::Mutex};

/// How many elements one task takes. What the tasks return is put together in order, so results do
/// not depend on the number of threads. Two operands of this length fit a core's second-level cache.
pub(crate) const CHUNK: usize = 16_384;

/// What a task does with its range of elements.
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
    let tasks = 0..length.div_ceil(per_task);
    let sums = map(tasks, &|_, task| {
        work(task * per_task..length.min((task + 1) * per_task))
    });
    sums.iter().sum()
}

/// Calls `work` with the place of every item and the item, on all threads, and returns what it returns, in
/// order.
pub(crate) fn map<T: Send, R: Send>(
    items: impl IntoIterator<Item = T>,
    work: &(dyn Fn(usize, T) -> R + Sync),
) -> Vec<R> {
    /// An item, then what became of it. Nobody waits for the lock: each is opened by its own task.
    struct Slot<T, R>(Mutex<(Option<T>, Option<R>)>);

    let slots = items
        .into_iter()
        .map(|item| Slot(Mutex::new((Some(item), None))));
    let slots: Vec<Slot<T, R>> = slots.collect();
    for_each(slots.len(), &|index| {
        let mut slot = slots[index].0.lock().expect("no task has had it");
        if let Some(item) = slot.0.take() {
            slot.1 = Some(work(index, item));
        }
    });
    let results = slots.into_iter().filter_map(|slot| {
        let (_, result) = slot.0.into_inner().expect("no task has panicked");
        result
    });
    results.collect()
}

/// Calls `work` with every index below `count`, on all threads.
fn for_each(count: usize, work: &(dyn Fn(usize) + Sync)) {
    (0..count).into_par_iter().for_each(work);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order() {
        let items: Vec<String> = (0..1000).map(|i| format!("{i}")).collect();
        let found = map(items, &|place, item| format!("{place} {item}"));
        let expected: Vec<String> = (0..1000).map(|i| format!("{i} {i}")).collect();
        assert_eq!(found, expected);
        assert!(map(Vec::<u8>::new(), &|_, item| item).is_empty());
    }

    #[test]
    fn chunks_cover_everything_once() {
        for length in [0, 1, 7, 8, 9, 100] {
            let sum = sum_over(length, 8, &|range| range.map(|i| i as f64).sum());
            assert_eq!(sum, (0..length).map(|i| i as f64).sum::<f64>());
        }
    }
}

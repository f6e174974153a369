//! What a backward pass does with a gradient the forward pass left behind, and plain sums.

use super::{
    storage::Storage,
    threads::{CHUNK, sum_over_chunks},
};
use rayon::prelude::*;

/// How many elements are widened at a time.
const BLOCK: usize = 1024;

/// Multiplies every element by `factor`.
pub(crate) fn scale<E: Storage>(elements: &mut [E], factor: f32) {
    elements.par_chunks_mut(CHUNK).for_each(|chunk| {
        in_f32(chunk, |_, values| {
            for value in values {
                *value *= factor;
            }
        });
    });
}

/// Multiplies every element by `factor` and by the element of `upstream` in the same place.
///
/// # Panics
/// If the lengths differ.
pub(crate) fn multiply<E: Storage>(elements: &mut [E], upstream: &[E], factor: f32) {
    assert_eq!(elements.len(), upstream.len(), "one factor per element");
    elements
        .par_chunks_mut(CHUNK)
        .zip(upstream.par_chunks(CHUNK))
        .for_each(|(chunk, upstream)| {
            let mut factors = [0.0; BLOCK];
            in_f32(chunk, |first, values| {
                let factors = &mut factors[..values.len()];
                E::widen(&upstream[first..first + values.len()], factors);
                for (value, other) in values.iter_mut().zip(factors) {
                    *value *= factor * *other;
                }
            });
        });
}

/// The sum of all elements.
pub(crate) fn sum<E: Storage>(elements: &[E]) -> f64 {
    sum_over_chunks(elements.len(), |range| {
        let mut values = [0.0; BLOCK];
        elements[range]
            .chunks(BLOCK)
            .map(|block| {
                let values = &mut values[..block.len()];
                E::widen(block, values);
                values.iter().map(|&value| value as f64).sum::<f64>()
            })
            .sum()
    })
}

/// Changes elements in place through blocks of `f32`; `change` gets each block and the index of its
/// first element.
fn in_f32<E: Storage>(elements: &mut [E], mut change: impl FnMut(usize, &mut [f32])) {
    let mut values = [0.0; BLOCK];
    for (index, block) in elements.chunks_mut(BLOCK).enumerate() {
        let values = &mut values[..block.len()];
        E::widen(block, values);
        change(index * BLOCK, values);
        E::narrow(values, block);
    }
}

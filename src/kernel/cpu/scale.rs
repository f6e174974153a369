//! What a backward pass does with a gradient the forward pass left behind, and plain sums.

use super::{
    storage::Storage,
    threads::{CHUNK, map, sum_over_chunks},
};

/// How many elements are widened at a time.
const BLOCK: usize = 1024;

/// The product; a derivative of 0 stays 0, whatever comes from upstream.
#[inline(always)]
fn multiplied(value: f32, factor: f32) -> f32 {
    if value == 0.0 { 0.0 } else { value * factor }
}

/// Multiplies every element by `factor`; 0 stays 0.
pub(crate) fn scale(elements: &mut [f32], factor: f32) {
    map(elements.chunks_mut(CHUNK), &|_, chunk| {
        for value in chunk {
            *value = multiplied(*value, factor);
        }
    });
}

/// Multiplies every element by the one of `factors` in the same place.
///
/// # Panics
/// If the lengths differ.
pub(crate) fn multiply<E: Storage>(elements: &mut [f32], factors: &[E]) {
    assert_eq!(elements.len(), factors.len(), "one factor per element");
    let chunks = elements.chunks_mut(CHUNK).zip(factors.chunks(CHUNK));
    map(chunks, &|_, (chunk, factors)| {
        let mut wide = [0.0; BLOCK];
        for (block, factors) in chunk.chunks_mut(BLOCK).zip(factors.chunks(BLOCK)) {
            let wide = &mut wide[..factors.len()];
            E::widen(factors, wide);
            for (value, factor) in block.iter_mut().zip(wide) {
                *value = multiplied(*value, *factor);
            }
        }
    });
}

/// Multiplies every row of `elements`, `[N, classes, inner]`, by its one of `factors`, `[N, inner]`.
///
/// # Panics
/// If the lengths do not fit.
pub(crate) fn multiply_rows<E: Storage>(
    elements: &mut [f32],
    factors: &[E],
    classes: usize,
    inner: usize,
) {
    assert_eq!(
        elements.len(),
        factors.len() * classes,
        "one factor per row"
    );
    if elements.is_empty() {
        return;
    }
    let factors = widened(factors);
    let block = classes * inner;
    let per_task = (CHUNK / block).max(1);
    let tasks = elements
        .chunks_mut(per_task * block)
        .zip(factors.chunks(per_task * inner));
    map(tasks, &|_, (elements, factors)| {
        let blocks = elements.chunks_mut(block).zip(factors.chunks(inner));
        for (elements, factors) in blocks {
            multiply_block(elements, factors);
        }
    });
}

/// Multiplies every row of `elements`, `[classes, inner]`, by its one of `factors`, `[inner]`.
fn multiply_block(elements: &mut [f32], factors: &[f32]) {
    if let [factor] = factors {
        for value in elements {
            *value = multiplied(*value, *factor);
        }
        return;
    }
    for class in elements.chunks_mut(factors.len()) {
        for (value, factor) in class.iter_mut().zip(factors) {
            *value = multiplied(*value, *factor);
        }
    }
}

/// Every element as `f32`.
pub(crate) fn widened<E: Storage>(elements: &[E]) -> Vec<f32> {
    let mut out = vec![0.0; elements.len()];
    E::widen(elements, &mut out);
    out
}

/// Every element rounded to another type.
pub(crate) fn narrowed<E: Storage>(elements: &[f32]) -> Vec<E> {
    let mut out = vec![E::default(); elements.len()];
    let chunks = out.chunks_mut(CHUNK).zip(elements.chunks(CHUNK));
    map(chunks, &|_, (out, elements)| E::narrow(elements, out));
    out
}

/// The sum of all elements.
pub(crate) fn sum<E: Storage>(elements: &[E]) -> f64 {
    sum_over_chunks(elements.len(), &|range| {
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

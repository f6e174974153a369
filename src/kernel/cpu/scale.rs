//! What a backward pass does with a gradient the forward pass left behind, and plain sums.

use super::{
    storage::Storage,
    threads::{CHUNK, map, sum_over_chunks},
};

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
pub(crate) fn multiply(elements: &mut [f32], factors: &[f32]) {
    assert_eq!(elements.len(), factors.len(), "one factor per element");
    let chunks = elements.chunks_mut(CHUNK).zip(factors.chunks(CHUNK));
    map(chunks, &|_, (chunk, factors)| {
        for (value, factor) in chunk.iter_mut().zip(factors) {
            *value = multiplied(*value, *factor);
        }
    });
}

/// Multiplies every row of `elements`, `[N, classes, inner]`, by its one of `factors`, `[N, inner]`.
///
/// # Panics
/// If the lengths do not fit.
pub(crate) fn multiply_rows(elements: &mut [f32], factors: &[f32], classes: usize, inner: usize) {
    assert_eq!(
        elements.len(),
        factors.len() * classes,
        "one factor per row"
    );
    if elements.is_empty() {
        return;
    }
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

/// Every element rounded to another type.
pub(crate) fn narrowed<E: Storage>(elements: &[f32]) -> Vec<E> {
    let mut out = vec![E::default(); elements.len()];
    let chunks = out.chunks_mut(CHUNK).zip(elements.chunks(CHUNK));
    map(chunks, &|_, (out, elements)| E::narrow(elements, out));
    out
}

/// Whether all elements are 0.
pub(crate) fn is_zero(elements: &[f32]) -> bool {
    elements.iter().all(|&value| value == 0.0)
}

/// The sum of all elements.
pub(crate) fn sum(elements: &[f32]) -> f64 {
    sum_over_chunks(elements.len(), &|range| {
        elements[range].iter().map(|&value| value as f64).sum()
    })
}

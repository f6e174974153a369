//! The slopes of the Jaccard loss's Lovasz extension.

use super::{
    order::{Ordered, descending},
    threads::map,
};

/// By how much each error counts in the loss of its row: as much as the Jaccard loss of the mask grows when that error is added to
/// all larger ones. Errors that are equal come in the order of their places.
///
/// An error counts if its `counts` is not 0; others get 0. A target is in the mask from one half on.
///
/// # Panics
/// If the lengths differ.
pub(crate) fn lovasz_weights<T: Ordered>(
    errors: &[T],
    targets: &[T],
    counts: &[T],
    width: usize,
) -> Vec<T> {
    assert!(errors.len() == targets.len() && errors.len() == counts.len());
    let mut out = vec![T::of(0.0); errors.len()];
    let width = width.max(1);
    let rows = out.chunks_mut(width).zip(errors.chunks(width));
    let given = targets.chunks(width).zip(counts.chunks(width));
    map(rows.zip(given), &|_, ((out, errors), (targets, counts))| {
        let counted = (0..errors.len()).filter(|&i| counts[i].into() != 0.0);
        let order = descending(counted.map(|i| (errors[i], i)));
        let is_in = |place: usize| targets[place].into() >= 0.5;
        growth(&order, &is_in, &mut |place, weight| {
            out[place] = T::of(weight);
        });
    });
    out
}

/// Calls `found` with the place of each error and how much it counts, in the order of the errors. Returns how many are in the mask.
pub(super) fn growth<K>(
    order: &[(K, u32)],
    is_in: &dyn Fn(usize) -> bool,
    found: &mut dyn FnMut(usize, f64),
) -> usize {
    let size = order.iter().filter(|(_, at)| is_in(*at as usize)).count();
    let (mut both, mut either) = (size as f64, size as f64);
    for (_, place) in order {
        let place = *place as usize;
        // The Jaccard loss is 1 - both / either.
        let weight = if is_in(place) {
            both -= 1.0;
            1.0 / either
        } else {
            either += 1.0;
            match size {
                // Of an empty mask the first error is all of the loss.
                0 => f64::from(either == 1.0),
                _ => both / (either * (either - 1.0)),
            }
        };
        found(place, weight);
    }
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_the_growth_of_the_jaccard_loss() {
        let errors = [0.1f32, 0.9, 0.4, 0.4, 0.0];
        let targets = [1.0, 0.0, 1.0, 0.0, 1.0];
        let got = lovasz_weights(&errors, &targets, &[1.0, 1.0, 1.0, 1.0, 0.0], 5);
        // Two pixels in the mask; in order: out, in (the first of two equals), out, in.
        let losses = [
            0.0,
            1.0 - 2.0 / 3.0,
            1.0 - 1.0 / 3.0,
            1.0 - 1.0 / 4.0,
            1.0f64,
        ];
        for (step, place) in [1, 2, 3, 0].into_iter().enumerate() {
            let expected = losses[step + 1] - losses[step];
            assert!((f64::from(got[place]) - expected).abs() < 1e-7, "{place}");
        }
        assert_eq!(got[4], 0.0);
    }
}

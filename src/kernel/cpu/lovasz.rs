//! The slopes of the Jaccard loss's Lovasz extension.

use super::threads::map;

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
        row(out, errors, targets, counts);
    });
    out
}

fn row<T: Ordered>(out: &mut [T], errors: &[T], targets: &[T], counts: &[T]) {
    let counted = (0..errors.len()).filter(|&i| counts[i].into() != 0.0);
    // The largest first: its key is the smallest, and the place decides between equals.
    let place = |i| u32::try_from(i).expect("pixels of an image");
    let mut order: Vec<(T::Key, u32)> = counted
        .map(|i| (errors[i].descending(), place(i)))
        .collect();
    order.sort_unstable();
    let is_in = |place: u32| targets[place as usize].into() >= 0.5;
    let size = order.iter().filter(|(_, place)| is_in(*place)).count();
    let (mut both, mut either) = (size as f64, size as f64);
    for (_, place) in order {
        // The Jaccard loss is 1 - both / either.
        out[place as usize] = T::of(if is_in(place) {
            both -= 1.0;
            1.0 / either
        } else {
            either += 1.0;
            match size {
                // Of an empty mask the first error is all of the loss.
                0 => f64::from(either == 1.0),
                _ => both / (either * (either - 1.0)),
            }
        });
    }
}

/// Numbers that are put in order.
pub(crate) trait Ordered: Copy + Into<f64> + Send + Sync {
    type Key: Copy + Ord + Send;

    /// The smaller, the larger the number is; NaN is beyond all of its sign.
    fn descending(self) -> Self::Key;

    /// The nearest number.
    fn of(number: f64) -> Self;
}

impl Ordered for f32 {
    type Key = u32;

    fn descending(self) -> u32 {
        // A zero is a zero.
        let bits = (self + 0.0).to_bits();
        match bits >> 31 {
            0 => !(bits | 1 << 31),
            _ => bits,
        }
    }

    fn of(number: f64) -> Self {
        number as f32
    }
}

impl Ordered for f64 {
    type Key = u64;

    fn descending(self) -> u64 {
        let bits = (self + 0.0).to_bits();
        match bits >> 63 {
            0 => !(bits | 1 << 63),
            _ => bits,
        }
    }

    fn of(number: f64) -> Self {
        number
    }
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

    #[test]
    fn bits_are_in_order() {
        let numbers = [
            f32::NEG_INFINITY,
            -1.0,
            -1e-40,
            0.0,
            1e-40,
            2.0,
            f32::INFINITY,
        ];
        assert!(numbers.map(f32::descending).iter().rev().is_sorted());
        let wide = numbers.map(|number| f64::from(number).descending());
        assert!(wide.iter().rev().is_sorted());
        assert_eq!((-0f32).descending(), 0f32.descending());
        assert_eq!((-0f64).descending(), 0f64.descending());
    }
}

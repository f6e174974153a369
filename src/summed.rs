//! Sums over two slices.

use core::{iter::Sum, ops::AddAssign};

/// The sum of what a function makes of the numbers of two slices, in `PARTS` parts that run side by side: it is no chain of
/// additions, so the compiler makes vectors of it.
#[inline(always)]
pub(crate) fn summed<const PARTS: usize, A: Copy, B: Copy, S>(
    a: &[A],
    b: &[B],
    of: impl Fn(A, B) -> S,
) -> S
where
    S: Copy + Default + AddAssign + Sum,
{
    let (whole, a_rest) = a.as_chunks::<PARTS>();
    let (others, b_rest) = b.as_chunks::<PARTS>();
    let mut sums = [S::default(); PARTS];
    for (a, b) in whole.iter().zip(others) {
        for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
            *sum += of(a, b);
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(&a, &b)| of(a, b));
    sums.into_iter().chain(rest).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_that_of_a_plain_loop() {
        for length in [0, 1, 7, 8, 9, 24, 35] {
            let a: Vec<f64> = (0..length).map(|i| i as f64 - 3.0).collect();
            let b: Vec<f32> = (0..length).map(|i| (i % 5) as f32).collect();
            let pairs = a.iter().zip(&b);
            let plain: f64 = pairs.map(|(a, &b)| a * f64::from(b)).sum();
            assert_eq!(summed::<8, _, _, _>(&a, &b, |a, b| a * f64::from(b)), plain);
        }
    }
}

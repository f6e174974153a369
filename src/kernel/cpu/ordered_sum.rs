//! Sums of slices.

use super::threads::sum_over_chunks;

/// The sum of all numbers, in an order that depends on how many there are alone.
pub(crate) fn ordered_sum<E: Copy + Into<f64> + Sync>(numbers: &[E]) -> f64 {
    sum_over_chunks(numbers.len(), &|range| {
        numbers[range].iter().map(|&number| number.into()).sum()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_that_of_a_plain_loop() {
        for count in [0, 1, 40_000] {
            let numbers: Vec<f32> = (0..count).map(|i| (i % 7) as f32).collect();
            let plain: f64 = numbers.iter().map(|&number| f64::from(number)).sum();
            assert_eq!(ordered_sum(&numbers), plain);
        }
    }

    #[test]
    fn small_numbers_are_not_lost_beside_a_large_one() {
        let mut numbers = vec![0.125f32; 100_000];
        numbers[0] = 1e7;
        assert_eq!(ordered_sum(&numbers), 1e7 + 99_999.0 * 0.125);
    }
}

//! Numbers in order, by the digits of their bits.

/// How many bits a digit has: its counts fit a core's first-level cache.
const BITS: u32 = 11;

/// From how many numbers on their digits are counted.
const MANY: usize = 1024;

/// Places in the order of their numbers, the largest number first, equal ones as they come.
///
/// # Panics
/// If a place is beyond the range of `u32`.
pub(super) fn descending<T: Ordered>(
    numbers: impl Iterator<Item = (T, usize)>,
) -> Vec<(T::Key, u32)> {
    let place = |place| u32::try_from(place).expect("pixels of an image");
    let mut order: Vec<(T::Key, u32)> = numbers
        .map(|(number, at)| (number.descending(), place(at)))
        .collect();
    if order.len() < MANY {
        order.sort_unstable();
        return order;
    }
    by_digits::<T>(order)
}

/// The same by one pass over all of them for each digit, the last digit first. Each pass keeps the order of the one before.
fn by_digits<T: Ordered>(mut order: Vec<(T::Key, u32)>) -> Vec<(T::Key, u32)> {
    let digits = T::BITS.div_ceil(BITS);
    let digit = |key: T::Key, number: u32| T::bits(key, number * BITS) & ((1 << BITS) - 1);
    let mut counts = vec![[0u32; 1 << BITS]; digits as usize];
    for &(key, _) in &order {
        for (counts, number) in counts.iter_mut().zip(0..) {
            counts[digit(key, number)] += 1;
        }
    }
    let mut other = order.clone();
    for (counts, number) in counts.iter_mut().zip(0..) {
        // All have the same.
        if counts.contains(&(order.len() as u32)) {
            continue;
        }
        let mut first = 0;
        for count in counts.iter_mut() {
            first += core::mem::replace(count, first);
        }
        for &entry in &order {
            let next = &mut counts[digit(entry.0, number)];
            other[*next as usize] = entry;
            *next += 1;
        }
        core::mem::swap(&mut order, &mut other);
    }
    order
}

/// Numbers that are put in order.
pub(crate) trait Ordered: Copy + Into<f64> + Send + Sync {
    type Key: Copy + Ord + Send;

    /// How many bits a key has.
    const BITS: u32;

    /// The smaller, the larger the number is; NaN is beyond all of its sign.
    fn descending(self) -> Self::Key;

    /// The bits of a key from that one on, as many as a digit has or more.
    fn bits(key: Self::Key, from: u32) -> usize;

    /// The nearest number.
    fn of(number: f64) -> Self;
}

impl Ordered for f32 {
    type Key = u32;

    const BITS: u32 = u32::BITS;

    fn descending(self) -> u32 {
        // A zero is a zero.
        let bits = (self + 0.0).to_bits();
        match bits >> 31 {
            0 => !(bits | 1 << 31),
            _ => bits,
        }
    }

    fn bits(key: u32, from: u32) -> usize {
        (key >> from) as usize
    }

    fn of(number: f64) -> Self {
        number as f32
    }
}

impl Ordered for f64 {
    type Key = u64;

    const BITS: u32 = u64::BITS;

    fn descending(self) -> u64 {
        let bits = (self + 0.0).to_bits();
        match bits >> 63 {
            0 => !(bits | 1 << 63),
            _ => bits,
        }
    }

    fn bits(key: u64, from: u32) -> usize {
        (key >> from) as usize & u32::MAX as usize
    }

    fn of(number: f64) -> Self {
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn digits_put_in_the_order_of_comparisons<T: Ordered>() {
        // Of either sign and all sizes, many of them equal.
        let number = |i: u32| {
            let draw = i.wrapping_mul(2_654_435_761) >> 20;
            let sign = [1.0, -1.0][draw as usize % 2];
            T::of(sign * f64::from(draw / 2 % 97) * 10f64.powi(draw as i32 % 31 - 15))
        };
        for count in [0, 1, 2, 1023, 1024, 5000] {
            let numbers = || (0..count).map(|i| (number(i), i));
            let mut expected: Vec<(T::Key, u32)> =
                numbers().map(|(x, i)| (x.descending(), i)).collect();
            expected.sort();
            assert!(
                by_digits::<T>(numbers().map(|(x, i)| (x.descending(), i)).collect()) == expected
            );
            assert!(descending(numbers().map(|(x, i)| (x, i as usize))) == expected);
        }
    }

    #[test]
    fn digits_order_numbers_of_both_types() {
        digits_put_in_the_order_of_comparisons::<f32>();
        digits_put_in_the_order_of_comparisons::<f64>();
    }
}

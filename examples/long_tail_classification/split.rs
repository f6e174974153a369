//! Long-tailed training digits and balanced test digits.
//!
//! The profile is the exponential one of Y. Cui et al., "Class-Balanced Loss Based on Effective
//! Number of Samples" (2019): each class has the same share fewer digits than the one before it. The
//! order of the classes, 0 the most frequent and 9 the rarest, is the same for every seed.

use rand::{SeedableRng, rngs::ChaCha8Rng, seq::SliceRandom};

use crate::digit_images::{CLASSES, DigitImage};

/// Training digits of the most frequent class.
const MOST: f64 = 100.0;

/// How many times rarer the last class is than the first.
pub const IMBALANCE: f64 = 50.0;

/// Test digits of every class.
pub const TEST_DIGITS: usize = 70;

/// Training digits of each class.
pub fn class_counts() -> [usize; CLASSES] {
    std::array::from_fn(|class| {
        let position = class as f64 / (CLASSES - 1) as f64;
        (MOST * IMBALANCE.powf(-position)).round() as usize
    })
}

/// Digits to train with and, disjoint from them, digits to test with.
pub struct Split {
    pub train: Vec<DigitImage>,
    pub test: Vec<DigitImage>,
}

impl Split {
    /// Draws a split; the seed decides which digits go where, never how many.
    pub fn new(digits: &[DigitImage], seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut train, mut test) = (Vec::new(), Vec::new());
        for (class, count) in class_counts().into_iter().enumerate() {
            let of_class = digits.iter().filter(|digit| digit.class == class);
            let mut of_class: Vec<&DigitImage> = of_class.collect();
            of_class.shuffle(&mut rng);
            let mut drawn = of_class.into_iter().cloned();
            test.extend(drawn.by_ref().take(TEST_DIGITS));
            train.extend(drawn.take(count));
        }
        Self { train, test }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digit_images;

    fn split(seed: u64) -> Split {
        let digits = digit_images::bundled().expect("the bundled file is sound");
        Split::new(&digits, seed)
    }

    fn counts(digits: &[DigitImage]) -> [usize; CLASSES] {
        std::array::from_fn(|class| digits.iter().filter(|digit| digit.class == class).count())
    }

    #[test]
    fn the_profile_falls_exponentially() {
        assert_eq!(class_counts(), [100, 65, 42, 27, 18, 11, 7, 5, 3, 2]);
    }

    #[test]
    fn training_is_long_tailed_and_testing_balanced() {
        for seed in 0..3 {
            let split = split(seed);
            assert_eq!(counts(&split.train), class_counts());
            assert_eq!(counts(&split.test), [TEST_DIGITS; CLASSES]);
        }
    }

    #[test]
    fn no_digit_is_on_both_sides() {
        let split = split(1);
        assert!(split.train.iter().all(|digit| !split.test.contains(digit)));
    }

    #[test]
    fn the_seed_alone_decides() {
        assert_eq!(split(1).train, split(1).train);
        assert_ne!(split(1).train, split(2).train);
    }
}

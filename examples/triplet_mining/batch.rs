//! Batches of P classes and K views of each.

use burn::tensor::{Device, Int, Tensor};
use rand::{SeedableRng, rngs::ChaCha8Rng, seq::SliceRandom};

use crate::{classes, digits::Digit, raster::Raster, sample::images, view};

/// Views and their classes.
pub struct Batch {
    /// `[P * K, 1, SIDE, SIDE]`
    pub images: Tensor<4>,
    /// `[P * K]`
    pub labels: Tensor<1, Int>,
}

/// An endless, reproducible stream of batches: so many views of each class, no digit in a batch twice.
pub struct ClassStream<'a> {
    digits: &'a [Digit],
    classes: Vec<Deck>,
    views: usize,
    device: &'a Device,
    rng: ChaCha8Rng,
}

/// The digits of a class, dealt one pass after the other.
struct Deck {
    digits: Vec<Digit>,
    /// The digits of this pass that are still to come.
    rest: Vec<usize>,
}

impl Deck {
    /// The next digits of the pass, or the first of the next pass where too few are left.
    fn deal(&mut self, count: usize, rng: &mut ChaCha8Rng) -> impl Iterator<Item = &Digit> {
        if self.rest.len() < count {
            self.rest = (0..self.digits.len()).collect();
            self.rest.shuffle(rng);
        }
        let dealt = self.rest.split_off(self.rest.len() - count);
        dealt.into_iter().map(|index| &self.digits[index])
    }
}

impl<'a> ClassStream<'a> {
    /// The same digits and seed give the same batches on every machine.
    pub fn new(
        digits: &'a [Digit],
        trained: &[usize],
        views: usize,
        seed: u64,
        device: &'a Device,
    ) -> Self {
        let deck = |&class: &usize| {
            let digits = classes::of(&[class], digits);
            assert!(views <= digits.len(), "a batch has every digit but once");
            Deck {
                digits,
                rest: Vec::new(),
            }
        };
        Self {
            digits,
            classes: trained.iter().map(deck).collect(),
            views,
            device,
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }
}

impl Iterator for ClassStream<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let mut drawn: Vec<Raster> = Vec::new();
        let mut labels: Vec<i32> = Vec::new();
        for deck in &mut self.classes {
            let digits: Vec<&Digit> = deck.deal(self.views, &mut self.rng).collect();
            for digit in digits {
                drawn.push(view::draw(digit, self.digits, &mut self.rng));
                labels.push(digit.class as i32);
            }
        }
        Some(Batch {
            images: images(&drawn, self.device),
            labels: Tensor::from_ints(labels.as_slice(), self.device),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::DeviceName, digits::DigitSets, view::SIDE};

    fn digits() -> Vec<Digit> {
        let digits = DigitSets::bundled();
        digits.expect("the bundled file is sound").train
    }

    #[test]
    fn a_batch_has_as_many_views_of_each_class() {
        let device = DeviceName::choose(None).expect("a device").open();
        let digits = digits();
        let batches = ClassStream::new(&digits, &[2, 5, 7], 4, 1, &device);
        for batch in batches.take(2) {
            assert_eq!(batch.images.dims(), [12, 1, SIDE, SIDE]);
            let labels = batch.labels.into_data();
            let labels: Vec<i64> = labels.iter::<i64>().collect();
            assert_eq!(labels, [2, 2, 2, 2, 5, 5, 5, 5, 7, 7, 7, 7]);
        }
    }

    #[test]
    fn a_seed_fixes_the_batches_and_no_two_are_alike() {
        let device = DeviceName::choose(None).expect("a device").open();
        let digits = digits();
        let pixels = |seed, index| {
            let mut batches = ClassStream::new(&digits, &[0, 1], 2, seed, &device);
            let batch = batches.nth(index).expect("it is endless");
            batch.images.into_data()
        };
        assert_eq!(pixels(1, 0), pixels(1, 0));
        assert_ne!(pixels(1, 0), pixels(2, 0));
        assert_ne!(pixels(1, 0), pixels(1, 1));
    }

    #[test]
    fn every_digit_of_a_class_has_its_turn_once_in_a_pass() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let glyph = |width| Digit {
            glyph: Raster::filled(width, 1, 1.0),
            class: 3,
        };
        let mut deck = Deck {
            digits: (1..=6).map(glyph).collect(),
            rest: Vec::new(),
        };
        for _ in 0..3 {
            let mut pass = Vec::new();
            for _ in 0..2 {
                pass.extend(deck.deal(3, &mut rng).map(|digit| digit.glyph.width));
            }
            pass.sort_unstable();
            assert_eq!(pass, Vec::from_iter(1..=6));
        }
    }
}

//! Batches of pairs of views.

use burn::tensor::{Device, Tensor};
use rand::{SeedableRng, rngs::ChaCha8Rng, seq::SliceRandom};

use crate::{digits::Digit, raster::Raster, sample::images, view};

/// An endless, reproducible stream of batches. Each has the first views of some digits, then the second
/// views of the same digits: `[2N, 1, SIDE, SIDE]`. No digit is in a batch twice, where it would be
/// taken for another digit.
pub struct PairStream<'a> {
    digits: &'a [Digit],
    batch: usize,
    device: &'a Device,
    rng: ChaCha8Rng,
    /// The digits of this pass over all that are still to come.
    rest: Vec<usize>,
}

impl<'a> PairStream<'a> {
    /// The same digits and seed give the same batches on every machine.
    pub fn new(digits: &'a [Digit], batch: usize, seed: u64, device: &'a Device) -> Self {
        assert!(batch <= digits.len(), "a batch has every digit but once");
        Self {
            digits,
            batch,
            device,
            rng: ChaCha8Rng::seed_from_u64(seed),
            rest: Vec::new(),
        }
    }

    /// The next digits of the pass, or the first of the next pass where too few are left.
    fn draw_digits(&mut self) -> Vec<usize> {
        if self.rest.len() < self.batch {
            self.rest = (0..self.digits.len()).collect();
            self.rest.shuffle(&mut self.rng);
        }
        self.rest.split_off(self.rest.len() - self.batch)
    }
}

impl Iterator for PairStream<'_> {
    type Item = Tensor<4>;

    fn next(&mut self) -> Option<Tensor<4>> {
        let drawn = self.draw_digits();
        let twice = drawn.iter().chain(&drawn);
        let views: Vec<Raster> = twice
            .map(|&index| view::draw(&self.digits[index], self.digits, &mut self.rng))
            .collect();
        Some(images(&views, self.device))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::DeviceName, digits::DigitSets, view::SIDE};

    #[test]
    fn every_digit_has_its_turn_once_in_a_pass() {
        let device = DeviceName::choose(None).expect("a device").open();
        let digits = DigitSets::bundled()
            .expect("the bundled file is sound")
            .train;
        let mut stream = PairStream::new(&digits[..10], 5, 1, &device);
        for _ in 0..3 {
            let mut pass = [stream.draw_digits(), stream.draw_digits()].concat();
            pass.sort_unstable();
            assert_eq!(pass, Vec::from_iter(0..10));
        }
    }

    #[test]
    fn a_batch_has_two_different_views_of_each_digit() {
        let device = DeviceName::choose(None).expect("a device").open();
        let digits = DigitSets::bundled()
            .expect("the bundled file is sound")
            .train;
        let mut stream = PairStream::new(&digits, 3, 1, &device);
        let batch = stream.next().expect("it is endless");
        assert_eq!(batch.dims(), [6, 1, SIDE, SIDE]);
        let halves = batch.chunk(2, 0);
        let difference = (halves[0].clone() - halves[1].clone()).abs();
        assert!(difference.mean().into_scalar::<f32>() > 0.01);
    }
}

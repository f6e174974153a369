//! Batches of pairs of views.

use burn::tensor::{Device, Tensor};
use rand::{SeedableRng, rngs::ChaCha8Rng};
use support::{deck::Deck, digits::Digit, view};

/// An endless, reproducible stream of batches. Each has the first views of some digits, then the second views of the
/// same digits: `[2N, 1, SIDE, SIDE]`. No digit is in a batch twice, where it would be taken for another digit.
pub struct PairStream<'a> {
    digits: &'a [Digit],
    deck: Deck,
    batch: usize,
    device: &'a Device,
    rng: ChaCha8Rng,
}

impl<'a> PairStream<'a> {
    pub fn new(digits: &'a [Digit], batch: usize, seed: u64, device: &'a Device) -> Self {
        Self {
            digits,
            deck: Deck::new(digits.len()),
            batch,
            device,
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }
}

impl Iterator for PairStream<'_> {
    type Item = Tensor<4>;

    fn next(&mut self) -> Option<Tensor<4>> {
        let drawn = self.deck.deal(self.batch, &mut self.rng);
        let twice = drawn.iter().chain(&drawn);
        let view = |&index: &usize| view::draw(&self.digits[index], self.digits, &mut self.rng);
        let views: Vec<_> = twice.map(view).collect();
        Some(view::images(views.iter(), self.device))
    }
}

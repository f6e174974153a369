//! Batches of P classes and K views of each.

use burn::tensor::{Device, Int, Tensor};
use rand::{SeedableRng, rngs::ChaCha8Rng};
use support::{deck::Deck, digits::Digit, view};

use crate::evaluate;

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
    /// The digits of each class.
    classes: Vec<(Vec<Digit>, Deck)>,
    views: usize,
    device: &'a Device,
    rng: ChaCha8Rng,
}

impl<'a> ClassStream<'a> {
    pub fn new(
        digits: &'a [Digit],
        classes: &[usize],
        views: usize,
        seed: u64,
        device: &'a Device,
    ) -> Self {
        let of_class = |&class| {
            let digits = evaluate::of(&[class], digits);
            let deck = Deck::new(digits.len());
            (digits, deck)
        };
        Self {
            digits,
            classes: classes.iter().map(of_class).collect(),
            views,
            device,
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }
}

impl Iterator for ClassStream<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let mut drawn = Vec::new();
        let mut labels: Vec<i32> = Vec::new();
        for (of_class, deck) in &mut self.classes {
            for index in deck.deal(self.views, &mut self.rng) {
                let digit = &of_class[index];
                drawn.push(view::draw(digit, self.digits, &mut self.rng));
                labels.push(digit.class as i32);
            }
        }
        Some(Batch {
            images: view::images(drawn.iter(), self.device),
            labels: Tensor::from_ints(labels.as_slice(), self.device),
        })
    }
}

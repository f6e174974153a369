//! How long to train, the same for every loss.

use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
pub struct Settings {
    /// A run that is too short for its numbers to mean anything.
    pub quick: bool,
    /// Passes over the training digits.
    pub epochs: usize,
    /// Digits in a step.
    pub batch: usize,
    /// Learning rate of the first step; a cosine takes it to 0.
    pub learning_rate: f64,
    /// Each loss is trained once for each seed: of the split, of the initial weights, and of the
    /// order of the digits.
    pub seeds: Vec<u64>,
}

impl Settings {
    /// The run whose numbers the README quotes: two minutes on two busy cores.
    pub fn full(seed: u64) -> Self {
        Self {
            quick: false,
            epochs: 60,
            batch: 32,
            learning_rate: 2e-3,
            seeds: (0..10).map(|index| seed.wrapping_add(index)).collect(),
        }
    }

    /// A run that only shows that everything works.
    pub fn quick(seed: u64) -> Self {
        Self {
            quick: true,
            epochs: 2,
            seeds: vec![seed],
            ..Self::full(seed)
        }
    }

    /// Optimisation steps over so many training digits.
    pub fn steps(&self, digits: usize) -> usize {
        self.epochs * digits.div_ceil(self.batch)
    }
}

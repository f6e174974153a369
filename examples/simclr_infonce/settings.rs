//! How long to train and how much to test.

use serde::Serialize;

use crate::objective::LossKind;

#[derive(Debug, Clone, Serialize)]
pub struct Settings {
    /// A run that is too short for its numbers to mean anything.
    pub quick: bool,
    pub loss: LossKind,
    /// Optimisation steps.
    pub steps: usize,
    /// Digits in a step; the network sees two views of each.
    pub batch: usize,
    /// Peak learning rate, after the warm-up and before the cosine decay.
    pub learning_rate: f64,
    /// Steps over which the learning rate rises to its peak.
    pub warmup: usize,
    /// Views of each training digit that neighbours and linear classifiers are given.
    pub training_views: usize,
    /// Views of each test digit that they are asked about.
    pub test_views: usize,
    /// Seed of the initial weights and of all views.
    pub seed: u64,
}

impl Settings {
    /// The run whose numbers the README quotes.
    pub fn full(loss: LossKind, seed: u64) -> Self {
        Self {
            quick: false,
            loss,
            steps: 600,
            batch: 128,
            learning_rate: 2e-3,
            warmup: 30,
            training_views: 3,
            test_views: 4,
            seed,
        }
    }

    /// A run that only shows that everything works.
    pub fn quick(loss: LossKind, seed: u64) -> Self {
        Self {
            quick: true,
            steps: 8,
            batch: 48,
            warmup: 2,
            training_views: 1,
            test_views: 1,
            ..Self::full(loss, seed)
        }
    }
}

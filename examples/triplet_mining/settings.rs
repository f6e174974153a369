//! How long to train and how much to test.

use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
pub struct Settings {
    /// A run that is too short for its numbers to mean anything.
    pub quick: bool,
    /// Optimisation steps for each strategy.
    pub steps: usize,
    /// Views of each of the trained classes in a step, all of different digits. The more there are, the
    /// harder the hardest triplets are.
    pub views_per_class: usize,
    /// How much farther away than a positive a negative is to be.
    pub margin: f64,
    /// Peak learning rate, after the warm-up and before the cosine decay.
    pub learning_rate: f64,
    /// Steps over which the learning rate rises to its peak.
    pub warmup: usize,
    /// Views of each digit that is tested with.
    pub test_views: usize,
    /// Seed of the initial weights and of all views.
    pub seed: u64,
}

impl Settings {
    /// The run whose numbers the README quotes.
    pub fn full(seed: u64) -> Self {
        Self {
            quick: false,
            steps: 1500,
            views_per_class: 4,
            margin: 0.2,
            learning_rate: 2e-3,
            warmup: 30,
            test_views: 4,
            seed,
        }
    }

    /// A run that only shows that everything works.
    pub fn quick(seed: u64) -> Self {
        Self {
            quick: true,
            steps: 6,
            warmup: 2,
            test_views: 1,
            ..Self::full(seed)
        }
    }
}

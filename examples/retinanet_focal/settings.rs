//! How long to train and how much to test.

use serde::Serialize;

/// The schedule, the same for both losses.
#[derive(Debug, Clone, Serialize)]
pub struct Settings {
    /// Optimisation steps of each training.
    pub steps: usize,
    /// Scenes in a step.
    pub batch: usize,
    /// Peak learning rate, after the warm-up and before the cosine decay.
    pub learning_rate: f64,
    /// Steps over which the learning rate rises to its peak.
    pub warmup: usize,
    /// Scenes on which the trained detectors are compared.
    pub test_scenes: usize,
    /// Times that AP is measured during training, on the first of the test scenes.
    pub checkpoints: usize,
    /// Test scenes used at a checkpoint.
    pub checkpoint_scenes: usize,
    /// Seed of the initial weights, the training scenes and the test scenes.
    pub seed: u64,
}

impl Settings {
    /// The run whose numbers the README quotes: under six minutes on two cores.
    pub fn full(seed: u64) -> Self {
        Self {
            steps: 800,
            batch: 8,
            learning_rate: 2e-3,
            warmup: 100,
            test_scenes: 300,
            checkpoints: 8,
            checkpoint_scenes: 100,
            seed,
        }
    }

    /// A run that only shows that everything works: under a minute, and far from converged.
    pub fn quick(seed: u64) -> Self {
        Self {
            steps: 60,
            warmup: 10,
            test_scenes: 40,
            checkpoints: 3,
            checkpoint_scenes: 20,
            ..Self::full(seed)
        }
    }
}

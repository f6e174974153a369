//! The command line, how triplets are chosen, how long to train and how much to test.

use burn_losses::Mining;
use clap::{Parser, ValueEnum};
use serde::Serialize;
use support::run::RunArgs;

/// The classes of digits that the network and the loss see.
pub const TRAINED: [usize; 6] = [0, 1, 2, 3, 4, 5];

/// Those that are only tested with.
pub const UNSEEN: [usize; 4] = [6, 7, 8, 9];

/// Trains a small network on views of the digits 0 to 5 with a triplet loss, once for each way to choose triplets,
/// and tests the distances it has learned on the digits 6 to 9.
#[derive(Debug, Parser)]
#[command(name = "triplet_mining")]
pub struct Cli {
    /// How triplets are chosen; may be given several times [default: each way]
    #[arg(long, value_enum)]
    pub mining: Vec<Strategy>,

    #[command(flatten)]
    pub run: RunArgs,
}

/// A way to choose triplets: a view, another of its class and one of another class.
#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
pub enum Strategy {
    /// For each view the farthest of its class and the nearest of another
    BatchHard,
    /// For each two of a class the nearest of another that is farther away than they are apart
    SemiHard,
    /// All triplets there are
    BatchAll,
}

impl Strategy {
    pub fn mining(self) -> Mining {
        match self {
            Self::BatchHard => Mining::BatchHard,
            Self::SemiHard => Mining::SemiHard,
            Self::BatchAll => Mining::BatchAll,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct Settings {
    /// A run that is too short for its numbers to mean anything.
    pub quick: bool,
    /// Optimisation steps for each strategy.
    pub steps: usize,
    /// Views of each of the trained classes in a step, all of different digits. The more there are, the harder the
    /// hardest triplets are.
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
    pub fn new(quick: bool, seed: u64) -> Self {
        let (steps, warmup, test_views) = if quick { (6, 2, 1) } else { (1500, 30, 4) };
        Self {
            quick,
            steps,
            views_per_class: 4,
            margin: 0.2,
            learning_rate: 2e-3,
            warmup,
            test_views,
            seed,
        }
    }
}

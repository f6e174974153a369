//! The command line, how long to train and how much to test.

use clap::Parser;
use serde::Serialize;
use support::run::RunArgs;

use crate::loss::LossName;

/// Trains a small network on pairs of views of digits, without labels, and tests what its features know about classes.
#[derive(Debug, Parser)]
#[command(name = "simclr_infonce")]
pub struct Cli {
    /// What the network is trained with
    #[arg(long, value_enum, default_value_t = LossName::Ntxent)]
    pub loss: LossName,

    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Serialize)]
pub struct Settings {
    /// A run that is too short for its numbers to mean anything.
    pub quick: bool,
    pub loss: LossName,
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
    pub fn new(loss: LossName, quick: bool, seed: u64) -> Self {
        let (steps, batch, warmup) = if quick { (8, 48, 2) } else { (600, 128, 30) };
        let (training_views, test_views) = if quick { (1, 1) } else { (3, 4) };
        Self {
            quick,
            loss,
            steps,
            batch,
            learning_rate: 2e-3,
            warmup,
            training_views,
            test_views,
            seed,
        }
    }
}

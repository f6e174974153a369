//! The command line, and how long to train.

use clap::{Parser, ValueEnum};
use serde::Serialize;
use support::run::RunArgs;

/// Trains a small U-Net to say for each pixel of a cluttered scene which digit it is part of, once for each of three
/// losses, and tests it on scenes of digits it has not seen.
#[derive(Debug, Parser)]
#[command(name = "segmentation")]
pub struct Cli {
    /// The losses to train with; may be given several times [default: each loss]
    #[arg(long, value_enum)]
    pub loss: Vec<LossName>,

    #[command(flatten)]
    pub run: RunArgs,
}

/// A loss by its name.
#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
pub enum LossName {
    /// Cross entropy of all pixels
    CrossEntropy,
    /// Dice loss and cross entropy, in one pass over the logits
    DiceCe,
    /// Focal Tversky loss: missed pixels cost more than false alarms
    FocalTversky,
}

#[derive(Debug, Serialize)]
pub struct Settings {
    /// A run that is too short for its numbers to mean anything.
    pub quick: bool,
    /// Scenes in an epoch.
    pub scenes: usize,
    pub epochs: usize,
    pub batch: usize,
    /// At the start; it falls to 0 along half a cosine.
    pub learning_rate: f64,
    /// Scenes of other digits that are tested with.
    pub test_scenes: usize,
    pub seed: u64,
}

impl Cli {
    pub fn settings(&self) -> Settings {
        let quick = self.run.quick;
        let (scenes, epochs, test_scenes) = if quick { (64, 2, 16) } else { (4096, 4, 256) };
        Settings {
            quick,
            scenes,
            epochs,
            batch: 8,
            learning_rate: 3e-3,
            test_scenes,
            seed: self.run.seed,
        }
    }
}

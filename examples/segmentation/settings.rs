//! The command line, and how long to train.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use serde::Serialize;

use crate::{device::DeviceName, objective::Objective};

/// Trains a small U-Net to say for each pixel of a cluttered scene which digit it is part of, once for each of three
/// losses, and tests it on scenes of digits it has not seen.
#[derive(Debug, Parser)]
#[command(name = "segmentation")]
pub struct Cli {
    /// The losses to train with; may be given several times [default: all]
    #[arg(long, value_enum)]
    pub loss: Vec<Objective>,

    /// Folder for report.json and scenes.svg
    #[arg(long, value_name = "DIR", default_value = "target/segmentation")]
    pub out: PathBuf,

    /// Train for seconds: shows that everything works, not what it can do
    #[arg(long)]
    pub quick: bool,

    /// Where to train: one of the devices this program was compiled for
    #[arg(long, value_enum)]
    pub device: Option<DeviceName>,

    /// Seed of the initial weights and of all scenes
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

#[derive(Debug, Clone, Serialize)]
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
    /// The losses that were asked for, each once.
    pub fn objectives(&self) -> Vec<Objective> {
        let all = Objective::value_variants().iter().copied();
        all.filter(|one| self.loss.is_empty() || self.loss.contains(one))
            .collect()
    }

    pub fn settings(&self) -> Settings {
        let full = Settings {
            quick: false,
            scenes: 4096,
            epochs: 4,
            batch: 8,
            learning_rate: 3e-3,
            test_scenes: 256,
            seed: self.seed,
        };
        match self.quick {
            true => Settings {
                quick: true,
                scenes: 64,
                epochs: 2,
                test_scenes: 16,
                ..full
            },
            false => full,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_chosen_by_name_and_taken_once() {
        let parse = |arguments: &[&str]| {
            let program = ["segmentation"];
            Cli::try_parse_from(program.iter().chain(arguments)).expect("sound arguments")
        };
        assert_eq!(parse(&[]).objectives(), Objective::value_variants());
        let twice = parse(&["--loss", "dice-ce", "--loss", "dice-ce"]);
        assert_eq!(twice.objectives(), [Objective::DiceCe]);
        assert!(parse(&["--quick"]).settings().scenes < parse(&[]).settings().scenes);
    }
}

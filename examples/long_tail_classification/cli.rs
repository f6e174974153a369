//! The command line.

use std::path::{Path, PathBuf};

use clap::Parser;

use crate::{device::DeviceName, settings::Settings};

/// The configurations that are compared where none is named.
const DEFAULT_LOSSES: [&str; 5] = [
    "cross_entropy.json",
    "label_smoothing.json",
    "softmax_focal.json",
    "balanced_softmax.json",
    "ldam.json",
];

/// Trains a small network on long-tailed digits once for each loss, and compares accuracy and
/// calibration on balanced test digits.
#[derive(Debug, Parser)]
#[command(name = "long_tail_classification")]
pub struct Cli {
    /// A loss, as a JSON file of ClassificationLossConfig; may be given several times. Without it:
    /// the five of examples/configs
    #[arg(long = "loss-config", value_name = "FILE")]
    pub loss_configs: Vec<PathBuf>,

    /// Folder for report.json and reliability.svg
    #[arg(
        long,
        value_name = "DIR",
        default_value = "target/long_tail_classification"
    )]
    pub out: PathBuf,

    /// Train for seconds: shows that everything works, not what it can do
    #[arg(long)]
    pub quick: bool,

    /// Where to train: one of the devices this program was compiled for
    #[arg(long, value_enum)]
    pub device: Option<DeviceName>,

    /// Seed of the first training: of its split, its initial weights and its order of digits
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Show the training as burn-train does, rather than as a progress bar: in its terminal
    /// interface where that was compiled in (cargo run --features tui), as lines otherwise
    #[arg(long)]
    pub tui: bool,
}

impl Cli {
    /// The schedule that was asked for.
    pub fn settings(&self) -> Settings {
        if self.quick {
            Settings::quick(self.seed)
        } else {
            Settings::full(self.seed)
        }
    }

    /// The files of the losses to compare.
    pub fn loss_files(&self) -> Vec<PathBuf> {
        if self.loss_configs.is_empty() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/configs");
            DEFAULT_LOSSES.map(|name| folder.join(name)).into()
        } else {
            self.loss_configs.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Cli {
        let program = ["long_tail_classification"];
        Cli::try_parse_from(program.iter().chain(arguments)).expect("sound arguments")
    }

    #[test]
    fn without_arguments_all_five_losses_are_compared() {
        let cli = parse(&[]);
        assert_eq!(cli.out, PathBuf::from("target/long_tail_classification"));
        assert_eq!((cli.quick, cli.tui, cli.seed), (false, false, 1));
        let files = cli.loss_files();
        assert_eq!(files.len(), 5);
        assert!(files.iter().all(|file| file.is_file()), "{files:?}");
    }

    #[test]
    fn named_losses_replace_the_five() {
        let cli = parse(&["--loss-config", "a.json", "--loss-config", "b.json"]);
        assert_eq!(cli.loss_files(), ["a.json", "b.json"].map(PathBuf::from));
    }

    #[test]
    fn a_quick_run_is_shorter_with_the_same_digits() {
        let (quick, full) = (parse(&["--quick"]).settings(), parse(&[]).settings());
        assert!(quick.epochs < full.epochs && quick.seeds.len() < full.seeds.len());
        assert_eq!(quick.batch, full.batch);
    }
}

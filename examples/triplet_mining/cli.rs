//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::{device::DeviceName, mining::Strategy, settings::Settings};

/// Trains a small network on views of the digits 0 to 5 with a triplet loss, once for each mining
/// strategy, and tests the distances it has learned on the digits 6 to 9.
#[derive(Debug, Parser)]
#[command(name = "triplet_mining")]
pub struct Cli {
    /// How triplets are chosen; may be given several times
    #[arg(long, value_enum, default_value = "all")]
    pub mining: Vec<Choice>,

    /// Folder for report.json, embedding.svg and history.svg
    #[arg(long, value_name = "DIR", default_value = "target/triplet_mining")]
    pub out: PathBuf,

    /// Train for seconds: shows that everything works, not what it can do
    #[arg(long)]
    pub quick: bool,

    /// Where to train: one of the devices this program was compiled for
    #[arg(long, value_enum)]
    pub device: Option<DeviceName>,

    /// Seed of the initial weights and of all views
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// A strategy by its name, or all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// For each view the farthest of its class and the nearest of another
    BatchHard,
    /// For each two of a class the nearest of another that is farther away than they are apart
    SemiHard,
    /// All triplets there are
    BatchAll,
    /// One training with each of them
    All,
}

impl Choice {
    fn includes(self, strategy: Strategy) -> bool {
        match self {
            Self::BatchHard => strategy == Strategy::BatchHard,
            Self::SemiHard => strategy == Strategy::SemiHard,
            Self::BatchAll => strategy == Strategy::BatchAll,
            Self::All => true,
        }
    }
}

impl Cli {
    /// The strategies that were asked for, each once.
    pub fn strategies(&self) -> impl Iterator<Item = Strategy> {
        let asked = |&strategy: &Strategy| self.mining.iter().any(|name| name.includes(strategy));
        Strategy::ALL.into_iter().filter(asked)
    }

    /// The schedule that was asked for.
    pub fn settings(&self) -> Settings {
        if self.quick {
            Settings::quick(self.seed)
        } else {
            Settings::full(self.seed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Cli {
        let program = ["triplet_mining"];
        Cli::try_parse_from(program.iter().chain(arguments)).expect("sound arguments")
    }

    fn strategies(arguments: &[&str]) -> Vec<Strategy> {
        parse(arguments).strategies().collect()
    }

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let cli = parse(&[]);
        assert_eq!(cli.out, PathBuf::from("target/triplet_mining"));
        assert_eq!((cli.quick, cli.seed), (false, 1));
        assert_eq!(strategies(&[]), Strategy::ALL);
    }

    #[test]
    fn strategies_are_chosen_by_name_and_taken_once() {
        for (name, strategy) in ["batch-hard", "semi-hard", "batch-all"]
            .into_iter()
            .zip(Strategy::ALL)
        {
            assert_eq!(strategies(&["--mining", name]), [strategy]);
        }
        let twice = ["--mining", "batch-all", "--mining", "batch-all"];
        assert_eq!(strategies(&twice), [Strategy::BatchAll]);
        let two = ["--mining", "semi-hard", "--mining", "batch-hard"];
        assert_eq!(strategies(&two), [Strategy::BatchHard, Strategy::SemiHard]);
        assert_eq!(strategies(&["--mining", "all"]), Strategy::ALL);
        assert!(Cli::try_parse_from(["triplet_mining", "--mining", "soft"]).is_err());
    }

    #[test]
    fn a_quick_run_is_shorter_with_the_same_loss() {
        let (quick, full) = (parse(&["--quick"]).settings(), parse(&[]).settings());
        assert!(quick.steps < full.steps && quick.warmup < quick.steps);
        assert_eq!(quick.margin, full.margin);
    }
}

//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::{device::DeviceName, objective::LossKind, settings::Settings};

/// Trains a small network on pairs of views of digits, without labels, and tests what its features
/// know about classes.
#[derive(Debug, Parser)]
#[command(name = "simclr_infonce")]
pub struct Cli {
    /// What the network is trained with
    #[arg(long, value_enum, default_value_t = LossKind::Ntxent)]
    pub loss: LossKind,

    /// Folder for report.json, embedding.svg and views.svg
    #[arg(long, value_name = "DIR", default_value = "target/simclr_infonce")]
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

impl Cli {
    /// The schedule that was asked for.
    pub fn settings(&self) -> Settings {
        if self.quick {
            Settings::quick(self.loss, self.seed)
        } else {
            Settings::full(self.loss, self.seed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    fn parse(arguments: &[&str]) -> Cli {
        let program = ["simclr_infonce"];
        Cli::try_parse_from(program.iter().chain(arguments)).expect("sound arguments")
    }

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let cli = parse(&[]);
        assert_eq!(cli.out, PathBuf::from("target/simclr_infonce"));
        assert_eq!(
            (cli.loss, cli.quick, cli.seed),
            (LossKind::Ntxent, false, 1)
        );
    }

    #[test]
    fn every_loss_has_its_name() {
        for (name, loss) in ["ntxent", "dcl", "barlow", "vicreg", "moco"]
            .into_iter()
            .zip(LossKind::value_variants())
        {
            assert_eq!(parse(&["--loss", name]).loss, *loss);
        }
        assert!(Cli::try_parse_from(["simclr_infonce", "--loss", "triplet"]).is_err());
    }

    #[test]
    fn a_quick_run_is_shorter_with_the_same_views() {
        let (quick, full) = (parse(&["--quick"]).settings(), parse(&[]).settings());
        assert!(quick.steps < full.steps && quick.warmup < quick.steps);
        assert_eq!(quick.learning_rate, full.learning_rate);
    }
}

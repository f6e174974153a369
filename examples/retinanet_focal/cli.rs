//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::{device::DeviceName, loss::BoxLossKind, settings::Settings};

/// Trains a small RetinaNet on cluttered digit scenes twice, with focal loss and with plain BCE,
/// and compares the two detectors.
#[derive(Debug, Parser)]
#[command(name = "retinanet_focal")]
pub struct Cli {
    /// Folder for report.json, curves.svg and detections.svg
    #[arg(long, value_name = "DIR", default_value = "target/retinanet_focal")]
    pub out: PathBuf,

    /// Train for less than a minute: shows that everything works, not what it can do
    #[arg(long)]
    pub quick: bool,

    /// Where to train: one of the devices this program was compiled for
    #[arg(long, value_enum)]
    pub device: Option<DeviceName>,

    /// Take the digits from MNIST's four unpacked IDX files in this folder
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Optimisation steps of each training, instead of the schedule's own number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(10..))]
    pub steps: Option<u32>,

    /// Train once more, with focal loss and another loss of the boxes, and add its row
    #[arg(long, value_enum, default_value_t)]
    pub box_loss: BoxLossKind,

    /// Seed of the initial weights and of all scenes
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl Cli {
    /// The schedule that was asked for.
    pub fn settings(&self) -> Settings {
        let mut settings = if self.quick {
            Settings::quick(self.seed)
        } else {
            Settings::full(self.seed)
        };
        if let Some(steps) = self.steps {
            settings.steps = steps as usize;
            settings.warmup = settings.warmup.min(settings.steps / 2);
            settings.checkpoints = settings.checkpoints.min(settings.steps);
        }
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let cli = Cli::try_parse_from(["retinanet_focal"]).expect("no argument is required");
        assert_eq!(cli.out, PathBuf::from("target/retinanet_focal"));
        assert_eq!(cli.box_loss, BoxLossKind::SmoothL1);
        assert_eq!(
            (cli.quick, cli.device, cli.data_dir.is_none()),
            (false, None, true)
        );
    }

    #[test]
    fn few_steps_still_leave_room_after_the_warm_up() {
        let cli =
            Cli::try_parse_from(["retinanet_focal", "--steps", "10"]).expect("ten is allowed");
        let settings = cli.settings();
        assert_eq!((settings.steps, settings.warmup), (10, 5));
        assert!(Cli::try_parse_from(["retinanet_focal", "--steps", "0"]).is_err());
    }
}

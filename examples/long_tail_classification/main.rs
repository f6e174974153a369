//! Long-tailed classification with burn-train, once for each of several losses.
//!
//! ```text
//! cargo run --release --example long_tail_classification
//! cargo run --release --example long_tail_classification -- --loss-config FILE --quick --out DIR
//! ```
//!
//! Of some things there are many examples and of most things few. A network trained on such data
//! with cross entropy learns to prefer what is frequent. This program trains the same small network
//! on handwritten digits, the first class fifty times as frequent as the last, with losses made
//! against that and losses made against overconfidence, and tests on as many digits of each class.
//! Which class is how frequent is the same for every seed: zeros are always the most frequent, nines
//! the rarest. So a score of head or tail is one of these digits, easy or hard, and its spread over
//! the seeds is that of the digits drawn, not of which classes are rare.
//! A loss is a JSON file, `examples/configs/*.json`, read in `loss_file.rs`; `classifier.rs` shows
//! how it plugs into burn-train's `Learner`.

#[path = "../support/bar_renderer.rs"]
mod bar_renderer;
mod batch;
mod calibration;
#[path = "../support/chart.rs"]
mod chart;
mod classifier;
mod cli;
#[path = "../support/device.rs"]
mod device;
#[path = "../support/digit_images.rs"]
mod digit_images;
#[path = "../support/error.rs"]
mod error;
mod evaluate;
mod groups;
mod loss_file;
mod network;
#[path = "../support/output.rs"]
mod output;
#[path = "../support/progress_bar.rs"]
mod progress_bar;
mod reliability;
mod report;
mod settings;
mod split;
mod summary;
#[allow(dead_code)] // Shared; not every example draws every element.
#[path = "../support/svg.rs"]
mod svg;
mod train;

use std::{process::ExitCode, time::Instant};

use clap::Parser;
use indicatif::ProgressBar;

use crate::{
    cli::Cli, device::DeviceName, error::Result, loss_file::LossFile, report::Report,
    summary::Summary, train::Trainer,
};

fn main() -> ExitCode {
    error::exit_code(run(&Cli::parse()))
}

fn run(cli: &Cli) -> Result<()> {
    let settings = cli.settings();
    let device_name = DeviceName::choose(cli.device)?;
    let class_counts = split::class_counts();
    // All files before any training, so that a fault in the last costs no one the time of the first.
    let files = LossFile::read_all(&cli.loss_files(), &class_counts)?;
    output::create_folder(&cli.out)?;

    let trainer = Trainer {
        settings: &settings,
        digits: &digit_images::bundled()?,
        device: &device_name.open(),
        tui: cli.tui,
    };
    let summaries = files.iter().map(|file| compare(file, &trainer));
    let summaries = summaries.collect::<Result<Vec<_>>>()?;

    let pictures = reliability::draw(&summaries);
    output::write(&cli.out, "reliability.svg", &pictures)?;
    let report = Report::new(
        summaries,
        settings,
        &class_counts,
        format!("{device_name:?}").to_lowercase(),
        digit_images::SOURCE,
    );
    output::write_json(&cli.out, "report.json", &report)?;
    println!("{}", report.table());
    println!(
        "written to {}: report.json, reliability.svg",
        cli.out.display()
    );
    Ok(())
}

/// Trains with one loss, once for each seed.
fn compare(file: &LossFile, trainer: &Trainer) -> Result<Summary> {
    let seeds = &trainer.settings.seeds;
    let bar = if trainer.tui {
        ProgressBar::hidden()
    } else {
        progress_bar::bar(&file.name, trainer.settings.epochs * seeds.len(), "epochs")
    };
    let start = Instant::now();
    let predictions = seeds.iter().map(|&seed| trainer.train(file, seed, &bar));
    let predictions = predictions.collect::<Result<Vec<_>>>()?;
    bar.finish();
    Ok(Summary::new(
        file,
        &predictions,
        start.elapsed().as_secs_f64(),
    ))
}

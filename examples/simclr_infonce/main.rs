//! Learning what digits look like without being told which is which.
//!
//! ```text
//! cargo run --release --example simclr_infonce
//! cargo run --release --example simclr_infonce -- --loss NAME --quick --out DIR --device NAME
//! ```
//!
//! Handwritten digits stand anywhere on a cluttered canvas, in any size and a little turned, so that
//! pixels say little about which digit it is. A small network is trained as in "A Simple Framework for
//! Contrastive Learning of Visual Representations" (SimCLR), Chen et al., 2020: it sees two views of each
//! digit, drawn independently, and learns to find the partner of a view among all others. No label is
//! used. How much it has learned is then asked of its features, of those of the network before training
//! and of the pixels: how well do neighbours, and a linear classifier, tell the classes of digits that
//! were never seen?
//!
//! The losses are in `objective.rs`, with a momentum encoder and a queue in `moco.rs`.

mod batch;
mod bench;
mod cli;
#[path = "../support/clutter.rs"]
mod clutter;
#[path = "../support/conv_block.rs"]
mod conv_block;
#[path = "../support/device.rs"]
mod device;
#[path = "../support/digit_images.rs"]
mod digit_images;
#[path = "../support/digits.rs"]
mod digits;
#[path = "../support/encoder.rs"]
mod encoder;
#[path = "../support/error.rs"]
mod error;
mod features;
#[path = "../support/history.rs"]
mod history;
mod moco;
mod nearest;
mod network;
mod objective;
#[path = "../support/output.rs"]
mod output;
#[path = "../support/pair_log.rs"]
mod pair_log;
#[path = "../support/pca.rs"]
mod pca;
mod picture;
#[allow(dead_code)] // Shared; not every example has grey and coloured images.
#[path = "../support/png_image.rs"]
mod png_image;
mod probe;
#[path = "../support/progress_bar.rs"]
mod progress_bar;
#[path = "../support/raster.rs"]
mod raster;
mod report;
#[path = "../support/sample.rs"]
mod sample;
#[path = "../support/scatter.rs"]
mod scatter;
#[path = "../support/schedule.rs"]
mod schedule;
mod settings;
mod similarity;
#[allow(dead_code)] // Shared; not every example draws every element.
#[path = "../support/svg.rs"]
mod svg;
mod train;
#[path = "../support/vectors.rs"]
mod vectors;
#[path = "../support/view.rs"]
mod view;

use std::process::ExitCode;

use burn::module::Module;
use clap::Parser;

use crate::{
    bench::Bench, cli::Cli, device::DeviceName, digits::DigitSets, error::Result, network::Model,
    report::Report, train::Trainer,
};

fn main() -> ExitCode {
    error::exit_code(run(&Cli::parse()))
}

fn run(cli: &Cli) -> Result<()> {
    let settings = cli.settings();
    let device_name = DeviceName::choose(cli.device)?;
    let digits = DigitSets::bundled()?;
    // Before the training, so that a folder that cannot be written costs no one six minutes.
    output::create_folder(&cli.out)?;

    let device = device_name.open();
    let trainer = Trainer {
        settings: &settings,
        digits: &digits.train,
        device: device.clone().autodiff(),
    };
    trainer.device.seed(settings.seed);
    let initial = Model::new(&trainer.device);
    let trained = trainer.train(&initial)?;

    let bench = Bench::new(&digits, &settings, &device);
    let pixels = bench.raw_pixels();
    let before = bench.encoded(&initial.valid().encoder);
    let after = bench.encoded(&trained.model.encoder);

    let views = picture::draw_views(&digits.test, settings.seed)?;
    output::write(&cli.out, "views.svg", &views)?;
    let report = Report {
        raw_pixels: bench.scores(&pixels)?,
        random_encoder: bench.scores(&before)?,
        trained_encoder: bench.scores(&after)?,
        loss: settings.loss,
        seconds: trained.seconds,
        parameters: initial.num_params(),
        training_views: bench.train.labels.len(),
        test_views: bench.test.labels.len(),
        device: format!("{device_name:?}").to_lowercase(),
        digits: digits.source,
        history: trained.history,
        settings,
    };
    let panels = vec![
        ("random encoder", before, report.random_encoder),
        ("trained encoder", after, report.trained_encoder),
    ];
    let embedding = picture::draw_embeddings(panels, &bench.test.labels);
    output::write(&cli.out, "embedding.svg", &embedding)?;
    output::write_json(&cli.out, "report.json", &report)?;
    println!("{}", report.table());
    println!(
        "written to {}: report.json, embedding.svg, views.svg",
        cli.out.display()
    );
    Ok(())
}

//! Learning distances that hold for digits of other classes, with three ways to choose triplets.
//!
//! ```text
//! cargo run --release --example triplet_mining
//! cargo run --release --example triplet_mining -- --mining NAME --quick --out DIR --device NAME
//! ```
//!
//! Handwritten digits stand anywhere on a cluttered canvas, in any size and a little turned. A small
//! network is trained on the digits 0 to 5 alone, so that views of one class come to lie closer together
//! than views of different classes (triplet loss: "FaceNet", Schroff et al., 2015). Each batch has some
//! classes and as many views of each ("In Defense of the Triplet Loss for Person Re-Identification",
//! Hermans et al., 2017). Which triplets of a batch the loss is made of is the mining strategy: here all
//! three start from the same weights and see the same batches. What they are worth is then asked of the
//! digits 6 to 9, which no training has seen: how often does the nearest other digit have the same class?
//!
//! The loss and its strategies are in `mining.rs`, the batches in `batch.rs`.

mod batch;
mod bench;
#[path = "../support/chart.rs"]
mod chart;
mod classes;
mod cli;
#[path = "../support/clutter.rs"]
mod clutter;
#[path = "../support/conv_block.rs"]
mod conv_block;
mod curves;
#[path = "../support/device.rs"]
mod device;
#[path = "../support/digit_images.rs"]
mod digit_images;
#[path = "../support/digits.rs"]
mod digits;
mod distances;
#[path = "../support/encoder.rs"]
mod encoder;
#[path = "../support/error.rs"]
mod error;
#[path = "../support/history.rs"]
mod history;
mod mining;
mod network;
#[path = "../support/output.rs"]
mod output;
#[path = "../support/pair_log.rs"]
mod pair_log;
#[path = "../support/pca.rs"]
mod pca;
#[path = "../support/progress_bar.rs"]
mod progress_bar;
#[path = "../support/raster.rs"]
mod raster;
mod recall;
mod report;
#[path = "../support/sample.rs"]
mod sample;
#[path = "../support/scatter.rs"]
mod scatter;
#[path = "../support/schedule.rs"]
mod schedule;
mod settings;
#[allow(dead_code)] // Shared; not every example draws every element.
#[path = "../support/svg.rs"]
mod svg;
mod train;
#[path = "../support/vectors.rs"]
mod vectors;
#[path = "../support/view.rs"]
mod view;

use std::{collections::BTreeMap, process::ExitCode};

use burn::module::Module;
use clap::Parser;

use crate::{
    bench::Bench,
    classes::{TRAINED, UNSEEN},
    cli::Cli,
    device::DeviceName,
    digits::DigitSets,
    error::Result,
    network::Model,
    report::{Mined, Report, percent},
    scatter::Panel,
    train::Trainer,
    vectors::directions,
};

fn main() -> ExitCode {
    error::exit_code(run(&Cli::parse()))
}

fn run(cli: &Cli) -> Result<()> {
    let settings = cli.settings();
    let device_name = DeviceName::choose(cli.device)?;
    let digits = DigitSets::bundled()?;
    // Before the training, so that a folder that cannot be written costs no one minutes.
    output::create_folder(&cli.out)?;

    let device = device_name.open();
    let bench = Bench::new(&digits, &settings, &device);
    let trained_classes = classes::of(&TRAINED, &digits.train);
    let trainer = Trainer {
        settings: &settings,
        digits: &trained_classes,
        device: device.clone().autodiff(),
    };
    trainer.device.seed(settings.seed);
    let initial = Model::new(&trainer.device);
    let before = bench.embeddings(&initial.valid());
    let random_encoder = bench.scores(&before);
    let panel = |name: &str, share: f64, vectors| Panel {
        title: format!("{name}: recall@1 {}", percent(share)),
        // Recall is by directions, too.
        vectors: directions(vectors),
    };
    let mut panels = vec![panel(
        "before training",
        random_encoder.unseen_classes.recall_at_1,
        before.unseen_classes,
    )];
    let mut mined = BTreeMap::new();
    for mining in cli.strategies() {
        let trained = trainer.train(&initial, mining)?;
        let after = bench.embeddings(&trained.model);
        let scores = bench.scores(&after);
        let share = scores.unseen_classes.recall_at_1;
        panels.push(panel(mining.name(), share, after.unseen_classes));
        mined.insert(mining, Mined::new(scores, trained));
    }
    let title = "Digits of classes never trained with, in the first two principal components";
    let embedding = scatter::draw(title, panels, bench.unseen_labels());
    let report = Report {
        raw_pixels: bench.scores(&bench.raw_pixels()).into(),
        random_encoder: random_encoder.into(),
        mined,
        trained_digits: TRAINED.into(),
        unseen_digits: UNSEEN.into(),
        parameters: initial.num_params(),
        device: format!("{device_name:?}").to_lowercase(),
        digits: digits.source,
        settings,
    };
    output::write(&cli.out, "embedding.svg", &embedding)?;
    output::write(&cli.out, "history.svg", &curves::draw(&report))?;
    output::write_json(&cli.out, "report.json", &report)?;
    println!("{}", report.table());
    println!(
        "written to {}: report.json, embedding.svg, history.svg",
        cli.out.display()
    );
    Ok(())
}

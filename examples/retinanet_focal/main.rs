//! A RetinaNet-style digit detector, trained with focal loss and, for comparison, with plain BCE.
//!
//! ```text
//! cargo run --release --example retinanet_focal
//! cargo run --release --example retinanet_focal -- --quick --out DIR --device NAME --data-dir DIR
//! cargo run --release --example retinanet_focal -- --box-loss giou
//! ```
//!
//! A detector classifies thousands of anchors, of which a handful cover an object. Focal loss keeps
//! the many that are background, and obviously so, from drowning the few that matter. This
//! program trains the same network from the same initial weights on the same scenes with each loss
//! and prints what that changes. The losses are in `loss.rs`; the other files are what a detector
//! needs around them.

mod anchors;
mod average_precision;
mod boxes;
#[path = "../support/chart.rs"]
mod chart;
mod cli;
#[path = "../support/clutter.rs"]
mod clutter;
#[path = "../support/conv_block.rs"]
mod conv_block;
mod curves;
mod detect;
#[path = "../support/device.rs"]
mod device;
#[path = "../support/digit_images.rs"]
mod digit_images;
#[path = "../support/digits.rs"]
mod digits;
#[path = "../support/error.rs"]
mod error;
mod evaluate;
#[path = "../support/history.rs"]
mod history;
mod idx;
mod loss;
mod matching;
mod network;
#[path = "../support/output.rs"]
mod output;
mod picture;
#[allow(dead_code)] // Shared; not every example has grey and coloured images.
#[path = "../support/png_image.rs"]
mod png_image;
#[path = "../support/progress_bar.rs"]
mod progress_bar;
#[allow(dead_code)] // Shared; not every example turns images.
#[path = "../support/raster.rs"]
mod raster;
mod report;
mod scene;
#[path = "../support/schedule.rs"]
mod schedule;
mod settings;
#[path = "../support/svg.rs"]
mod svg;
mod targets;
mod train;

use std::process::ExitCode;

use burn::module::Module;
use clap::Parser;

use crate::{
    cli::Cli,
    detect::Detection,
    device::DeviceName,
    digits::DigitSets,
    error::Result,
    evaluate::{EASY_PROBABILITY, TestBench},
    loss::{BoxLossKind, DetectionLoss, LossKind},
    network::RetinaNet,
    report::{Report, Run},
    scene::{SIDE, Scene, SceneGenerator},
    train::Trainer,
};

/// Added to the seed for the test scenes, which are made of other digits besides.
const TEST_STREAM: u64 = 0x7e57;

fn main() -> ExitCode {
    error::exit_code(run(&Cli::parse()))
}

fn run(cli: &Cli) -> Result<()> {
    let settings = cli.settings();
    let device_name = DeviceName::choose(cli.device)?;
    let digits = match &cli.data_dir {
        Some(folder) => idx::load(folder)?,
        None => DigitSets::bundled()?,
    };
    // Before the training, so that a folder that cannot be written costs no one five minutes.
    output::create_folder(&cli.out)?;

    let device = device_name.open();
    let anchors = anchors::grid(SIDE);
    let test: Vec<Scene> =
        SceneGenerator::new(&digits.test, settings.seed.wrapping_add(TEST_STREAM))
            .take(settings.test_scenes)
            .collect();
    let bench = |scenes| TestBench {
        scenes,
        anchors: &anchors,
        device: &device,
    };
    let trainer = Trainer {
        settings: &settings,
        digits: &digits.train,
        anchors: &anchors,
        bench: bench(&test[..settings.checkpoint_scenes]),
        device: device.clone().autodiff(),
    };
    trainer.device.seed(settings.seed);
    let initial = RetinaNet::new(&trainer.device);

    let bench = bench(&test);
    let train = |kind, boxes| compare(kind, boxes, &initial, &trainer, &bench);
    let (focal, focal_found) = train(LossKind::Focal, BoxLossKind::SmoothL1)?;
    let (bce, bce_found) = train(LossKind::Bce, BoxLossKind::SmoothL1)?;
    let other_boxes = match cli.box_loss {
        BoxLossKind::SmoothL1 => None,
        other => Some(train(LossKind::Focal, other)?.0),
    };

    let runs = [focal, bce];
    let curves = curves::draw(&runs, settings.steps);
    output::write(&cli.out, "curves.svg", &curves)?;
    let detectors = [
        (LossKind::Focal, &*focal_found),
        (LossKind::Bce, &*bce_found),
    ];
    let picture = picture::draw(&test, &detectors)?;
    output::write(&cli.out, "detections.svg", &picture)?;
    let [focal, bce] = runs;
    let (foreground, background) = bench.balance();
    let report = Report {
        focal,
        bce,
        other_boxes,
        background_per_foreground: background as f64 / foreground.max(1) as f64,
        anchors: anchors.len(),
        easy_probability: EASY_PROBABILITY,
        parameters: initial.num_params(),
        device: format!("{device_name:?}").to_lowercase(),
        digits: digits.source,
        settings,
    };
    output::write_json(&cli.out, "report.json", &report)?;
    println!("{}", report.table());
    println!(
        "written to {}: report.json, curves.svg, detections.svg",
        cli.out.display()
    );
    Ok(())
}

/// Trains with one of the losses and tests the result.
fn compare(
    kind: LossKind,
    box_loss: BoxLossKind,
    initial: &RetinaNet,
    trainer: &Trainer,
    bench: &TestBench,
) -> Result<(Run, Vec<Vec<Detection>>)> {
    let trained = trainer.train(initial, kind, box_loss)?;
    let found = bench.detections(&trained.model);
    let loss = DetectionLoss::new(kind, box_loss);
    let run = Run {
        kind,
        box_loss,
        ap50: bench.average_precision(&found),
        easy_background_share_before: bench.easy_background_share(&initial.valid(), &loss),
        easy_background_share_after: bench.easy_background_share(&trained.model, &loss),
        seconds: trained.seconds,
        losses: trained.losses,
        checkpoints: trained.checkpoints,
    };
    Ok((run, found))
}

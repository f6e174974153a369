//! Segmentation with a small U-Net in burn-train's `Learner`, once for each of three losses.
//!
//! ```text
//! cargo run --release --example segmentation
//! cargo run --release --example segmentation -- --loss dice-ce --quick --out DIR
//! ```
//!
//! Each pixel of a cluttered scene is background or part of one of ten digits. Most pixels are background, and digits of some
//! classes are small, so these classes have few pixels. Cross entropy counts pixels; losses of overlap count classes.
//! `objective.rs` makes the losses, `train.rs` has the training step:
//!
//! ```ignore
//! fn step(&self, batch: Batch) -> TrainOutput<Output> {
//!     let logits = self.network.forward(batch.images);      // [N, 11, 48, 48]
//!     let loss = self.loss.forward(logits, batch.classes);  // [N, 48, 48], class indices
//!     TrainOutput::new(self, loss.backward(), Output { loss })
//! }
//! ```

#[path = "../support/bar_renderer.rs"]
mod bar_renderer;
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
#[path = "../support/error.rs"]
mod error;
mod network;
mod objective;
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
mod score;
mod settings;
#[allow(dead_code)] // Shared; not every example draws every element.
#[path = "../support/svg.rs"]
mod svg;
mod train;

use std::{collections::BTreeMap, process::ExitCode};

use burn::module::Module;
use clap::Parser;

use crate::{
    device::DeviceName, digits::DigitSets, error::Result, report::Report, scene::Scene,
    score::Score, settings::Cli, train::Trainer,
};

fn main() -> ExitCode {
    error::exit_code(run(&Cli::parse()))
}

fn run(cli: &Cli) -> Result<()> {
    let settings = cli.settings();
    let device_name = DeviceName::choose(cli.device)?;
    let device = device_name.open();
    output::create_folder(&cli.out)?;
    let digits = DigitSets::bundled()?;
    let scenes = Scene::draw_all(&digits.train, settings.scenes, settings.seed);
    let test = Scene::draw_all(&digits.test, settings.test_scenes, settings.seed ^ 0xD161);
    let trainer = Trainer {
        settings: &settings,
        scenes: &scenes,
        test: &test,
        device: &device,
    };

    let mut scores = BTreeMap::new();
    let mut answers = Vec::new();
    let mut parameters = 0;
    for objective in cli.objectives() {
        let (model, seconds) = trainer.train(objective)?;
        parameters = model.num_params();
        let found = model.classes(&test, &device);
        scores.insert(objective, Score::new(&test, &found, seconds));
        answers.push((objective, found));
    }

    let named: Vec<_> = answers
        .iter()
        .map(|(objective, found)| (objective.name(), &found[..]))
        .collect();
    output::write(&cli.out, "scenes.svg", &picture::draw(&test, &named)?)?;
    let pixels = || test.iter().flat_map(|scene| &scene.classes);
    let background = pixels().filter(|&&class| class == 0).count();
    let report = Report {
        scores,
        background_share: background as f64 / pixels().count() as f64,
        parameters,
        device: format!("{device_name:?}").to_lowercase(),
        digits: digits.source,
        settings,
    };
    output::write_json(&cli.out, "report.json", &report)?;
    println!("{}", report.table());
    println!("written to {}: report.json, scenes.svg", cli.out.display());
    Ok(())
}

//! Segmentation with a small U-Net in burn-train's `Learner`, once for each of three losses.
//!
//! ```text
//! cargo run --release --example segmentation -- --loss dice-ce --quick --seed N --out DIR
//! ```
//!
//! Each pixel of a cluttered scene is background or part of one of ten digits. Most pixels are background, and digits
//! of some classes are small, so these classes have few pixels. Cross entropy counts pixels; losses of overlap count
//! classes.

mod network;
mod picture;
mod scene;
mod score;
mod settings;
mod train;

use std::time::Instant;

use burn::{
    module::Module,
    tensor::{Int, Tensor},
    train::{ClassificationOutput, TrainOutput, TrainStep},
};
use burn_losses::{CombinedLossConfig, CrossEntropyLossConfig, FocalTverskyLossConfig};
use clap::Parser;
use serde_json::json;
use support::{Result, choice, digits, digits::DigitSets};

use crate::{
    network::UNet,
    scene::{Batch, SIDE, Scene},
    score::Score,
    settings::{Cli, LossName},
};

/// What the `Learner` trains, and with which loss.
#[derive(Module, Debug)]
struct Segmenter {
    network: UNet,
    #[module(skip)]
    loss: LossName,
}

impl TrainStep for Segmenter {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> TrainOutput<ClassificationOutput> {
        let output = self.forward(batch);
        TrainOutput::new(self, output.loss.backward(), output)
    }
}

impl Segmenter {
    fn forward(&self, batch: Batch) -> ClassificationOutput {
        let logits = self.network.forward(batch.images); // [N, 11, 48, 48]
        let classes = batch.classes; // [N, 48, 48], indices
        let loss = self.loss.forward(logits.clone(), classes.clone());
        // For metrics, each pixel is a sample.
        let logits = logits.permute([0, 2, 3, 1]).flatten(0, 2);
        ClassificationOutput::new(loss, logits, classes.flatten(0, 2))
    }
}

impl LossName {
    fn forward(self, logits: Tensor<4>, classes: Tensor<3, Int>) -> Tensor<1> {
        let cross_entropy = CrossEntropyLossConfig::new().init();
        // Overlap is that of a batch: most classes are not in most scenes.
        let dice_ce = CombinedLossConfig::new().with_batch(true).init();
        let focal_tversky = FocalTverskyLossConfig::new().with_batch(true).init();
        match self {
            Self::CrossEntropy => cross_entropy.forward(logits, classes),
            Self::DiceCe => dice_ce.forward(logits, classes),
            Self::FocalTversky => focal_tversky.forward(logits, classes),
        }
    }
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let settings = cli.settings();
    let folder = cli.run.folder("segmentation")?;
    let (device, device_name) = cli.run.device()?;
    let DigitSets { train, test } = DigitSets::bundled()?;
    let scenes = Scene::draw_all(&train, settings.scenes, settings.seed);
    let test = Scene::draw_all(&test, settings.test_scenes, settings.seed ^ 0xD161);

    let (mut scores, mut rows) = (Vec::new(), Vec::new());
    for loss in choice::chosen(&cli.loss) {
        let start = Instant::now();
        let model = train::train(loss, &settings, &scenes, &test, &device)?;
        let seconds = start.elapsed().as_secs_f64();
        let answers = model.classes(&test, &device);
        let name = choice::name(&loss);
        scores.push(Score::new(name.clone(), seconds, &test, &answers));
        rows.push((name, answers));
    }
    println!("{}", score::table(&scores));
    picture::draw(&test, &rows).save(&folder.path("scenes.png"))?;
    let pixels = test.iter().flat_map(|scene| &scene.classes);
    let background = pixels.filter(|&&class| class == 0).count();
    let report = json!({
        "scores": scores,
        "background_share": background as f64 / (test.len() * SIDE * SIDE) as f64,
        "device": device_name,
        "digits": digits::SOURCE,
        "settings": settings,
    });
    folder.write_json("report.json", &report)?;
    folder.announce("report.json, scenes.png");
    Ok(())
}

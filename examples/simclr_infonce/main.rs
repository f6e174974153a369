//! Learning what digits look like without being told which is which.
//!
//! ```text
//! cargo run --release --example simclr_infonce -- --loss NAME --quick --seed N --out DIR
//! ```
//!
//! Handwritten digits stand anywhere on a cluttered canvas, in any size and a little turned. A small network sees two
//! such views of each digit and learns to find the partner of a view among all others (SimCLR: Chen et al., "A Simple
//! Framework for Contrastive Learning of Visual Representations", 2020). No label is used. Afterwards the example
//! tests what the features of the network know about the classes of digits that it has not seen.

mod batch;
mod evaluate;
mod loss;
mod moco;
mod network;
mod report;
mod settings;

use std::time::Instant;

use burn::{
    module::Module,
    optim::{AdamConfig, GradientsParams},
    tensor::Device,
};
use clap::Parser;
use serde_json::json;
use support::{
    Result, choice,
    digits::{Digit, DigitSets, SOURCE},
    log::{History, TrainingLog},
    plot,
    schedule::warmup_then_cosine,
    view::Sample,
};

use crate::{
    batch::PairStream,
    evaluate::{Bench, similarity},
    loss::Objective,
    network::Model,
    settings::{Cli, Settings},
};

/// Trains a model on views of digits, whose labels are not looked at.
fn train(
    mut model: Model,
    digits: &[Digit],
    settings: &Settings,
    device: &Device,
) -> Result<(Model, History)> {
    let mut batches = PairStream::new(digits, settings.batch, settings.seed, device);
    // `NtXentLossConfig::new().with_temperature(0.2).init(device)`, or another of loss.rs.
    let mut loss = Objective::new(settings.loss, &model, &mut batches, device);
    let mut optimizer = AdamConfig::new().init();
    let mut schedule = warmup_then_cosine(settings.learning_rate, settings.warmup, settings.steps)?;
    let measured = ["loss", "positive_similarity", "negative_similarity"];
    let mut log = TrainingLog::new(&choice::name(&settings.loss), settings.steps, measured);
    for images in batches.take(settings.steps) {
        // The first views of all digits, then their second views.
        let projections = model.forward(images.clone());
        let value = loss.forward(projections.clone(), images);
        let gradients = GradientsParams::from_grads(value.backward(), &model);
        model = optimizer.step(schedule.step(), model, gradients);
        loss.follow(&model);
        let [positive, negative] = similarity(projections.inner());
        log.push([value.into_scalar::<f32>().into(), positive, negative])?;
    }
    Ok((model.valid(), log.finish()))
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let settings = Settings::new(cli.loss, cli.run.quick, cli.run.seed);
    let folder = cli.run.folder("simclr_infonce")?;
    let (device, device_name) = cli.run.device()?;
    let digits = DigitSets::bundled()?;

    let training = device.clone().autodiff();
    training.seed(settings.seed);
    let initial = Model::new(&training);
    let start = Instant::now();
    let (trained, history) = train(initial.clone(), &digits.train, &settings, &training)?;
    let seconds = start.elapsed().as_secs_f64();

    let bench = Bench::new(&digits, &settings, &device);
    let (raw_pixels, _) = bench.evaluate(Sample::pixels)?;
    let encoded = |model: &Model| {
        bench.evaluate(|views| views.through(|images| model.encoder.forward(images)))
    };
    let (random_encoder, before) = encoded(&initial.valid())?;
    let (trained_encoder, after) = encoded(&trained)?;
    let rows = [
        ("raw pixels", raw_pixels),
        ("random encoder", random_encoder),
        ("trained encoder", trained_encoder),
    ];
    println!("{}", report::table(&rows));
    let labels = &bench.test.labels;
    let panels = [
        report::panel("random encoder", random_encoder, before, labels),
        report::panel("trained encoder", trained_encoder, after, labels),
    ];
    let title = "Digits never trained with, in the first two principal components";
    folder.write("embedding.svg", &plot::page(title, 2, (460, 460), &panels)?)?;
    report::draw_views(&digits.test, settings.seed).save(&folder.path("views.png"))?;
    let report = json!({
        "raw_pixels": raw_pixels,
        "random_encoder": random_encoder,
        "trained_encoder": trained_encoder,
        "loss": settings.loss,
        "seconds": seconds,
        "parameters": initial.num_params(),
        "training_views": bench.train.labels.len(),
        "test_views": labels.len(),
        "device": device_name,
        "digits": SOURCE,
        "settings": settings,
        "history": history,
    });
    folder.write_json("report.json", &report)?;
    folder.announce("report.json, embedding.svg, views.png");
    Ok(())
}

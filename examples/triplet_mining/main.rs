//! Learning distances that hold for digits of other classes, with three ways to choose triplets.
//!
//! ```text
//! cargo run --release --example triplet_mining -- --mining NAME --quick --seed N --out DIR
//! ```
//!
//! A small network is trained on cluttered views of the digits 0 to 5, so that views of one class come to lie closer
//! together than views of different classes (triplet loss: Schroff et al., "FaceNet", 2015). Each batch has some
//! classes and as many views of each (Hermans et al., "In Defense of the Triplet Loss for Person Re-Identification",
//! 2017). Which triplets of a batch the loss is made of is the mining: all three ways start from the same weights and
//! see the same batches. Afterwards the example tests the digits 6 to 9, which no training has seen: how often does
//! the nearest other digit have the same class?

mod batch;
mod evaluate;
mod network;
mod report;
mod settings;

use std::time::Instant;

use burn::{
    module::Module,
    optim::{AdamConfig, GradientsParams},
    tensor::Device,
};
use burn_losses::{Distance, MiningReduction, TripletLossConfig};
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
    batch::ClassStream,
    evaluate::{Bench, distances},
    network::Model,
    report::Trained,
    settings::{Cli, Settings, Strategy, TRAINED, UNSEEN},
};

/// Trains a model with the triplets that a strategy chooses. The batches depend on the seed alone.
fn train(
    mut model: Model,
    digits: &[Digit],
    strategy: Strategy,
    settings: &Settings,
    device: &Device,
) -> Result<(Model, History)> {
    let (views, seed) = (settings.views_per_class, settings.seed);
    let batches = ClassStream::new(digits, &TRAINED, views, seed, device);
    // On distances between directions; the mean over the triplets that are not yet as they should be.
    let loss = TripletLossConfig::new()
        .with_mining(strategy.mining())
        .with_margin(settings.margin)
        .with_distance(Distance::Euclidean)
        .with_normalize(true)
        .with_reduction(MiningReduction::MeanNonZero)
        .init();
    let mut optimizer = AdamConfig::new().init();
    let mut schedule = warmup_then_cosine(settings.learning_rate, settings.warmup, settings.steps)?;
    let measured = ["loss", "positive_distance", "negative_distance"];
    let mut log = TrainingLog::new(&choice::name(&strategy), settings.steps, measured);
    for batch in batches.take(settings.steps) {
        let embeddings = model.forward(batch.images);
        let [positive, negative] =
            distances(embeddings.clone().inner(), batch.labels.clone().inner());
        let value = loss.forward(embeddings, batch.labels);
        let gradients = GradientsParams::from_grads(value.backward(), &model);
        model = optimizer.step(schedule.step(), model, gradients);
        log.push([value.into_scalar::<f32>().into(), positive, negative])?;
    }
    Ok((model.valid(), log.finish()))
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let settings = Settings::new(cli.run.quick, cli.run.seed);
    let folder = cli.run.folder("triplet_mining")?;
    let (device, device_name) = cli.run.device()?;
    let digits = DigitSets::bundled()?;
    let bench = Bench::new(&digits, &settings, &device);
    let seen = evaluate::of(&TRAINED, &digits.train);

    let training = device.autodiff();
    training.seed(settings.seed);
    let initial = Model::new(&training);
    let embed =
        |model: &Model| bench.evaluate(|views| views.through(|images| model.forward(images)));
    let (random_encoder, before) = embed(&initial.valid());
    let mut panels = vec![report::embedding(
        "untrained",
        random_encoder,
        before,
        &bench,
    )];
    let mut trained = Vec::new();
    for strategy in choice::chosen(&cli.mining) {
        let start = Instant::now();
        // A mere clone would share the running means of its batch normalisation with the next training.
        let model = initial.valid().train();
        let (model, history) = train(model, &seen, strategy, &settings, &training)?;
        let seconds = start.elapsed().as_secs_f64();
        let (recall_at_1, after) = embed(&model);
        let mining = choice::name(&strategy);
        panels.push(report::embedding(&mining, recall_at_1, after, &bench));
        trained.push(Trained {
            mining,
            recall_at_1,
            seconds,
            history,
        });
    }
    let (raw_pixels, _) = bench.evaluate(Sample::pixels);
    println!("{}", report::table(raw_pixels, random_encoder, &trained));
    let title = "Digits of classes never trained with, in the first two principal components";
    folder.write("embedding.svg", &plot::page(title, 2, (460, 460), &panels)?)?;
    let panels = report::history(&trained);
    let title = "One network and one loss, triplets chosen differently";
    folder.write("history.svg", &plot::page(title, 2, (460, 320), &panels)?)?;
    let report = json!({
        "raw_pixels": { "recall_at_1": raw_pixels },
        "random_encoder": { "recall_at_1": random_encoder },
        "trained": trained,
        "trained_digits": TRAINED,
        "unseen_digits": UNSEEN,
        "parameters": initial.num_params(),
        "device": device_name,
        "digits": SOURCE,
        "settings": settings,
    });
    folder.write_json("report.json", &report)?;
    folder.announce("report.json, embedding.svg, history.svg");
    Ok(())
}

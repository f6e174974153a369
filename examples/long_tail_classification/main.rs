//! Long-tailed classification with burn-train, once for each of several losses.
//!
//! ```text
//! cargo run --release --example long_tail_classification
//! cargo run --release --example long_tail_classification -- --loss-config FILE --quick --out DIR
//! ```
//!
//! Of some things there are many examples and of most things few. A network trained on such data with cross entropy learns
//! to prefer what is frequent. This program trains the same small network on handwritten digits, the first class fifty times
//! as frequent as the last, with losses made against that and losses made against overconfidence, and tests on as many
//! digits of each class. Which class is how frequent is the same for every seed, so the spread over the seeds is that of
//! the digits drawn. A loss is a JSON file: see `examples/configs`.

mod data;
mod network;
mod report;
mod scores;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use burn::{
    config::Config,
    data::{dataloader::DataLoaderBuilder, dataset::InMemDataset},
    lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig,
    module::Module,
    optim::AdamConfig,
    tensor::Device,
    train::{
        ClassificationOutput, InferenceStep, Interrupter, Learner, SupervisedTraining, TrainOutput,
        TrainStep,
        logger::InMemoryMetricLogger,
        metric::{AccuracyMetric, LossMetric},
        renderer::default_renderer,
    },
};
use burn_losses::{ClassificationLoss, ClassificationLossConfig};
use clap::Parser;
use indicatif::ProgressBar;
use serde_json::json;
use support::{
    Context, Result, anyhow, bail,
    digits::{self, Digit},
    ensure,
    learner_bar::BarRenderer,
    log::bar,
    plot,
    run::RunArgs,
};

use crate::{
    data::{DigitBatch, DigitBatcher, class_counts, split},
    network::DigitNet,
    report::Summary,
    scores::{Prediction, predictions},
};

/// Network and loss together: what burn-train's `Learner` trains.
#[derive(Module, Debug)]
struct Classifier {
    network: DigitNet,
    loss: ClassificationLoss,
    /// What the network's cosines are multiplied with before the loss.
    loss_scale: f64,
    /// What they are multiplied with for the softmax of the trained network.
    softmax_scale: f64,
}

impl Classifier {
    /// Cosines times this are logits: the scale of LDAM's authors, for every loss.
    const SCALE: f64 = 30.0;

    fn new(config: &ClassificationLossConfig, device: &Device) -> Self {
        // LDAM scales what it is given itself, after it has taken the margin off.
        let (loss_scale, softmax_scale) = match config {
            ClassificationLossConfig::Ldam(config) => (1.0, config.scale),
            _ => (Self::SCALE, Self::SCALE),
        };
        Self {
            network: DigitNet::new(device),
            loss: config.init(),
            loss_scale,
            softmax_scale,
        }
    }

    fn output(&self, batch: DigitBatch) -> ClassificationOutput {
        let logits = self.network.forward(batch.images) * self.loss_scale;
        let loss = self.loss.forward(logits.clone(), batch.targets.clone());
        ClassificationOutput::new(loss, logits, batch.targets)
    }

    /// The trained network's answers. What a loss adds to logits in training, margins or the frequencies of classes, is not
    /// added here.
    fn predict(&self, batch: DigitBatch) -> Vec<Prediction> {
        let logits = self.network.forward(batch.images) * self.softmax_scale;
        predictions(logits, batch.targets)
    }
}

impl TrainStep for Classifier {
    type Input = DigitBatch;
    type Output = ClassificationOutput;

    fn step(&self, batch: DigitBatch) -> TrainOutput<ClassificationOutput> {
        let output = self.output(batch);
        TrainOutput::new(self, output.loss.backward(), output)
    }
}

impl InferenceStep for Classifier {
    type Input = DigitBatch;
    type Output = ClassificationOutput;

    fn step(&self, batch: DigitBatch) -> ClassificationOutput {
        self.output(batch)
    }
}

/// A loss as its file describes it, with the name of the file.
struct NamedLoss {
    name: String,
    config: ClassificationLossConfig,
}

impl NamedLoss {
    /// Reads a file. The library names the field that is wrong, here and where it checks the numbers.
    fn read(path: &Path) -> Result<Self> {
        let config = ClassificationLossConfig::load(path)
            .map_err(anyhow::Error::msg)
            .and_then(|config| config.try_init().map(|_| config).map_err(Into::into))
            .with_context(|| format!("cannot read the loss in {}", path.display()))?;
        let name = path.file_stem().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy().into_owned();
        Ok(Self { name, config })
    }
}

/// Digits in a step, and the learning rate of the first; a cosine takes it to 0.
const BATCH: usize = 32;
const LEARNING_RATE: f64 = 2e-3;

/// Trains a small network on long-tailed digits once for each loss, and compares accuracy and
/// calibration on balanced test digits.
#[derive(Debug, Parser)]
#[command(name = "long_tail_classification")]
struct Cli {
    #[command(flatten)]
    run: RunArgs,

    /// A loss, as a JSON file of ClassificationLossConfig; may be given several times. Without it:
    /// the five of examples/configs
    #[arg(long = "loss-config", value_name = "FILE")]
    loss_configs: Vec<PathBuf>,

    /// Show the training as burn-train does, rather than as a progress bar: in its terminal
    /// interface where that was compiled in (cargo run --features tui), as lines otherwise
    #[arg(long)]
    tui: bool,
}

impl Cli {
    fn epochs(&self) -> usize {
        if self.run.quick { 2 } else { 60 }
    }

    /// Each loss is trained once for each seed: of the split, of the initial weights, and of the
    /// order of the digits.
    fn seeds(&self) -> Vec<u64> {
        let count = if self.run.quick { 1 } else { 10 };
        let seed = |index| self.run.seed.wrapping_add(index);
        (0..count).map(seed).collect()
    }

    /// The files of the losses to compare.
    fn loss_files(&self) -> Vec<PathBuf> {
        if !self.loss_configs.is_empty() {
            return self.loss_configs.clone();
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/configs");
        let file = |name| folder.join(name).with_extension("json");
        let losses = ["cross_entropy", "label_smoothing", "softmax_focal"].map(file);
        [&losses[..], &["balanced_softmax", "ldam"].map(file)].concat()
    }
}

/// Trains once and returns what the network then says about the test digits. The split, the initial
/// weights and the order of the digits depend on the seed alone.
fn train(
    loss: &NamedLoss,
    seed: u64,
    digits: &[Digit],
    device: &Device,
    cli: &Cli,
    bar: &ProgressBar,
) -> Result<Vec<Prediction>> {
    let (train, test) = split(digits, seed);
    let steps = cli.epochs() * train.len().div_ceil(BATCH);
    let schedule = CosineAnnealingLrSchedulerConfig::new(LEARNING_RATE, steps);
    let schedule = schedule.init().map_err(anyhow::Error::msg)?;
    let autodiff = device.clone().autodiff();
    autodiff.seed(seed);
    let model = Classifier::new(&loss.config, &autodiff);
    let learner = Learner::new(model, AdamConfig::new().init(), schedule);
    let interrupter = Interrupter::new();
    let renderer = match cli.tui {
        true => default_renderer(interrupter.clone(), None),
        false => Box::new(BarRenderer(bar.clone())),
    };
    let loader = |size| DataLoaderBuilder::new(DigitBatcher).batch_size(size);
    let digits = loader(BATCH).shuffle(seed).build(InMemDataset::new(train));
    let unseen = loader(test.len()).build(InMemDataset::new(test.clone()));
    // Nothing is chosen by the test digits: the network of the last epoch is what counts. Metrics
    // stay in memory and nothing is logged, so the directory remains unused.
    let result = SupervisedTraining::new("unused", digits, unseen)
        .metrics((AccuracyMetric::new(), LossMetric::new()))
        .with_metric_logger(InMemoryMetricLogger::default())
        .with_application_logger(None)
        .with_interrupter(interrupter)
        .renderer(renderer)
        .num_epochs(cli.epochs())
        .launch(learner);
    if let Some(fault) = result.error {
        bail!("the training with {} failed: {fault}", loss.name);
    }
    ensure!(result.interrupted.is_none(), "the training was stopped");
    let predictions = result.model.predict(DigitBatch::new(&test, device));
    let finite = predictions.iter().all(|one| one.confidence.is_finite());
    ensure!(finite, "the training with {} diverged", loss.name);
    Ok(predictions)
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    // All files before any training, so that a fault in the last costs no one the time of the first.
    let losses = cli.loss_files();
    let losses = losses.iter().map(|path| NamedLoss::read(path));
    let losses = losses.collect::<Result<Vec<_>>>()?;
    let folder = cli.run.folder("long_tail_classification")?;
    let (device, device_name) = cli.run.device()?;
    let digits = digits::bundled()?;
    let seeds = cli.seeds();

    let mut summaries = Vec::new();
    for loss in losses {
        let bar = match cli.tui {
            true => ProgressBar::hidden(),
            false => bar(&loss.name, cli.epochs() * seeds.len(), "epochs"),
        };
        let start = Instant::now();
        let train = |&seed| train(&loss, seed, &digits, &device, &cli, &bar);
        let predictions = seeds.iter().map(train).collect::<Result<Vec<_>>>()?;
        bar.finish();
        let seconds = start.elapsed().as_secs_f64();
        let NamedLoss { name, config } = loss;
        summaries.push(Summary::new(name, config, &predictions, seconds));
    }

    let panels: Vec<_> = summaries.iter().map(Summary::panel).collect();
    let title = "Confidence and accuracy on the test digits of all seeds";
    let page = plot::page(title, 3, (380, 380), &panels)?;
    folder.write("reliability.svg", &page)?;
    let report = json!({
        "losses": summaries,
        "quick": cli.run.quick,
        "epochs": cli.epochs(),
        "seeds": seeds,
        "class_counts": class_counts(),
        "device": device_name,
        "digits": digits::SOURCE,
    });
    folder.write_json("report.json", &report)?;
    println!("{}", report::table(&summaries, seeds.len()));
    folder.announce("report.json, reliability.svg");
    Ok(())
}

#[test]
fn the_files_hold_the_counts_and_weights_of_the_training_digits() {
    let counts = class_counts();
    let balanced = burn_losses::class_balanced_weights(&counts, 0.99).expect("sound counts");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/configs");
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let config = NamedLoss::read(&path).expect("a sound file").config;
        let fields = serde_json::to_value(&config).expect("plain data");
        if let Some(given) = fields.get("class_counts") {
            assert_eq!(*given, json!(counts), "{}", path.display());
        }
        let weights = fields["class_weights"].as_array().into_iter().flatten();
        for (given, expected) in weights.zip(&balanced) {
            let difference = given.as_f64().expect("a number") - expected;
            assert!(difference.abs() < 1e-4, "{given} {expected}");
        }
    }
}

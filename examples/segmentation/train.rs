//! The training with burn-train's `Learner`.

use burn::{
    data::{
        dataloader::{DataLoaderBuilder, batcher::Batcher},
        dataset::InMemDataset,
    },
    lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig,
    optim::AdamConfig,
    tensor::Device,
    train::{
        ClassificationOutput, InferenceStep, Learner, SupervisedTraining,
        logger::InMemoryMetricLogger, metric::LossMetric,
    },
};
use support::{Result, anyhow::Error, bail, choice, learner_bar::BarRenderer, log};

use crate::{
    Segmenter,
    network::UNet,
    scene::{Batch, SIDE, Scene, SceneBatcher},
    settings::{LossName, Settings},
};

/// Trains a network on scenes. The initial weights and the order of the scenes depend on the seed alone; the test
/// scenes are for the progress bar.
pub fn train(
    loss: LossName,
    settings: &Settings,
    scenes: &[Scene],
    test: &[Scene],
    device: &Device,
) -> Result<Segmenter> {
    let device = device.clone().autodiff();
    device.seed(settings.seed);
    let network = UNet::new(&device);
    let model = Segmenter { network, loss };
    let steps = settings.epochs * scenes.len().div_ceil(settings.batch);
    let schedule = CosineAnnealingLrSchedulerConfig::new(settings.learning_rate, steps);
    let schedule = schedule.init().map_err(Error::msg)?;
    let learner = Learner::new(model, AdamConfig::new().init(), schedule);
    let name = choice::name(&loss);
    let bar = log::bar(&name, settings.epochs, "epochs");
    let loader = || DataLoaderBuilder::new(SceneBatcher).batch_size(settings.batch);
    let shuffled = loader().shuffle(settings.seed);
    let result = SupervisedTraining::new(
        "unused", // Metrics stay in memory and nothing is logged.
        shuffled.build(InMemDataset::new(scenes.to_vec())),
        loader().build(InMemDataset::new(test.to_vec())),
    )
    .metrics((LossMetric::new(),))
    .with_metric_logger(InMemoryMetricLogger::default())
    .with_application_logger(None)
    .renderer(Box::new(BarRenderer(bar.clone())))
    .num_epochs(settings.epochs)
    .launch(learner);
    bar.finish();
    match result.error {
        Some(fault) => bail!("the training with {name} failed: {fault}"),
        None => Ok(result.model),
    }
}

impl InferenceStep for Segmenter {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> ClassificationOutput {
        self.forward(batch)
    }
}

impl Segmenter {
    /// The most probable class of each pixel of the scenes.
    pub fn classes(&self, scenes: &[Scene], device: &Device) -> Vec<Vec<u8>> {
        let chunk = |scenes: &[Scene]| {
            let batch = SceneBatcher.batch(scenes.to_vec(), device);
            let classes = self.network.forward(batch.images).argmax(1).into_data();
            let classes: Vec<u8> = classes.iter::<u8>().collect();
            Vec::from_iter(classes.chunks(SIDE * SIDE).map(<[u8]>::to_vec))
        };
        scenes.chunks(32).flat_map(chunk).collect()
    }
}

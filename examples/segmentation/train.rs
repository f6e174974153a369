//! Network and loss together, and their training with burn-train.

use std::{sync::Arc, time::Instant};

use burn::{
    backend::ExecutionError,
    data::{
        dataloader::{DataLoader, DataLoaderBuilder, batcher::Batcher},
        dataset::InMemDataset,
    },
    lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig,
    module::Module,
    optim::AdamConfig,
    tensor::{Device, Tensor},
    train::{
        InferenceStep, ItemLazy, Learner, SupervisedTraining, TrainOutput, TrainStep,
        logger::InMemoryMetricLogger,
        metric::{Adaptor, LossInput, LossMetric},
    },
};

use crate::{
    bar_renderer::BarRenderer,
    error::{Error, Result},
    network::UNet,
    objective::{Objective, PixelLoss},
    progress_bar,
    scene::{Batch, Scene, SceneBatcher},
    settings::Settings,
};

/// What the `Learner` trains. The loss is part of it.
#[derive(Module, Debug)]
pub struct Segmenter {
    network: UNet,
    loss: PixelLoss,
}

impl TrainStep for Segmenter {
    type Input = Batch;
    type Output = Output;

    fn step(&self, batch: Batch) -> TrainOutput<Output> {
        let loss = self.loss(batch);
        TrainOutput::new(self, loss.backward(), Output { loss })
    }
}

impl InferenceStep for Segmenter {
    type Input = Batch;
    type Output = Output;

    fn step(&self, batch: Batch) -> Output {
        let loss = self.loss(batch);
        Output { loss }
    }
}

impl Segmenter {
    pub fn new(objective: Objective, device: &Device) -> Self {
        Self {
            network: UNet::new(device),
            loss: objective.loss(),
        }
    }

    fn loss(&self, batch: Batch) -> Tensor<1> {
        let logits = self.network.forward(batch.images);
        self.loss.forward(logits, batch.classes)
    }

    /// The most probable class of each pixel of the scenes.
    pub fn classes(&self, scenes: &[Scene], device: &Device) -> Vec<Vec<u8>> {
        let mut answers = Vec::with_capacity(scenes.len());
        for scenes in scenes.chunks(32) {
            let batch = SceneBatcher.batch(scenes.to_vec(), device);
            let classes = self.network.forward(batch.images).argmax(1).into_data();
            let classes: Vec<u8> = classes.iter::<i64>().map(|class| class as u8).collect();
            let pixels = classes.len() / scenes.len();
            answers.extend(classes.chunks(pixels).map(<[u8]>::to_vec));
        }
        answers
    }
}

/// The loss of a step, for the progress bar.
pub struct Output {
    loss: Tensor<1>,
}

impl ItemLazy for Output {
    fn sync(self) -> std::result::Result<Self, ExecutionError> {
        self.loss.device().flush()?;
        let loss = self.loss.without_autodiff();
        Ok(Self { loss })
    }
}

impl Adaptor<LossInput> for Output {
    fn adapt(&self) -> LossInput {
        LossInput::new(self.loss.clone())
    }
}

/// What every training shares.
pub struct Trainer<'a> {
    pub settings: &'a Settings,
    pub scenes: &'a [Scene],
    pub test: &'a [Scene],
    /// Without autodiff.
    pub device: &'a Device,
}

impl Trainer<'_> {
    /// Trains a network and returns it with the seconds that took. The initial weights and the order of the scenes depend
    /// on the seed alone.
    pub fn train(&self, objective: Objective) -> Result<(Segmenter, f64)> {
        let settings = self.settings;
        let steps = settings.epochs * self.scenes.len().div_ceil(settings.batch);
        let schedule = CosineAnnealingLrSchedulerConfig::new(settings.learning_rate, steps)
            .init()
            .map_err(|fault| Error::new(format!("the learning rates are unusable: {fault}")))?;
        let device = self.device.clone().autodiff();
        device.seed(settings.seed);
        let model = Segmenter::new(objective, &device);
        let learner = Learner::new(model, AdamConfig::new().init(), schedule);
        let bar = progress_bar::bar(objective.name(), settings.epochs, "epochs");
        let start = Instant::now();
        // Metrics stay in memory and nothing is logged, so the directory remains unused.
        let training = SupervisedTraining::new(
            "unused",
            self.loader(self.scenes, Some(settings.seed)),
            self.loader(self.test, None),
        );
        let result = training
            .metrics((LossMetric::new(),))
            .with_metric_logger(InMemoryMetricLogger::default())
            .with_application_logger(None)
            .renderer(Box::new(BarRenderer::new(bar.clone())))
            .num_epochs(settings.epochs)
            .launch(learner);
        bar.finish();
        match result.error {
            Some(fault) => Err(Error::new(format!(
                "the training with {} failed: {fault}",
                objective.name()
            ))),
            None => Ok((result.model, start.elapsed().as_secs_f64())),
        }
    }

    /// Batches of scenes; with a seed, in another order each time.
    fn loader(&self, scenes: &[Scene], seed: Option<u64>) -> Arc<dyn DataLoader<Batch>> {
        let builder = DataLoaderBuilder::new(SceneBatcher).batch_size(self.settings.batch);
        let builder = match seed {
            Some(seed) => builder.shuffle(seed),
            None => builder,
        };
        builder.build(InMemDataset::new(scenes.to_vec()))
    }
}

//! Training with burn-train: data loaders, metrics, schedule, launch.

use std::sync::Arc;

use burn::{
    data::{
        dataloader::{DataLoader, DataLoaderBuilder},
        dataset::InMemDataset,
    },
    lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig,
    optim::AdamConfig,
    tensor::Device,
    train::{
        Interrupter, Learner, SupervisedTraining,
        logger::InMemoryMetricLogger,
        metric::{AccuracyMetric, LossMetric},
        renderer::default_renderer,
    },
};
use indicatif::ProgressBar;

use crate::{
    bar_renderer::BarRenderer,
    batch::{DigitBatch, DigitBatcher},
    classifier::Classifier,
    digit_images::DigitImage,
    error::{Error, Result},
    evaluate::Prediction,
    loss_file::LossFile,
    settings::Settings,
    split::Split,
};

/// What every training shares.
pub struct Trainer<'a> {
    pub settings: &'a Settings,
    pub digits: &'a [DigitImage],
    /// Without autodiff.
    pub device: &'a Device,
    pub tui: bool,
}

impl Trainer<'_> {
    /// Trains once with a loss and returns what the network then says about the test digits. The
    /// split, the initial weights and the order of the digits depend on the seed alone.
    pub fn train(&self, file: &LossFile, seed: u64, bar: &ProgressBar) -> Result<Vec<Prediction>> {
        let settings = self.settings;
        let Split { train, test } = Split::new(self.digits, seed);
        let steps = settings.steps(train.len());
        let schedule = CosineAnnealingLrSchedulerConfig::new(settings.learning_rate, steps)
            .init()
            .map_err(|fault| {
                Error::new(format!("the learning-rate schedule is unusable: {fault}"))
            })?;

        let device = self.device.clone().autodiff();
        device.seed(seed);
        let model = Classifier::new(file, &device);
        let learner = Learner::new(model, AdamConfig::new().init(), schedule);
        let interrupter = Interrupter::new();
        let renderer = if self.tui {
            default_renderer(interrupter.clone(), None)
        } else {
            Box::new(BarRenderer::new(bar.clone()))
        };
        // Nothing is chosen by the test digits: the network of the last epoch is what counts.
        // Metrics stay in memory and nothing is logged, so the directory remains unused.
        let training = SupervisedTraining::new(
            "unused",
            self.loader(train, Some(seed)),
            self.loader(test.clone(), None),
        );
        let result = training
            .metrics((AccuracyMetric::new(), LossMetric::new()))
            .with_metric_logger(InMemoryMetricLogger::default())
            .with_application_logger(None)
            .with_interrupter(interrupter)
            .renderer(renderer)
            .num_epochs(settings.epochs)
            .label(&format!("{}, seed {seed}", file.name))
            .launch(learner);
        if let Some(fault) = result.error {
            return Err(Error::new(format!(
                "the training with {} failed: {fault}",
                file.name
            )));
        }
        if result.interrupted.is_some() {
            return Err(Error::new(format!(
                "the training with {} was stopped",
                file.name
            )));
        }
        let predictions = result.model.predict(DigitBatch::new(&test, self.device));
        match predictions.iter().all(|one| one.confidence.is_finite()) {
            true => Ok(predictions),
            false => Err(Error::new(format!(
                "the training with {} and seed {seed} diverged: its network answers with NaN",
                file.name
            ))),
        }
    }

    /// Batches of digits; with a seed, in another order each time.
    fn loader(
        &self,
        digits: Vec<DigitImage>,
        seed: Option<u64>,
    ) -> Arc<dyn DataLoader<DigitBatch>> {
        let builder = DataLoaderBuilder::new(DigitBatcher).batch_size(match seed {
            Some(_) => self.settings.batch,
            None => digits.len(),
        });
        match seed {
            Some(seed) => builder.shuffle(seed),
            None => builder,
        }
        .build(InMemDataset::new(digits))
    }
}

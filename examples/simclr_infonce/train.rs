//! The training loop.

use std::time::Instant;

use burn::{
    module::Module,
    optim::{AdamConfig, GradientsParams},
    tensor::Device,
};
use serde::Serialize;

use crate::{
    batch::PairStream, digits::Digit, error::Result, history::Point, network::Model,
    objective::Objective, pair_log::PairLog, schedule::warmup_then_cosine, settings::Settings,
    similarity::Similarity,
};

/// The means of a stretch of training.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Stretch {
    /// The last step of the stretch.
    pub step: usize,
    pub loss: f64,
    /// The cosine between the projections of the two views of a digit.
    pub positive_similarity: f64,
    /// The cosine between those of different digits.
    pub negative_similarity: f64,
}

impl From<Point<3>> for Stretch {
    fn from(Point { step, means }: Point<3>) -> Self {
        let [loss, positive_similarity, negative_similarity] = means;
        Self {
            step,
            loss,
            positive_similarity,
            negative_similarity,
        }
    }
}

/// A trained model and how it got there.
pub struct Trained {
    /// On the device without autodiff.
    pub model: Model,
    pub history: Vec<Stretch>,
    /// Wall-clock time of the training.
    pub seconds: f64,
}

pub struct Trainer<'a> {
    pub settings: &'a Settings,
    /// Their labels are not looked at.
    pub digits: &'a [Digit],
    /// With autodiff.
    pub device: Device,
}

impl Trainer<'_> {
    /// Trains a copy of `initial`; the views depend on the seed alone.
    pub fn train(&self, initial: &Model) -> Result<Trained> {
        let settings = self.settings;
        let start = Instant::now();
        let mut model = initial.clone();
        let mut batches = PairStream::new(self.digits, settings.batch, settings.seed, &self.device);
        let mut objective = Objective::new(settings.loss, &model, &mut batches, &self.device);
        let mut optimizer = AdamConfig::new().init();
        let mut schedule =
            warmup_then_cosine(settings.learning_rate, settings.warmup, settings.steps)?;
        let mut log = PairLog::new(settings.loss.name(), settings.steps);
        for (step, images) in (1..=settings.steps).zip(batches) {
            let projections = model.forward(images.clone());
            let loss = objective.forward(images, projections.clone());
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            model = optimizer.step(schedule.step(), model, gradients);
            objective.follow(&model);
            let found = Similarity::new(projections.inner());
            log.push(step, loss, found.positive, found.negative)?;
        }
        Ok(Trained {
            model: model.valid(),
            history: log.finish().into_iter().map(Stretch::from).collect(),
            seconds: start.elapsed().as_secs_f64(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::DeviceName, digits::DigitSets, objective::LossKind};

    #[test]
    fn a_seed_fixes_the_training() {
        let digits = DigitSets::bundled()
            .expect("the bundled file is sound")
            .train;
        let device = DeviceName::choose(None).expect("a device").open();
        let settings = Settings {
            steps: 3,
            batch: 8,
            ..Settings::quick(LossKind::Ntxent, 5)
        };
        let trainer = Trainer {
            settings: &settings,
            digits: &digits,
            device: device.autodiff(),
        };
        let initial = Model::new(&trainer.device);
        let run = || {
            let trained = trainer.train(&initial);
            trained.expect("it is too short to diverge")
        };
        let (one, other) = (run(), run());
        assert_eq!(one.history.len(), 3);
        for (one, other) in one.history.iter().zip(&other.history) {
            assert!((one.loss - other.loss).abs() < 1e-5, "{one:?} {other:?}");
        }
    }
}

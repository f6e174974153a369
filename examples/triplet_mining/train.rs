//! The training loop.

use std::time::Instant;

use burn::{
    module::Module,
    optim::{AdamConfig, GradientsParams},
    tensor::Device,
};
use serde::Serialize;

use crate::{
    batch::ClassStream, classes::TRAINED, digits::Digit, distances::Distances, error::Result,
    history::Point, mining::Strategy, network::Model, pair_log::PairLog,
    schedule::warmup_then_cosine, settings::Settings,
};

/// The means of a stretch of training.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Stretch {
    /// The last step of the stretch.
    pub step: usize,
    pub loss: f64,
    /// The distance between views of one class.
    pub positive_distance: f64,
    /// The distance between views of different classes.
    pub negative_distance: f64,
}

impl From<Point<3>> for Stretch {
    fn from(Point { step, means }: Point<3>) -> Self {
        let [loss, positive_distance, negative_distance] = means;
        Self {
            step,
            loss,
            positive_distance,
            negative_distance,
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
    /// Of the trained classes alone.
    pub digits: &'a [Digit],
    /// With autodiff.
    pub device: Device,
}

impl Trainer<'_> {
    /// Trains a copy of `initial`; the views depend on the seed alone.
    pub fn train(&self, initial: &Model, mining: Strategy) -> Result<Trained> {
        let settings = self.settings;
        let start = Instant::now();
        let mut model = initial.copy();
        let batches = ClassStream::new(
            self.digits,
            &TRAINED,
            settings.views_per_class,
            settings.seed,
            &self.device,
        );
        let loss = mining.loss(settings.margin);
        let mut optimizer = AdamConfig::new().init();
        let mut schedule =
            warmup_then_cosine(settings.learning_rate, settings.warmup, settings.steps)?;
        let mut log = PairLog::new(mining.name(), settings.steps);
        for (step, batch) in (1..=settings.steps).zip(batches) {
            let embeddings = model.forward(batch.images);
            let found = Distances::new(embeddings.clone().inner(), batch.labels.clone().inner());
            let value = loss.forward(embeddings, batch.labels);
            let gradients = GradientsParams::from_grads(value.backward(), &model);
            model = optimizer.step(schedule.step(), model, gradients);
            log.push(step, value, found.positive, found.negative)?;
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
    use crate::{classes, device::DeviceName, digits::DigitSets};

    #[test]
    fn a_seed_fixes_the_training_and_strategies_start_alike() {
        let digits = DigitSets::bundled().expect("the bundled file is sound");
        let digits = classes::of(&TRAINED, &digits.train);
        let device = DeviceName::choose(None).expect("a device").open();
        let settings = Settings {
            steps: 3,
            views_per_class: 2,
            ..Settings::quick(5)
        };
        let trainer = Trainer {
            settings: &settings,
            digits: &digits,
            device: device.autodiff(),
        };
        let initial = Model::new(&trainer.device);
        let run = |mining| {
            let trained = trainer.train(&initial, mining);
            trained.expect("it is too short to diverge").history
        };
        let (one, again) = (run(Strategy::BatchHard), run(Strategy::BatchHard));
        assert_eq!(one.len(), 3);
        for (one, again) in one.iter().zip(&again) {
            assert!((one.loss - again.loss).abs() < 1e-5, "{one:?} {again:?}");
        }
        let (first, other) = (one[0], run(Strategy::BatchAll)[0]);
        assert!((first.positive_distance - other.positive_distance).abs() < 1e-5);
    }
}

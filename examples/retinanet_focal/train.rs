//! The training loop.

use std::time::Instant;

use burn::{
    module::Module,
    optim::{AdamConfig, GradientsParams},
    tensor::Device,
};
use indicatif::ProgressBar;
use serde::Serialize;

use crate::{
    boxes::BoundingBox,
    digits::Digit,
    error::{Error, Result},
    evaluate::TestBench,
    history::{History, Point},
    loss::{BoxLossKind, DetectionLoss, LossKind},
    network::RetinaNet,
    progress_bar,
    scene::{Scene, SceneGenerator},
    schedule::warmup_then_cosine,
    settings::Settings,
    targets::{Targets, images},
};

/// The mean losses of a stretch of training.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct LossPoint {
    /// The last step of the stretch.
    pub step: usize,
    pub class: f64,
    pub offset: f64,
}

impl From<Point<2>> for LossPoint {
    fn from(Point { step, means }: Point<2>) -> Self {
        let [class, offset] = means;
        Self {
            step,
            class,
            offset,
        }
    }
}

/// AP@0.5 on a part of the test scenes, in the midst of training.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Checkpoint {
    pub step: usize,
    pub ap50: f64,
}

/// A trained detector and how it got there.
pub struct Trained {
    /// On the device without autodiff.
    pub model: RetinaNet,
    pub losses: Vec<LossPoint>,
    pub checkpoints: Vec<Checkpoint>,
    /// Wall-clock time of the optimisation steps alone.
    pub seconds: f64,
}

/// What both trainings share.
pub struct Trainer<'a> {
    pub settings: &'a Settings,
    pub digits: &'a [Digit],
    pub anchors: &'a [BoundingBox],
    /// The scenes of the checkpoints.
    pub bench: TestBench<'a>,
    /// With autodiff.
    pub device: Device,
}

impl Trainer<'_> {
    /// Trains a copy of `initial`; the training scenes depend on the seed alone.
    pub fn train(
        &self,
        initial: &RetinaNet,
        kind: LossKind,
        boxes: BoxLossKind,
    ) -> Result<Trained> {
        let settings = self.settings;
        let loss = DetectionLoss::new(kind, boxes);
        let mut scenes = SceneGenerator::new(self.digits, settings.seed);
        let mut model = initial.clone();
        let mut optimizer = AdamConfig::new().init();
        let mut schedule =
            warmup_then_cosine(settings.learning_rate, settings.warmup, settings.steps)?;
        let progress = Progress::new(kind, settings.steps);
        let mut history = History::new(settings.steps);
        let mut checkpoints = Vec::new();
        let mut seconds = 0.0;
        for step in 1..=settings.steps {
            let start = Instant::now();
            let batch: Vec<Scene> = scenes.by_ref().take(settings.batch).collect();
            let targets = Targets::new(&batch, self.anchors, &self.device);
            let predictions = model.forward(images(&batch, &self.device));
            let (class, offset) = loss.forward(predictions, targets);
            let gradients = (class.clone() + offset.clone()).backward();
            let gradients = GradientsParams::from_grads(gradients, &model);
            model = optimizer.step(schedule.step(), model, gradients);
            let (class, offset) = (class.into_scalar::<f32>(), offset.into_scalar::<f32>());
            if !(class + offset).is_finite() {
                return Err(Error::new(format!(
                    "training with {} diverged at step {step}: class loss {class}, box loss \
                     {offset}",
                    kind.name(),
                )));
            }
            history.push(step, [class, offset].map(f64::from));
            seconds += start.elapsed().as_secs_f64();
            progress.advance(&history);
            if is_checkpoint(step, settings) {
                let ap50 = self
                    .bench
                    .average_precision(&self.bench.detections(&model.valid()));
                checkpoints.push(Checkpoint { step, ap50 });
            }
        }
        progress.finish();
        Ok(Trained {
            model: model.valid(),
            losses: history.points.into_iter().map(LossPoint::from).collect(),
            checkpoints,
            seconds,
        })
    }
}

/// Checkpoints are evenly spaced, and the last is the last step.
fn is_checkpoint(step: usize, settings: &Settings) -> bool {
    let passed = |step: usize| step * settings.checkpoints / settings.steps;
    passed(step) > passed(step - 1)
}

/// The progress bar, with the running losses beside it.
struct Progress(ProgressBar);

impl Progress {
    fn new(kind: LossKind, steps: usize) -> Self {
        Self(progress_bar::bar(kind.name(), steps, "steps"))
    }

    fn advance(&self, history: &History<2>) {
        if let Some([class, offset]) = history.running {
            self.0
                .set_message(format!("class {class:.3}  box {offset:.3}"));
        }
        self.0.inc(1);
    }

    fn finish(&self) {
        self.0.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_are_evenly_spaced_and_end_with_the_training() {
        let settings = Settings {
            steps: 10,
            checkpoints: 3,
            ..Settings::quick(1)
        };
        let at: Vec<usize> = (1..=10)
            .filter(|&step| is_checkpoint(step, &settings))
            .collect();
        assert_eq!(at, [4, 7, 10]);
    }
}

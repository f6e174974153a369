//! The training loop.

use std::time::Instant;

use burn::{
    lr_scheduler::{
        LrSchedulerConfig, cosine::CosineAnnealingLrSchedulerConfig,
        linear::LinearLrSchedulerConfig, module_lr_scheduler::ModuleLrScheduler,
        sequential::SequentialLrSchedulerConfig,
    },
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
    loss::{DetectionLoss, LossKind},
    network::RetinaNet,
    progress_bar,
    scene::{Scene, SceneGenerator},
    settings::Settings,
    targets::{Targets, images},
};

/// How much of the running loss each step renews.
const RUNNING: f64 = 0.05;

/// Points of a loss curve, each the mean over the steps since the last.
const CURVE_POINTS: usize = 100;

/// The learning rate starts and ends at this share of its peak.
const FLOOR: f64 = 0.01;

/// The mean losses of a stretch of training.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct LossPoint {
    /// The last step of the stretch.
    pub step: usize,
    pub class: f64,
    pub offset: f64,
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
    pub fn train(&self, initial: &RetinaNet, kind: LossKind) -> Result<Trained> {
        let settings = self.settings;
        let loss = DetectionLoss::new(kind);
        let mut scenes = SceneGenerator::new(self.digits, settings.seed);
        let mut model = initial.clone();
        let mut optimizer = AdamConfig::new().init();
        let mut schedule = schedule(settings)?;
        let progress = Progress::new(kind, settings.steps);
        let mut curve = Curve::new(settings.steps);
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
            curve.push(step, class.into(), offset.into());
            seconds += start.elapsed().as_secs_f64();
            progress.advance(&curve);
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
            losses: curve.points,
            checkpoints,
            seconds,
        })
    }
}

/// A linear warm-up, then a cosine decay.
fn schedule(settings: &Settings) -> Result<ModuleLrScheduler> {
    let (peak, warmup) = (settings.learning_rate, settings.warmup);
    let floor = peak * FLOOR;
    let decay = CosineAnnealingLrSchedulerConfig::new(peak, settings.steps - warmup);
    SequentialLrSchedulerConfig::new(
        vec![
            LrSchedulerConfig::Linear(LinearLrSchedulerConfig::new(floor, peak, warmup)),
            LrSchedulerConfig::Cosine(decay.with_min_lr(floor)),
        ],
        vec![warmup],
    )
    .init()
    .map_err(|fault| Error::new(format!("the learning-rate schedule is unusable: {fault}")))
}

/// Checkpoints are evenly spaced, and the last is the last step.
fn is_checkpoint(step: usize, settings: &Settings) -> bool {
    let passed = |step: usize| step * settings.checkpoints / settings.steps;
    passed(step) > passed(step - 1)
}

/// The losses so far: points for the picture, running means for the progress bar.
struct Curve {
    points: Vec<LossPoint>,
    stretch: usize,
    steps: usize,
    sums: [f64; 2],
    summed: usize,
    running: Option<[f64; 2]>,
}

impl Curve {
    fn new(steps: usize) -> Self {
        let stretch = steps.div_ceil(CURVE_POINTS);
        Self {
            points: Vec::new(),
            stretch,
            steps,
            sums: [0.0; 2],
            summed: 0,
            running: None,
        }
    }

    fn push(&mut self, step: usize, class: f64, offset: f64) {
        let losses = [class, offset];
        let running = self.running.get_or_insert(losses);
        for ((sum, running), loss) in self.sums.iter_mut().zip(running).zip(losses) {
            *sum += loss;
            *running += RUNNING * (loss - *running);
        }
        self.summed += 1;
        if self.summed == self.stretch || step == self.steps {
            let [class, offset] = self.sums.map(|sum| sum / self.summed as f64);
            self.points.push(LossPoint {
                step,
                class,
                offset,
            });
            (self.sums, self.summed) = ([0.0; 2], 0);
        }
    }
}

/// The progress bar, with the running losses beside it.
struct Progress(ProgressBar);

impl Progress {
    fn new(kind: LossKind, steps: usize) -> Self {
        Self(progress_bar::bar(kind.name(), steps, "steps"))
    }

    fn advance(&self, curve: &Curve) {
        if let Some([class, offset]) = curve.running {
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

    #[test]
    fn the_learning_rate_rises_then_falls() {
        let settings = Settings {
            steps: 100,
            warmup: 10,
            ..Settings::quick(1)
        };
        let mut schedule = schedule(&settings).expect("the schedule is sound");
        let rates: Vec<f64> = (0..100).map(|_| schedule.step().base()).collect();
        assert!(rates[..10].is_sorted());
        assert!(rates[10..].is_sorted_by(|one, next| one >= next));
        assert!((rates[10] - settings.learning_rate).abs() < 1e-9);
        assert!(rates[99] < settings.learning_rate * 0.02);
    }

    #[test]
    fn a_curve_averages_stretches_and_keeps_the_rest() {
        let mut curve = Curve::new(250);
        for step in 1..=250 {
            curve.push(step, step as f64, 1.0);
        }
        assert_eq!(curve.points.len(), 84);
        assert_eq!((curve.points[0].step, curve.points[0].class), (3, 2.0));
        assert_eq!(
            (curve.points[83].step, curve.points[83].class),
            (250, 250.0)
        );
        assert!(curve.points.iter().all(|point| point.offset == 1.0));
    }
}

//! A RetinaNet-style digit detector, trained with focal loss and, for comparison, with plain BCE.
//!
//! ```text
//! cargo run --release --example retinanet_focal
//! cargo run --release --example retinanet_focal -- --box-loss giou --quick --out DIR --device NAME --seed N
//! ```
//!
//! A detector classifies thousands of anchors, of which a handful cover an object. Focal loss keeps the many that are
//! background, and obviously so, from drowning the few that matter. This program trains the same network from the same
//! initial weights on the same scenes with each loss and prints what that changes.

mod anchors;
mod boxes;
mod detect;
mod network;
mod picture;
mod scene;
mod targets;

use std::time::Instant;

use burn::{
    module::Module,
    optim::{AdamConfig, GradientsParams},
    tensor::Tensor,
};
use burn_losses::{
    BinaryCrossEntropyLossConfig, BoxFormat, ElementwiseLoss, IouKind, IouLoss, IouLossConfig,
    SigmoidFocalLossConfig, SmoothL1Loss, SmoothL1LossConfig,
};
use clap::Parser;
use serde::Serialize;
use serde_json::json;
use support::{
    Result,
    digits::{DigitSets, SOURCE},
    log::{History, TrainingLog},
    run::RunArgs,
    schedule::warmup_then_cosine,
    table::{percent, table},
};

use crate::{
    boxes::decode,
    detect::{Detection, EASY_PROBABILITY, TestBench},
    network::{Predictions, RetinaNet},
    scene::{SIDE, Scene, images, scenes},
    targets::Targets,
};

/// Scenes in a step, and the learning rate after the warm-up and before the cosine decay.
const BATCH: usize = 8;
const LEARNING_RATE: f64 = 2e-3;

/// Added to the seed for the test scenes, which are made of other digits besides.
const TEST_STREAM: u64 = 0x7e57;

/// What the detector is trained with: a loss of the classes of anchors, and one of the boxes.
struct DetectionLoss {
    name: &'static str,
    class: ElementwiseLoss,
    boxes: BoxLoss,
}

enum BoxLoss {
    /// Of offsets from the anchors.
    Offsets(SmoothL1Loss),
    /// Of the overlap of boxes.
    Overlap(IouLoss),
}

impl DetectionLoss {
    /// The loss of the classes and that of the boxes, both divided by the number of foreground anchors. An ignored anchor
    /// has weight 0 and contributes nothing.
    fn forward(&self, predictions: Predictions, targets: Targets) -> [Tensor<1>; 2] {
        let foreground = targets.foreground;
        let class = self
            .class
            .on(predictions.logits, targets.classes)
            .weights(targets.class_weights)
            .divided_by(foreground);
        let boxes = match &self.boxes {
            BoxLoss::Offsets(loss) => loss
                .on(predictions.offsets, targets.offsets)
                .weights(targets.offset_weights)
                .divided_by(foreground),
            BoxLoss::Overlap(loss) => {
                let boxes = |offsets| decode(offsets, targets.sides.clone());
                // A weight for each box, not for each of its four numbers.
                let weights: Tensor<2> = targets.offset_weights.narrow(2, 0, 1).squeeze_dim(2);
                loss.on(boxes(predictions.offsets), boxes(targets.offsets))
                    .weights(weights)
                    .divided_by(foreground)
            }
        };
        [class, boxes]
    }
}

/// What one training came to.
#[derive(Serialize)]
struct Run {
    loss: &'static str,
    /// AP@0.5 on the test scenes, averaged over the classes.
    ap50: f64,
    /// Share of the loss of classes that easy background carries on the test scenes, with the
    /// initial and with the trained weights.
    easy_before: f64,
    easy_after: f64,
    seconds: f64,
    history: History,
    /// Those in each test scene.
    #[serde(skip)]
    detections: Vec<Vec<Detection>>,
}

/// Trains a copy of the initial network and tests it; the training scenes depend on the seed alone.
fn train(
    loss: &DetectionLoss,
    settings: &Settings,
    digits: &DigitSets,
    initial: &RetinaNet,
    bench: &TestBench,
) -> Result<Run> {
    let device = bench.device.clone().autodiff();
    let mut model = initial.clone();
    let mut optimizer = AdamConfig::new().init();
    let mut schedule = warmup_then_cosine(LEARNING_RATE, settings.warmup, settings.steps)?;
    let mut scenes = scenes(&digits.train, settings.seed);
    let mut log = TrainingLog::new(loss.name, settings.steps, ["class", "box"]);
    let start = Instant::now();
    for _ in 0..settings.steps {
        let batch: Vec<Scene> = scenes.by_ref().take(BATCH).collect();
        let targets = Targets::new(&batch, bench.anchors, &device);
        let predictions = model.forward(images(&batch, &device));
        let [class, boxes] = loss.forward(predictions, targets);
        let gradients = (class.clone() + boxes.clone()).backward();
        let gradients = GradientsParams::from_grads(gradients, &model);
        model = optimizer.step(schedule.step(), model, gradients);
        log.push([class, boxes].map(|loss| loss.into_scalar::<f32>().into()))?;
    }
    let seconds = start.elapsed().as_secs_f64();
    let (initial, model) = (initial.valid(), model.valid());
    let detections = bench.detections(&model);
    Ok(Run {
        loss: loss.name,
        ap50: bench.average_precision(&detections),
        easy_before: bench.easy_background_share(&initial, &loss.class),
        easy_after: bench.easy_background_share(&model, &loss.class),
        seconds,
        history: log.finish(),
        detections,
    })
}

/// Trains a small RetinaNet on cluttered digit scenes twice, with focal loss and with plain BCE,
/// and compares the two detectors.
#[derive(Debug, Parser)]
#[command(name = "retinanet_focal")]
struct Cli {
    #[command(flatten)]
    run: RunArgs,

    /// Train once more, with focal loss and another loss of the boxes, and add its row
    #[arg(long, value_parser = ["smooth_l1", "giou", "ciou"], default_value = "smooth_l1")]
    box_loss: String,
}

/// The schedule, the same for all losses.
#[derive(Debug, Serialize)]
struct Settings {
    /// Optimisation steps of each training, and those in which the learning rate rises.
    steps: usize,
    warmup: usize,
    /// Scenes on which the trained detectors are compared.
    test_scenes: usize,
    /// Seed of the initial weights, the training scenes and the test scenes.
    seed: u64,
}

impl Cli {
    fn settings(&self) -> Settings {
        let quick = self.run.quick;
        let (steps, warmup, test_scenes) = if quick { (60, 10, 40) } else { (800, 100, 300) };
        Settings {
            steps,
            warmup,
            test_scenes,
            seed: self.run.seed,
        }
    }
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let settings = cli.settings();
    let folder = cli.run.folder("retinanet_focal")?;
    let (device, device_name) = cli.run.device()?;

    let smooth_l1 = || BoxLoss::Offsets(SmoothL1LossConfig::new().with_beta(1.0 / 9.0).init());
    let overlap = |kind| {
        let config = IouLossConfig::new().with_kind(kind);
        BoxLoss::Overlap(config.with_format(BoxFormat::Cxcywh).init())
    };
    let focal = |name, boxes| DetectionLoss {
        name,
        class: SigmoidFocalLossConfig::new().init().into(),
        boxes,
    };
    let bce = DetectionLoss {
        name: "plain BCE",
        class: BinaryCrossEntropyLossConfig::new().init().into(),
        boxes: smooth_l1(),
    };
    let mut losses = vec![focal("focal loss", smooth_l1()), bce];
    losses.extend(match cli.box_loss.as_str() {
        "giou" => Some(focal("focal loss, GIoU", overlap(IouKind::Giou))),
        "ciou" => Some(focal("focal loss, CIoU", overlap(IouKind::Ciou))),
        _ => None,
    });

    let digits = DigitSets::bundled()?;
    let anchors = anchors::grid(SIDE);
    let test_scenes = scenes(&digits.test, settings.seed.wrapping_add(TEST_STREAM));
    let test: Vec<Scene> = test_scenes.take(settings.test_scenes).collect();
    let bench = TestBench {
        scenes: &test,
        anchors: &anchors,
        device: &device,
    };
    let training_device = device.clone().autodiff();
    training_device.seed(settings.seed);
    let initial = RetinaNet::new(&training_device);
    let train = |loss| train(loss, &settings, &digits, &initial, &bench);
    let runs = losses.iter().map(train).collect::<Result<Vec<Run>>>()?;

    folder.write("curves.svg", &picture::curves(&runs)?)?;
    picture::detections(&test, &runs).save(&folder.path("detections.png"))?;
    let targets = Targets::new(&test, &anchors, &device);
    let background_per_foreground = targets.background as f64 / targets.foreground as f64;
    let report = json!({
        "runs": runs,
        "background_per_foreground": background_per_foreground,
        "anchors": anchors.len(),
        "parameters": initial.num_params(),
        "device": device_name,
        "digits": SOURCE,
        "settings": settings,
    });
    folder.write_json("report.json", &report)?;

    let row = |run: &Run| {
        let shares = [run.easy_before, run.easy_after].map(percent);
        let numbers = [format!("{:.3}", run.ap50), format!("{:.0}", run.seconds)];
        [vec![run.loss.to_string()], numbers.into(), shares.into()].concat()
    };
    let header = ["loss", "AP@0.5", "seconds", "easy before", "easy after"];
    println!(
        "{} test scenes, {} anchors each, foreground : background = 1 : \
         {background_per_foreground:.0}\n{}\neasy: the percentage of the loss of \
         classes before and after training that background anchors have\nwhere the probability of \
         every class is below {EASY_PROBABILITY}",
        test.len(),
        anchors.len(),
        table(&header, runs.iter().map(row)),
    );
    folder.announce("report.json, curves.svg, detections.png");
    Ok(())
}

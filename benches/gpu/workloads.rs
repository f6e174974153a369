//! The workloads there are, the most telling first. `benches/peers/gpu.py` has the same.

use crate::{
    device::Bench,
    splitmix::{draws, stream},
    workload::{Leaf, Least, Workload, classes, constant, integers, spread},
};
use burn::tensor::{FloatDType, Int, Tensor};
use burn_losses::{
    ClipLossConfig, CombinedLossConfig, CrossEntropyLossConfig, LinearCrossEntropyLossConfig,
    Mining, MiningReduction, MseLossConfig, NtXentLossConfig, OutputLayer, Reduction,
    SigmoidFocalLossConfig, SsimLossConfig, TripletLossConfig,
};

/// Builds a workload; `None` where the device has not its data type.
pub type Build = fn(&Bench) -> Option<Workload>;

pub const WORKLOADS: [(&str, Build); 15] = [
    ("focal", |bench| Some(focal(bench))),
    ("mse", |bench| Some(mse(bench))),
    ("ce_ls", |bench| {
        let shape = bench.pick([4096, 1000], [512, 1000], [41, 100]);
        Some(smoothed(bench, shape, FloatDType::F32))
    }),
    ("ce_big", |bench| {
        Some(smoothed(bench, vocabulary(bench), FloatDType::F32))
    }),
    ("ce_big_bf16", |bench| {
        let shape = vocabulary(bench);
        let has = bench.has_bf16();
        has.then(|| smoothed(bench, shape, FloatDType::BF16))
    }),
    ("dense", |bench| Some(dense(bench))),
    ("dice_ce", |bench| Some(dice_ce(bench))),
    ("ssim", |bench| Some(ssim(bench))),
    ("ntxent_32768", |bench| {
        Some(ntxent(bench, bench.pick(32_768, 1024, 150)))
    }),
    ("linear_ce", |bench| Some(linear_ce(bench, FloatDType::F32))),
    ("linear_ce_bf16", |bench| {
        let has = bench.has_bf16();
        has.then(|| linear_ce(bench, FloatDType::BF16))
    }),
    ("ntxent", |bench| {
        Some(ntxent(bench, bench.pick(4096, 512, 150)))
    }),
    ("clip", |bench| Some(clip(bench))),
    ("batch_hard", |bench| {
        let count = bench.pick(8192, 512, 130);
        Some(triplets(bench, Mining::BatchHard, count))
    }),
    ("batch_all", |bench| {
        let count = bench.pick(1024, 192, 128);
        Some(triplets(bench, Mining::BatchAll, count))
    }),
];

/// Bytes of an `f32`.
const F32: f64 = 4.0;

/// The dimension of the embeddings.
const WIDTH: usize = 128;

const TEMPERATURE: f64 = 0.5;

const MARGIN: f64 = 0.2;

/// How many labels there are in a batch, one after the other.
const LABELS: i32 = 64;

fn named(shape: &[usize]) -> String {
    let sides: Vec<String> = shape.iter().map(usize::to_string).collect();
    sides.join(" x ")
}

/// Sigmoid focal loss over anchors and classes, one target in a hundred positive, divided by the number of positives.
fn focal(bench: &Bench) -> Workload {
    let shape = [bench.pick(120_000, 12_000, 120), 80];
    let count = shape[0] * shape[1];
    let targets = stream(2, count, |u| if u < 0.01 { 1.0 } else { 0.0 });
    let positives: f32 = targets.iter().sum();
    let loss = SigmoidFocalLossConfig::new()
        .with_reduction(Reduction::Sum)
        .init();
    let target = constant(bench, targets, shape);
    Workload::new(
        named(&shape),
        element(count),
        [Leaf::computed(spread(bench, 1, shape, 4.0))],
        move |[x]| loss.on(x, target.clone()).divided_by(positives),
    )
}

fn mse(bench: &Bench) -> Workload {
    let shape = [bench.pick(4000, 400, 4), 1000];
    let target = spread(bench, 2, shape, 4.0);
    let loss = MseLossConfig::new().init();
    Workload::new(
        named(&shape),
        element(shape[0] * shape[1]),
        [Leaf::computed(spread(bench, 1, shape, 4.0))],
        move |[x]| loss.forward(x, target.clone()),
    )
}

/// Prediction and target are read, the gradient is written.
fn element(count: usize) -> Least {
    Least {
        bytes: 3.0 * F32 * count as f64,
        operations: 0.0,
    }
}

/// Tokens and a vocabulary.
fn vocabulary(bench: &Bench) -> [usize; 2] {
    bench.pick([4096, 128_256], [16, 128_256], [5, 3000])
}

/// Cross entropy of class indices with label smoothing.
fn smoothed(bench: &Bench, shape: [usize; 2], dtype: FloatDType) -> Workload {
    let loss = CrossEntropyLossConfig::new()
        .with_label_smoothing(0.1)
        .init();
    let targets = classes(bench, 2, shape[0], shape[1]);
    let logits = in_type(spread(bench, 1, shape, 4.0), dtype);
    let least = rows(shape[0] * shape[1], dtype);
    Workload::new(
        named(&shape),
        least,
        [Leaf::computed(logits)],
        move |[logits]| loss.forward(logits, targets.clone()),
    )
}

/// Logits are read, their gradient is written; class indices are few beside them.
fn rows(count: usize, dtype: FloatDType) -> Least {
    Least {
        bytes: 2.0 * bytes_of(dtype) * count as f64,
        operations: 0.0,
    }
}

fn bytes_of(dtype: FloatDType) -> f64 {
    match dtype {
        FloatDType::F32 => F32,
        _ => 2.0,
    }
}

fn in_type(tensor: Tensor<2>, dtype: FloatDType) -> Tensor<2> {
    match dtype {
        FloatDType::F32 => tensor,
        _ => tensor.cast(dtype),
    }
}

/// Segmentation: cross entropy.
fn dense(bench: &Bench) -> Workload {
    let loss = CrossEntropyLossConfig::new()
        .with_ignore_index(Some(IGNORED.into()))
        .init();
    masks(bench, move |logits, targets| loss.forward(logits, targets))
}

/// Segmentation: Dice plus cross entropy.
fn dice_ce(bench: &Bench) -> Workload {
    let loss = CombinedLossConfig::new()
        .with_ignore_index(Some(IGNORED.into()))
        .init();
    masks(bench, move |logits, targets| loss.forward(logits, targets))
}

/// The class of pixels that do not count.
const IGNORED: i32 = 255;

/// A class for each pixel, one pixel in twenty ignored.
fn masks(
    bench: &Bench,
    loss: impl Fn(Tensor<4>, Tensor<3, Int>) -> Tensor<1> + Clone + 'static,
) -> Workload {
    let [images, count] = [bench.pick(8, 2, 1), 21];
    let side = bench.pick(512, 64, 9);
    let shape = [images, count, side, side];
    let class = |draw: u64| match draw < (1 << 24) / 20 {
        true => IGNORED,
        false => (draw % count as u64) as i32,
    };
    let targets: Vec<i32> = draws(2, images * side * side).map(class).collect();
    let targets = integers(bench, targets).reshape([images, side, side]);
    let flat = [images * count, side * side];
    Workload::new(
        named(&shape),
        rows(flat[0] * flat[1], FloatDType::F32),
        [Leaf::computed(spread(bench, 1, flat, 4.0))],
        move |[logits]| loss(logits.reshape(shape), targets.clone()),
    )
}

/// `1 - SSIM` of images with a Gaussian window of 11 x 11.
fn ssim(bench: &Bench) -> Workload {
    let images = bench.pick(8, 2, 1);
    let side = bench.pick(512, 96, 19);
    let shape = [images, 3, side, side];
    let flat = [images * 3, side * side];
    let target = spread(bench, 2, flat, 0.5);
    let loss = SsimLossConfig::new(1.0).init();
    Workload::new(
        named(&shape),
        element(flat[0] * flat[1]),
        [Leaf::computed(spread(bench, 1, flat, 0.5))],
        move |[prediction]| loss.forward(prediction.reshape(shape), target.clone().reshape(shape)),
    )
}

/// A language model's last layer and its loss. Hidden states and weights are uniform, scaled so that the variance of
/// the logits is about 1.
fn linear_ce(bench: &Bench, dtype: FloatDType) -> Workload {
    let [tokens, width, vocabulary] =
        bench.pick([8192, 2048, 128_256], [128, 128, 4000], [33, 64, 300]);
    let half_width = 3.0 / (width as f32).sqrt();
    let hidden = in_type(spread(bench, 1, [tokens, width], 1.0), dtype);
    let weight = in_type(spread(bench, 3, [vocabulary, width], half_width), dtype);
    let targets = classes(bench, 2, tokens, vocabulary);
    let loss = LinearCrossEntropyLossConfig::new().init();
    let [n, h, v] = [tokens, width, vocabulary].map(|side| side as f64);
    let least = Least {
        // Both are read and both gradients written.
        bytes: 2.0 * bytes_of(dtype) * (n * h + v * h),
        // The logits, and their gradient times the weight and times the hidden states.
        operations: 3.0 * 2.0 * n * h * v,
    };
    Workload::new(
        named(&[tokens, width, vocabulary]),
        least,
        [Leaf::computed(hidden), Leaf::parameter(weight)],
        move |[hidden, weight]| {
            loss.forward(hidden, OutputLayer::with_rows(weight), targets.clone())
        },
    )
}

fn embeddings(bench: &Bench, seed: u64, count: usize) -> Leaf {
    Leaf::computed(spread(bench, seed, [count, WIDTH], 1.0))
}

/// The similarities of `rows` with `columns` points, and their gradient times either.
fn pairs(rows: usize, columns: usize) -> Least {
    let [rows, columns, width] = [rows, columns, WIDTH].map(|side| side as f64);
    Least {
        bytes: 2.0 * F32 * (rows + columns) * width,
        operations: 3.0 * 2.0 * rows * columns * width,
    }
}

/// NT-Xent of so many views, two of each image.
fn ntxent(bench: &Bench, views: usize) -> Workload {
    let loss = NtXentLossConfig::new()
        .with_temperature(TEMPERATURE)
        .init(&bench.tracked());
    Workload::new(
        named(&[views, WIDTH]),
        pairs(views, views),
        [1, 2].map(|seed| embeddings(bench, seed, views / 2)),
        move |[first, second]| loss.forward(first, second),
    )
}

/// CLIP's loss in both directions, at a fixed temperature.
fn clip(bench: &Bench) -> Workload {
    let count = bench.pick(4096, 512, 150);
    let loss = ClipLossConfig::new()
        .with_temperature(TEMPERATURE)
        .with_learnable_temperature(false)
        .init(&bench.tracked());
    Workload::new(
        format!("2 x {}", named(&[count, WIDTH])),
        pairs(count, count),
        [1, 2].map(|seed| embeddings(bench, seed, count)),
        move |[images, texts]| loss.forward(images, texts),
    )
}

/// The mean cost of triplets of embeddings with labels, at Euclidean distances.
fn triplets(bench: &Bench, mining: Mining, count: usize) -> Workload {
    let labels: Vec<i32> = (0..count as i32).map(|index| index % LABELS).collect();
    let labels: Tensor<1, Int> = integers(bench, labels);
    let all = pairs(count, count);
    let least = match mining {
        // The gradient is that of two distances of each embedding.
        Mining::BatchHard => Least {
            operations: all.operations / 3.0,
            ..all
        },
        _ => all,
    };
    let loss = TripletLossConfig::new()
        .with_mining(mining)
        .with_margin(MARGIN)
        .with_reduction(MiningReduction::Mean)
        .init();
    Workload::new(
        named(&[count, WIDTH]),
        least,
        [embeddings(bench, 1, count)],
        move |[embeddings]| loss.forward(embeddings, labels.clone()),
    )
}

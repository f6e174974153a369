//! The workloads: inputs, our loss, and what it is compared with.

use crate::support::{
    Build,
    splitmix::spread,
    workload::{Leaf, Workload},
};
use burn::tensor::{Bool, Int, Tensor, activation::log_softmax};
use burn_losses::{ClipLossConfig, NtXentLossConfig};

/// The workloads there are.
pub const WORKLOADS: [(&str, Build); 2] = [("ntxent", ntxent), ("clip", clip)];

/// The dimension of the embeddings.
const WIDTH: usize = 128;

const TEMPERATURE: f64 = 0.5;

/// NT-Xent of 4096 views.
fn ntxent(small: bool) -> Workload {
    let images = if small { 150 } else { 2048 };
    let [first, second] = [1, 2].map(|seed| embeddings(seed, images));
    let loss = NtXentLossConfig::new()
        .with_temperature(TEMPERATURE)
        .init(&Default::default());
    Workload::new(
        "composed",
        vec![first.clone(), second.clone()],
        move |setting| (first.hand_over(setting), second.hand_over(setting)),
        move |(first, second)| loss.forward(first, second),
        |(first, second)| {
            let [images, _] = first.dims();
            let views = normalized(Tensor::cat(vec![first, second], 0));
            let device = views.device();
            let itself = Tensor::<2, Bool>::diag_mask([2 * images; 2], 0, &device).bool_not();
            let logits = views.clone().matmul(views.transpose()) * (1.0 / TEMPERATURE);
            let logits = logits.mask_fill(itself, f32::NEG_INFINITY);
            let partners = Tensor::cat(
                vec![
                    Tensor::<1, Int>::arange(images as i64..2 * images as i64, &device),
                    Tensor::arange(0..images as i64, &device),
                ],
                0,
            );
            -log_softmax(logits, 1)
                .gather(1, partners.unsqueeze_dim(1))
                .mean()
        },
    )
}

/// CLIP's loss of 2048 pairs, in both directions, at a fixed temperature.
fn clip(small: bool) -> Workload {
    let pairs = if small { 150 } else { 2048 };
    let [images, texts] = [1, 2].map(|seed| embeddings(seed, pairs));
    let loss = ClipLossConfig::new()
        .with_temperature(TEMPERATURE)
        .with_learnable_temperature(false)
        .init(&Default::default());
    Workload::new(
        "composed",
        vec![images.clone(), texts.clone()],
        move |setting| (images.hand_over(setting), texts.hand_over(setting)),
        move |(images, texts)| loss.forward(images, texts),
        |(images, texts)| {
            let pairs = images.dims()[0];
            let (images, texts) = (normalized(images), normalized(texts));
            let own = Tensor::<1, Int>::arange(0..pairs as i64, &images.device());
            let own: Tensor<2, Int> = own.unsqueeze_dim(1);
            let logits = images.matmul(texts.transpose()) * (1.0 / TEMPERATURE);
            let direction = |logits| log_softmax(logits, 1).gather(1, own.clone()).mean();
            (direction(logits.clone()) + direction(logits.transpose())) * -0.5
        },
    )
}

/// Uniform in `[-1, 1)`.
pub fn embeddings(seed: u64, count: usize) -> Leaf {
    Leaf::prediction(spread(seed, count * WIDTH, 1.0), [count, WIDTH])
}

fn normalized(rows: Tensor<2>) -> Tensor<2> {
    let norms = (rows.clone() * rows.clone()).sum_dim(1).sqrt();
    rows / norms
}

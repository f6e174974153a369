//! The workloads: inputs, our loss, and what it is compared with.

use crate::support::{
    Build,
    splitmix::spread,
    workload::{Leaf, Workload},
};
use burn::tensor::{Bool, Int, Tensor, activation::log_softmax};
use burn_losses::{ClipLossConfig, Mining, MiningReduction, NtXentLossConfig, TripletLossConfig};

/// The workloads there are.
pub const WORKLOADS: [(&str, Build); 5] = [
    ("ntxent", ntxent),
    ("clip", clip),
    ("batch_all", batch_all),
    ("batch_hard", |small| {
        batch_hard(if small { 130 } else { 1024 })
    }),
    ("batch_hard_8192", |small| {
        batch_hard(if small { 300 } else { 8192 })
    }),
];

/// The dimension of the embeddings.
const WIDTH: usize = 128;

const TEMPERATURE: f64 = 0.5;

const MARGIN: f64 = 0.2;

/// How many labels there are in a batch, one after the other.
const LABELS: i64 = 64;

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

/// The farthest positive and the nearest negative of each embedding.
fn batch_hard(count: usize) -> Workload {
    triplets(Mining::BatchHard, count, |distances, labels| {
        let [count, _] = distances.dims();
        let (rows, columns) = (
            labels.clone().unsqueeze_dim::<2>(1),
            labels.unsqueeze::<2>(),
        );
        let shape = [count; 2];
        let alike = rows.expand(shape).equal(columns.expand(shape));
        // An embedding is at distance 0 from itself, which is never the farthest positive.
        let farthest = distances
            .clone()
            .mask_fill(alike.clone().bool_not(), f32::NEG_INFINITY);
        let nearest = distances.mask_fill(alike, f32::INFINITY);
        (farthest.max_dim(1) - nearest.min_dim(1) + MARGIN).clamp_min(0.0)
    })
}

/// All triplets, each by itself: of each label there are as many embeddings.
fn batch_all(small: bool) -> Workload {
    let count = if small { 128 } else { 1024 };
    let (mut positives, mut negatives) = (Vec::new(), Vec::new());
    for anchor in 0..count as i64 {
        let others = (0..count as i64).filter(|&other| other != anchor);
        let (alike, unlike): (Vec<i64>, Vec<i64>) =
            others.partition(|other| other % LABELS == anchor % LABELS);
        positives.extend(alike);
        negatives.extend(unlike);
    }
    let lists = [positives, negatives].map(|list| {
        let width = list.len() / count;
        Tensor::<1, Int>::from_ints(&list[..], &Default::default()).reshape([count, width])
    });
    triplets(Mining::BatchAll, count, move |distances, _| {
        let device = distances.device();
        let [positives, negatives] = [0, 1].map(|list| {
            distances
                .clone()
                .gather(1, lists[list].clone().to_device(&device))
        });
        let (count, [p, n]) = (
            positives.dims()[0],
            [positives.dims()[1], negatives.dims()[1]],
        );
        let positives = positives.unsqueeze_dim::<3>(2).expand([count, p, n]);
        let negatives = negatives.unsqueeze_dim::<3>(1).expand([count, p, n]);
        let costs = (positives - negatives + MARGIN).clamp_min(0.0);
        costs.reshape([count, p * n])
    })
}

/// The mean cost of triplets of embeddings with labels, at Euclidean distances.
fn triplets(
    mining: Mining,
    count: usize,
    costs: impl Fn(Tensor<2>, Tensor<1, Int>) -> Tensor<2> + 'static,
) -> Workload {
    let embeddings = embeddings(1, count);
    let labels: Vec<i64> = (0..count as i64).map(|index| index % LABELS).collect();
    let labels = Tensor::<1, Int>::from_ints(&labels[..], &crate::support::workload::device());
    let loss = TripletLossConfig::new()
        .with_mining(mining)
        .with_margin(MARGIN)
        .with_reduction(MiningReduction::Mean)
        .init();
    Workload::new(
        "composed",
        vec![embeddings.clone()],
        move |setting| (embeddings.hand_over(setting), labels.clone()),
        move |(embeddings, labels)| loss.forward(embeddings, labels),
        move |(embeddings, labels)| {
            let rows = normalized(embeddings);
            let squares = rows.clone().matmul(rows.transpose()) * -2.0 + 2.0;
            costs(squares.clamp_min(1e-12).sqrt(), labels).mean()
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

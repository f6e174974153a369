//! The workloads: inputs, our loss, and what it is compared with.

use crate::support::{
    Build,
    splitmix::{draws, spread},
    workload::{Leaf, Workload, device},
};
use burn::{
    nn::loss as burn_nn,
    tensor::{Int, Tensor, TensorData},
};
use burn_losses::{
    CrossEntropyLossConfig, LinearCrossEntropyLossConfig, OutputLayer, SoftmaxFocalLossConfig,
    composed,
};

/// The workloads there are.
pub const WORKLOADS: [(&str, Build); 4] = [
    ("ce_ls", ce_ls),
    ("ce_big", ce_big),
    ("softmax_focal", softmax_focal),
    ("linear_ce", linear_ce),
];

/// Logits and class indices.
type Inputs = (Tensor<2>, Tensor<1, Int>);

fn ce_ls(small: bool) -> Workload {
    smoothed_cross_entropy([if small { 41 } else { 4096 }, 1000])
}

fn ce_big(small: bool) -> Workload {
    smoothed_cross_entropy([if small { 5 } else { 1024 }, 32_000])
}

/// Burn smooths labels as we do, `(1 - e) onehot + e / classes`, so both give the same number.
fn smoothed_cross_entropy(shape: [usize; 2]) -> Workload {
    let ours = CrossEntropyLossConfig::new()
        .with_label_smoothing(0.1)
        .init();
    let burns = burn_nn::CrossEntropyLossConfig::new()
        .with_smoothing(Some(0.1))
        .init(&device());
    rows(
        shape,
        "burn::nn",
        move |(logits, targets)| ours.forward(logits, targets),
        move |(logits, targets)| burns.forward(logits, targets),
    )
}

fn softmax_focal(small: bool) -> Workload {
    // Nothing is ignored, on either side: a formula written down would not look for it.
    let loss = SoftmaxFocalLossConfig::new()
        .with_gamma(2.0)
        .with_ignore_index(None)
        .init();
    let same = loss.clone();
    rows(
        [if small { 41 } else { 4096 }, 1000],
        "composed",
        move |(logits, targets)| loss.forward(logits, targets),
        move |(logits, targets)| composed(|| same.forward(logits, targets)),
    )
}

/// A language model's last layer and its loss. Hidden states and weights are uniform, scaled so
/// that the variance of the logits is about 1.
fn linear_ce(small: bool) -> Workload {
    let [tokens, width, vocabulary] = if small {
        [33, 64, 3000]
    } else {
        [512, 512, 32_000]
    };
    let hidden = spread(1, tokens * width, 1.0);
    let hidden = Leaf::prediction(hidden, [tokens, width]);
    let weight = spread(3, vocabulary * width, 0.125);
    let weight = Leaf {
        parameter: true,
        ..Leaf::prediction(weight, [vocabulary, width])
    };
    let targets = classes(tokens, vocabulary);
    // As above, nothing is ignored.
    let loss = LinearCrossEntropyLossConfig::new()
        .with_ignore_index(None)
        .init();
    let cross_entropy = CrossEntropyLossConfig::new().with_ignore_index(None).init();
    Workload::new(
        "composed",
        vec![hidden.clone(), weight.clone()],
        move |setting| {
            let (hidden, weight) = (hidden.hand_over(setting), weight.hand_over(setting));
            (hidden, weight, targets.clone())
        },
        move |(hidden, weight, targets)| {
            loss.forward(hidden, OutputLayer::with_rows(weight), targets)
        },
        move |(hidden, weight, targets)| {
            let logits = hidden.matmul(weight.transpose());
            composed(|| cross_entropy.forward(logits, targets))
        },
    )
}

/// A loss of logits against class indices, both as `shape` has them: rows and classes.
fn rows(
    shape: [usize; 2],
    against: &'static str,
    fused: impl Fn(Inputs) -> Tensor<1> + 'static,
    baseline: impl Fn(Inputs) -> Tensor<1> + 'static,
) -> Workload {
    let logits = Leaf::prediction(spread(1, shape[0] * shape[1], 4.0), shape);
    let targets = classes(shape[0], shape[1]);
    Workload::new(
        against,
        vec![logits.clone()],
        move |setting| (logits.hand_over(setting), targets.clone()),
        fused,
        baseline,
    )
}

/// `count` class indices, each of the `classes` as likely as the others.
fn classes(count: usize, classes: usize) -> Tensor<1, Int> {
    let class = |draw| ((draw * classes as u64) >> 24) as i64;
    let values: Vec<i64> = draws(2, count).map(class).collect();
    Tensor::from_data(TensorData::new(values, [count]), &device())
}

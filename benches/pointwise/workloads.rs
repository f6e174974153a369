//! The workloads: inputs, our loss, and what it is compared with.

use crate::support::{
    Build,
    splitmix::{spread, stream},
    workload::{Leaf, Workload, constant},
};
use burn::{nn::loss as burn_nn, tensor::Tensor};
use burn_losses::{MseLossConfig, Reduction, SigmoidFocalLossConfig, SmoothL1LossConfig, composed};

/// The workloads there are.
pub const WORKLOADS: [(&str, Build); 3] =
    [("focal", focal), ("mse", mse), ("smooth_l1", smooth_l1)];

type Inputs = (Tensor<2>, Tensor<2>);

/// Sigmoid focal loss over anchors and classes, one target in a hundred positive, divided by the
/// number of positives.
fn focal(small: bool) -> Workload {
    let shape = [if small { 120 } else { 120_000 }, 80];
    let targets = stream(2, shape[0] * shape[1], |u| if u < 0.01 { 1.0 } else { 0.0 });
    let positives: f32 = targets.iter().sum();
    let loss = SigmoidFocalLossConfig::new()
        .with_reduction(Reduction::Sum)
        .init();
    let same = loss.clone();
    pointwise(
        shape,
        targets,
        "composed",
        move |(x, t)| loss.on(x, t).divided_by(positives),
        move |(x, t)| composed(|| same.on(x, t).divided_by(positives)),
    )
}

fn mse(small: bool) -> Workload {
    regression(
        small,
        |(x, t)| MseLossConfig::new().init().forward(x, t),
        |(x, t)| burn_nn::MseLoss::new().forward(x, t, burn_nn::Reduction::Mean),
    )
}

fn smooth_l1(small: bool) -> Workload {
    regression(
        small,
        |(x, t)| SmoothL1LossConfig::new().init().forward(x, t),
        |(x, t)| {
            let loss = burn_nn::SmoothL1LossConfig::new().init();
            loss.forward_with_reduction(x, t, burn_nn::Reduction::Mean)
        },
    )
}

fn regression(
    small: bool,
    fused: fn(Inputs) -> Tensor<1>,
    baseline: fn(Inputs) -> Tensor<1>,
) -> Workload {
    let shape = [if small { 4 } else { 4000 }, 1000];
    let targets = spread(2, shape[0] * shape[1], 4.0);
    pointwise(shape, targets, "burn::nn", fused, baseline)
}

fn pointwise(
    shape: [usize; 2],
    targets: Vec<f32>,
    against: &'static str,
    fused: impl Fn(Inputs) -> Tensor<1> + 'static,
    baseline: impl Fn(Inputs) -> Tensor<1> + 'static,
) -> Workload {
    let prediction = Leaf::prediction(spread(1, shape[0] * shape[1], 4.0), shape);
    let target = constant(targets, shape);
    Workload::new(
        against,
        vec![prediction.clone()],
        move |setting| (prediction.hand_over(setting), target.clone()),
        fused,
        baseline,
    )
}

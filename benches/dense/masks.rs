//! Masks: logits of 21 classes for a batch of images.

use crate::support::{
    splitmix::{draws, spread},
    workload::{Leaf, Workload, device},
};
use burn::tensor::{
    Int, Tensor, TensorData,
    activation::{log_softmax, softmax},
};
use burn_losses::{CombinedLossConfig, LovaszSoftmaxLossConfig, composed};

/// Logits and the class of each pixel.
type Inputs = (Tensor<4>, Tensor<3, Int>);

const CLASSES: usize = 21;

/// Dice plus cross entropy, against both written down in Burn operations, which share the softmax no more than they do in a
/// program that adds two losses.
pub fn dice_ce(small: bool) -> Workload {
    let loss = CombinedLossConfig::new().with_ignore_index(None).init();
    masks(
        if small { [2, 37] } else { [8, 512] },
        move |(logits, targets)| loss.forward(logits, targets),
        |(logits, targets)| {
            let [samples, classes, height, width] = logits.dims();
            let targets = targets.unsqueeze_dim::<4>(1);
            let all = Tensor::<1, Int>::arange(0..classes as i64, &logits.device());
            let all = all.reshape([1, classes, 1, 1]).expand(logits.dims());
            let t = targets.clone().expand(logits.dims()).equal(all).float();
            let over_pixels = |numbers: Tensor<4>| {
                let rows = numbers.reshape([samples, classes, height * width]);
                rows.sum_dim(2)
            };
            let p = softmax(logits.clone(), 1);
            let both = over_pixels(p.clone() * t.clone());
            let sizes = over_pixels(p) + over_pixels(t);
            let dice = (both * 2.0 + 1e-5) / (sizes + 1e-5);
            let entropy = -log_softmax(logits, 1).gather(1, targets).mean();
            -dice.mean() + 1.0 + entropy
        },
    )
}

/// The Lovasz softmax loss, against the same with Burn's sort. Burn's sort is not stable, and equal errors have other
/// weights in another order, so gradients are not held against each other here; tests do. Images of 128 x 128: Burn's sort of
/// larger ones takes minutes.
pub fn lovasz(small: bool) -> Workload {
    let loss = LovaszSoftmaxLossConfig::new()
        .with_ignore_index(None)
        .init();
    let same = loss.clone();
    masks(
        if small { [2, 37] } else { [8, 128] },
        move |(logits, targets)| loss.forward(logits, targets),
        move |(logits, targets)| composed(|| same.forward(logits, targets)),
    )
    .with_ties()
}

fn masks(
    [samples, side]: [usize; 2],
    fused: impl Fn(Inputs) -> Tensor<1> + 'static,
    baseline: impl Fn(Inputs) -> Tensor<1> + 'static,
) -> Workload {
    let [height, width] = [side; 2];
    let shape = [samples, CLASSES, height, width];
    let flat = [samples, CLASSES * height * width];
    let logits = Leaf::prediction(spread(1, flat[0] * flat[1], 4.0), flat);
    let class = |draw| ((draw * CLASSES as u64) >> 24) as i64;
    let classes: Vec<i64> = draws(2, samples * height * width).map(class).collect();
    let data = TensorData::new(classes, [samples, height, width]);
    let targets = Tensor::<3, Int>::from_data(data, &device());
    Workload::new(
        "composed",
        vec![logits.clone()],
        move |setting| (logits.hand_over(setting).reshape(shape), targets.clone()),
        fused,
        baseline,
    )
}

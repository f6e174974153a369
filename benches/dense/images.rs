//! Images: the structural similarity of a batch of photographs' size.

use crate::support::{
    splitmix::spread,
    workload::{Leaf, Workload, constant},
};
use burn::tensor::Tensor;
use burn_losses::{SsimLossConfig, composed};

/// `1 - SSIM` with a Gaussian window of 11 x 11, against the same formula composed of Burn's convolutions.
pub fn ssim(small: bool) -> Workload {
    let shape = if small {
        [2, 3, 40, 37]
    } else {
        [8, 3, 512, 512]
    };
    let flat = [shape[0], shape[1..].iter().product()];
    let pixels = |seed| {
        let values = spread(seed, flat[0] * flat[1], 0.5);
        values.into_iter().map(|value| value + 0.5).collect()
    };
    let prediction = Leaf::prediction(pixels(1), flat);
    let target = constant(pixels(2), flat);
    let loss = SsimLossConfig::new(1.0).init();
    let same = loss.clone();
    let images = move |rows: [Tensor<2>; 2]| rows.map(|rows| rows.reshape(shape));
    Workload::new(
        "composed",
        vec![prediction.clone()],
        move |setting| [prediction.hand_over(setting), target.clone()],
        move |rows| {
            let [prediction, target] = images(rows);
            loss.forward(prediction, target)
        },
        move |rows| {
            let [prediction, target] = images(rows);
            composed(|| same.forward(prediction, target))
        },
    )
}

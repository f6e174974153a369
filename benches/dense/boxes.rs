//! 100,000 predicted boxes against their targets.

use crate::support::{
    splitmix::stream,
    workload::{Leaf, Workload, constant},
};
use burn_losses::{IouKind, IouLossConfig, composed};

/// CIoU, mean.
pub fn ciou(small: bool) -> Workload {
    let count = if small { 321 } else { 100_000 };
    let loss = IouLossConfig::new().with_kind(IouKind::Ciou).init();
    let same = loss.clone();
    let boxes = Leaf::prediction(boxes(1, count), [count, 4]);
    let targets = constant(self::boxes(2, count), [count, 4]);
    Workload::new(
        "composed",
        vec![boxes.clone()],
        move |setting| (boxes.hand_over(setting), targets.clone()),
        move |(boxes, targets)| loss.forward(boxes, targets),
        move |(boxes, targets)| composed(|| same.forward(boxes, targets)),
    )
}

/// Boxes of one unit in each direction at least, and of three at most: two corners, the first within a square of two units.
fn boxes(seed: u64, count: usize) -> Vec<f32> {
    let draws = stream(seed, 4 * count, |u| u);
    let of = |u: &[f32]| {
        let corner = [2.0 * u[0], 2.0 * u[1]];
        let end = [corner[0] + 1.0 + 2.0 * u[2], corner[1] + 1.0 + 2.0 * u[3]];
        [corner, end].concat()
    };
    draws.chunks(4).flat_map(of).collect()
}

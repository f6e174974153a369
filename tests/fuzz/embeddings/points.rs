//! Random embeddings and labels.

use crate::{
    draw::{below, largest, pick, power_of_ten},
    support::{Dtype, Random, contrastive::Embeddings as Points, random::round},
};
use burn_losses::CrossBatchMemory;

/// Embeddings of some scale, some of them the same or nearly so, some far away.
pub(super) fn points(
    random: &mut Random,
    [rows, width]: [usize; 2],
    scale: f64,
    dtype: Dtype,
    is_mined: bool,
) -> Points {
    let mut values: Vec<f64> = (0..rows * width).map(|_| random.normal(scale)).collect();
    let kind = match below(random, 8) {
        // Directions of a few coordinates are as far apart as others: chance would choose among them.
        3 if is_mined => 5,
        kind => kind,
    };
    let near = power_of_ten(random, -6.0, -1.0);
    for row in 1..rows {
        let other = below(random, row);
        let (before, here) = values.split_at_mut(row * width);
        let other = &before[other * width..][..width];
        let here = &mut here[..width];
        match kind {
            // The same.
            0 if random.chance(0.3) => here.copy_from_slice(other),
            // Near by.
            1 if random.chance(0.5) => {
                for (here, other) in here.iter_mut().zip(other) {
                    *here = other * (1.0 + near * random.normal(1.0));
                }
            }
            // Along the same line.
            2 if random.chance(0.3) => {
                let factor = pick(random, &[2.0, -1.0, 0.5]);
                for (here, other) in here.iter_mut().zip(other) {
                    *here = factor * other;
                }
            }
            _ => {}
        }
    }
    let large = largest(dtype);
    match kind {
        // Large coordinates among small ones.
        3 => values.iter_mut().for_each(|x| {
            if random.chance(0.15) {
                *x = large.copysign(*x);
            }
        }),
        // All far from the origin.
        4 => values.iter_mut().for_each(|x| *x += 100.0 * scale),
        _ => {}
    }
    Points {
        values: values.into_iter().map(|x| round(x, dtype)).collect(),
        shape: [rows, width],
    }
}

pub(super) fn labels(
    random: &mut Random,
    count: usize,
    classes: usize,
    unlabelled: bool,
) -> Vec<i64> {
    let all_differ = random.chance(0.05);
    let labels = (0..count).map(|index| match all_differ {
        true => index as i64,
        false if unlabelled && random.chance(0.2) => CrossBatchMemory::NO_LABEL,
        false => below(random, classes) as i64,
    });
    labels.collect()
}

/// Divides embeddings by their norms, which it returns; what is not finite has no direction.
pub(super) fn normalize(points: &mut Points) -> Vec<f64> {
    let [rows, width] = points.shape;
    let norms = (0..rows).map(|row| {
        let row = &mut points.values[row * width..][..width];
        let norm = match row.iter().map(|x| x * x).sum::<f64>().sqrt() {
            norm if norm.is_finite() => norm.max(1e-30),
            _ => f64::NAN,
        };
        row.iter_mut().for_each(|x| *x /= norm);
        norm
    });
    norms.collect()
}

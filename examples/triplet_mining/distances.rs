//! How far apart views of one class are, and views of different classes.

use burn::tensor::{Int, Tensor};

use crate::vectors::directions;

/// Mean distances between directions, 0 to 2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distances {
    /// Between views of one class.
    pub positive: f64,
    /// Between views of different classes.
    pub negative: f64,
}

impl Distances {
    /// Of embeddings `[N, D]` with their classes.
    pub fn new(embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Self {
        let count = embeddings.dims()[0];
        let directions = directions(embeddings);
        let cosines = directions.clone().matmul(directions.transpose());
        let distances = (cosines * -2.0 + 2.0).clamp_min(0.0).sqrt();
        let classes = labels.unsqueeze_dim::<2>(0);
        let same = classes.clone().transpose().equal(classes).float();
        let scalar = |tensor: Tensor<1>| f64::from(tensor.into_scalar::<f32>());
        let near = scalar((distances.clone() * same.clone()).sum());
        let all = scalar(distances.sum());
        // A view is no pair with itself; its distance to itself is 0.
        let own_class = scalar(same.sum());
        let positives = (own_class - count as f64).max(1.0);
        let negatives = ((count * count) as f64 - own_class).max(1.0);
        Self {
            positive: near / positives,
            negative: (all - near) / negatives,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceName;

    #[test]
    fn distances_are_averaged_within_and_between_classes() {
        let device = DeviceName::choose(None).expect("a device").open();
        let embeddings = [[2.0, 0.0], [0.0, 1.0], [-3.0, 0.0]];
        let labels = Tensor::<1, Int>::from_ints([7, 7, 8], &device);
        let found = Distances::new(Tensor::from_floats(embeddings, &device), labels);
        let corner = 2.0_f64.sqrt();
        assert!((found.positive - corner).abs() < 1e-5, "{found:?}");
        assert!(
            (found.negative - (2.0 + corner) / 2.0).abs() < 1e-5,
            "{found:?}"
        );
    }
}

//! How close views are to their partners, and to all others.

use burn::tensor::Tensor;

use crate::vectors::directions;

/// Mean cosines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    /// Between the two views of a digit.
    pub positive: f64,
    /// Between views of different digits.
    pub negative: f64,
}

impl Similarity {
    /// Of vectors `[2N, D]`: the first views, then the second views.
    pub fn new(vectors: Tensor<2>) -> Self {
        let views = vectors.dims()[0];
        let pairs = views / 2;
        let directions = directions(vectors);
        let half = |start| directions.clone().narrow(0, start, pairs);
        let scalar = |tensor: Tensor<1>| f64::from(tensor.into_scalar::<f32>());
        let positives = scalar((half(0) * half(pairs)).sum());
        let own = scalar(directions.clone().square().sum());
        // The square of the sum is the sum of all products, no pair left out.
        let all = scalar(directions.sum_dim(0).square().sum());
        let negatives = all - own - 2.0 * positives;
        Self {
            positive: positives / pairs as f64,
            negative: negatives / (views * (views - 2)).max(1) as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceName;

    #[test]
    fn cosines_are_averaged_over_partners_and_over_the_others() {
        let device = DeviceName::choose(None).expect("a device").open();
        let vectors = [[2.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
        let found = Similarity::new(Tensor::from_floats(vectors, &device));
        let half = 0.5_f64.sqrt();
        assert!((found.positive - (1.0 + half) / 2.0).abs() < 1e-6);
        // (0, 1), (0, 3), (2, 1), (2, 3)
        assert!((found.negative - (0.0 + half + 0.0 + half) / 4.0).abs() < 1e-6);
    }
}

//! Feature vectors of training and of test views.

use burn::tensor::Tensor;

/// Added to variances: some features never change.
const TINY: f32 = 1e-8;

/// Every feature has mean 0 and variance 1 over the training views, so that no classifier depends on
/// the scale in which an encoder happens to say something.
pub struct Features {
    /// `[training views, D]`
    pub train: Tensor<2>,
    /// `[test views, D]`
    pub test: Tensor<2>,
}

impl Features {
    pub fn new(train: Tensor<2>, test: Tensor<2>) -> Self {
        let mean = train.clone().mean_dim(0);
        let centred = train - mean.clone();
        let deviation = (centred.clone().square().mean_dim(0) + TINY).sqrt();
        Self {
            train: centred / deviation.clone(),
            test: (test - mean) / deviation,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::DeviceName, vectors::rows};

    #[test]
    fn test_features_are_measured_by_the_training_features() {
        let device = DeviceName::choose(None).expect("a device").open();
        let train = Tensor::from_floats([[1.0, 5.0], [3.0, 5.0]], &device);
        let test = Tensor::from_floats([[4.0, 5.0]], &device);
        let features = Features::new(train, test);
        assert_eq!(rows(features.train), [[-1.0, 0.0], [1.0, 0.0]]);
        assert_eq!(rows(features.test), [[2.0, 0.0]]);
    }
}

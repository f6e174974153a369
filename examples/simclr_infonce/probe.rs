//! A linear classifier on fixed features: multinomial logistic regression.

use burn::{
    module::Module,
    nn::{Initializer, Linear, LinearConfig},
    optim::{AdamConfig, GradientsParams, decay::WeightDecayConfig},
    tensor::{Int, Tensor},
};
use burn_losses::CrossEntropyLossConfig;

use crate::{digits::CLASSES, error::Result, schedule::warmup_then_cosine};

/// Steps over all training views at once.
const STEPS: usize = 200;
const LEARNING_RATE: f64 = 0.02;

/// How strongly weights are held near 0: pixels outnumber what there is to learn from.
const WEIGHT_DECAY: f32 = 1e-3;

/// A trained classifier, on the device without autodiff.
pub struct Probe(Linear);

impl Probe {
    /// Trains on features `[N, D]`, on a device without autodiff, and their labels.
    pub fn train(features: Tensor<2>, labels: &[usize]) -> Result<Self> {
        let device = features.device().autodiff();
        let features = Tensor::from_inner(features);
        let labels: Vec<i32> = labels.iter().map(|&label| label as i32).collect();
        let targets = Tensor::<1, Int>::from_ints(labels.as_slice(), &device);
        let loss = CrossEntropyLossConfig::new().init();
        let mut classifier = LinearConfig::new(features.dims()[1], CLASSES)
            .with_initializer(Initializer::Zeros)
            .init(&device);
        let mut optimizer = AdamConfig::new()
            .with_weight_decay(Some(WeightDecayConfig::new(WEIGHT_DECAY)))
            .init();
        let mut schedule = warmup_then_cosine(LEARNING_RATE, 1, STEPS)?;
        for _ in 0..STEPS {
            let value = loss.forward(classifier.forward(features.clone()), targets.clone());
            let gradients = GradientsParams::from_grads(value.backward(), &classifier);
            classifier = optimizer.step(schedule.step(), classifier, gradients);
        }
        Ok(Self(classifier.valid()))
    }

    /// The most probable class of each row.
    pub fn classify(&self, features: Tensor<2>) -> Vec<usize> {
        let classes = self.0.forward(features).argmax(1).into_data();
        classes.iter::<i64>().map(|class| class as usize).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceName;

    #[test]
    fn what_a_plane_can_part_is_parted() {
        let device = DeviceName::choose(None).expect("a device").open();
        let features = Tensor::from_floats(
            [[-1.0, 0.3], [-0.8, -0.4], [0.9, 0.2], [1.1, -0.3]],
            &device,
        );
        let probe = Probe::train(features.clone(), &[4, 4, 9, 9]).expect("a sound schedule");
        assert_eq!(probe.classify(features), [4, 4, 9, 9]);
    }
}

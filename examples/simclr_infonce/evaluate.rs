//! What features know about the classes of digits: the labels come in here, after the training.

use burn::{
    module::Module,
    nn::{Initializer, Linear, LinearConfig},
    optim::{AdamConfig, GradientsParams, decay::WeightDecayConfig},
    tensor::{Device, IndexingUpdateOp, Int, Tensor},
};
use burn_losses::CrossEntropyLossConfig;
use serde::Serialize;
use support::{
    Result,
    digits::{CLASSES, DigitSets},
    schedule::warmup_then_cosine,
    vectors::directions,
    view::Sample,
};

use crate::{loss::halves, settings::Settings};

/// Training views that vote for the class of a test view, each with the weight `exp(cosine / temperature)`, as in Wu
/// et al., "Unsupervised Feature Learning via Non-Parametric Instance Discrimination", 2018.
const NEIGHBOURS: usize = 20;
const TEMPERATURE: f64 = 0.07;

/// Steps of the linear classifier, each over all training views.
const STEPS: usize = 200;

/// Shares of the test views whose class is found, 0 to 1.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Scores {
    /// By the labels of the most similar training views.
    pub knn: f64,
    /// By a linear classifier trained on the training views.
    pub linear: f64,
}

/// Fixed views of the training digits, with labels to learn from, and of digits never trained with.
pub struct Bench {
    pub train: Sample,
    pub test: Sample,
}

impl Bench {
    /// On a device without autodiff.
    pub fn new(digits: &DigitSets, settings: &Settings, device: &Device) -> Self {
        // Other views than those trained with.
        let seed = |stream| settings.seed.wrapping_add(stream);
        let (train, test) = (settings.training_views, settings.test_views);
        Self {
            train: Sample::new(&digits.train, train, seed(0x7a17), device),
            test: Sample::new(&digits.test, test, seed(0x7e57), device),
        }
    }

    /// The scores of the features that are made of the views, and the features of the test views.
    pub fn evaluate(&self, features: impl Fn(&Sample) -> Tensor<2>) -> Result<(Scores, Tensor<2>)> {
        let [train, test] = normalize([features(&self.train), features(&self.test)]);
        let labels = Vec::from_iter(self.train.labels.iter().map(|&label| label as i32));
        let labels = Tensor::<1, Int>::from_ints(labels.as_slice(), &train.device());
        let classifier = linear_classifier(train.clone(), labels.clone())?;
        let scores = Scores {
            knn: self.accuracy(votes_of_neighbours(train, labels, test.clone())),
            linear: self.accuracy(classifier.forward(test.clone())),
        };
        Ok((scores, test))
    }

    /// How often the largest of the numbers of a row, `[test views, CLASSES]`, is that of the class.
    fn accuracy(&self, numbers: Tensor<2>) -> f64 {
        let answers = numbers.argmax(1).into_data();
        let answers = answers.iter::<i64>().zip(&self.test.labels);
        let right = answers
            .filter(|&(answer, &label)| answer == label as i64)
            .count();
        right as f64 / self.test.labels.len() as f64
    }
}

/// Every feature has mean 0 and variance 1 over the training views, so that no classifier depends on the scale in
/// which an encoder happens to say something.
fn normalize([train, test]: [Tensor<2>; 2]) -> [Tensor<2>; 2] {
    let mean = train.clone().mean_dim(0);
    let centred = train - mean.clone();
    // Some features never change.
    let deviation = (centred.clone().square().mean_dim(0) + 1e-8).sqrt();
    [centred / deviation.clone(), (test - mean) / deviation]
}

/// For each test view, how much its neighbours among the training views vote for each class.
fn votes_of_neighbours(train: Tensor<2>, labels: Tensor<1, Int>, test: Tensor<2>) -> Tensor<2> {
    let cosines = directions(test).matmul(directions(train).transpose());
    let [queries, _] = cosines.dims();
    let (cosines, neighbours) = cosines.topk_with_indices(NEIGHBOURS, 1);
    let classes = labels
        .select(0, neighbours.flatten(0, 1))
        .reshape([queries, NEIGHBOURS]);
    let votes = (cosines / TEMPERATURE).exp();
    let none = Tensor::zeros([queries, CLASSES], &votes.device());
    none.scatter(1, classes, votes, IndexingUpdateOp::Add)
}

/// Multinomial logistic regression on fixed features.
fn linear_classifier(features: Tensor<2>, labels: Tensor<1, Int>) -> Result<Linear> {
    let (features, labels) = (Tensor::from_inner(features), Tensor::from_inner(labels));
    let mut classifier = LinearConfig::new(features.dims()[1], CLASSES)
        .with_initializer(Initializer::Zeros)
        .init(&features.device());
    let loss = CrossEntropyLossConfig::new().init();
    // Pixels outnumber what there is to learn from.
    let mut optimizer = AdamConfig::new()
        .with_weight_decay(Some(WeightDecayConfig::new(1e-3)))
        .init();
    let mut schedule = warmup_then_cosine(0.02, 1, STEPS)?;
    for _ in 0..STEPS {
        let value = loss.forward(classifier.forward(features.clone()), labels.clone());
        let gradients = GradientsParams::from_grads(value.backward(), &classifier);
        classifier = optimizer.step(schedule.step(), classifier, gradients);
    }
    Ok(classifier.valid())
}

/// Mean cosines of vectors `[2N, D]`, first views and second views: of the two views of a digit, and of views of
/// different digits.
pub fn similarity(vectors: Tensor<2>) -> [f64; 2] {
    let [views, _] = vectors.dims();
    let pairs = views / 2;
    let directions = directions(vectors);
    let scalar = |tensor: Tensor<1>| f64::from(tensor.into_scalar::<f32>());
    let [first, second] = halves(directions.clone());
    let positives = scalar((first * second).sum());
    let own = scalar(directions.clone().square().sum());
    // The square of the sum is the sum of all products, no pair left out.
    let all = scalar(directions.sum_dim(0).square().sum());
    let negatives = all - own - 2.0 * positives;
    [
        positives / pairs as f64,
        negatives / (views * (views - 2)) as f64,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::LossName;
    use support::device::DeviceName;

    #[test]
    fn features_that_are_the_class_are_fully_right() {
        let device = DeviceName::choose(None).expect("a device").open();
        let digits = DigitSets::bundled().expect("sound digits");
        let bench = Bench::new(&digits, &Settings::new(LossName::Ntxent, true, 1), &device);
        let one_hot = |sample: &Sample| {
            let labels = Vec::from_iter(sample.labels.iter().map(|&label| label as f32));
            Tensor::<1>::from_floats(labels.as_slice(), &device).one_hot(CLASSES)
        };
        let (scores, _) = bench.evaluate(one_hot).expect("a sound schedule");
        assert_eq!((scores.knn, scores.linear), (1.0, 1.0));
    }

    #[test]
    fn cosines_are_averaged_over_partners_and_over_the_others() {
        let device = DeviceName::choose(None).expect("a device").open();
        let vectors = [[2.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
        let [positive, negative] = similarity(Tensor::from_floats(vectors, &device));
        let half = 0.5_f64.sqrt();
        assert!((positive - (1.0 + half) / 2.0).abs() < 1e-6);
        // (0, 1), (0, 3), (2, 1), (2, 3)
        assert!((negative - (0.0 + half + 0.0 + half) / 4.0).abs() < 1e-6);
    }
}

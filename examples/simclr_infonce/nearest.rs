//! Classes by the labels of the most similar training views.
//!
//! A vote weighs `exp(cosine / temperature)`, as in "Unsupervised Feature Learning via Non-Parametric
//! Instance Discrimination", Wu et al., 2018.

use crate::{
    digits::CLASSES,
    features::Features,
    vectors::{directions, rows},
};

/// How many training views vote.
pub const NEIGHBOURS: usize = 20;

const TEMPERATURE: f32 = 0.07;

/// The class of each test view.
pub fn classify(features: &Features, labels: &[usize], neighbours: usize) -> Vec<usize> {
    let train = directions(features.train.clone());
    let cosines = directions(features.test.clone()).matmul(train.transpose());
    let voters = neighbours.min(labels.len());
    let vote = |cosines: Vec<f32>| {
        let mut labelled: Vec<(f32, usize)> =
            cosines.into_iter().zip(labels.iter().copied()).collect();
        labelled.sort_unstable_by(|one, other| other.0.total_cmp(&one.0));
        let mut votes = [0.0; CLASSES];
        for &(cosine, class) in &labelled[..voters] {
            votes[class] += (cosine / TEMPERATURE).exp();
        }
        largest(&votes)
    };
    rows(cosines).into_iter().map(vote).collect()
}

/// Where the largest number is.
fn largest(numbers: &[f32]) -> usize {
    let indices = 0..numbers.len();
    indices
        .max_by(|&one, &other| numbers[one].total_cmp(&numbers[other]))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceName;
    use burn::tensor::Tensor;

    #[test]
    fn the_most_similar_views_decide() {
        let device = DeviceName::choose(None).expect("a device").open();
        let features = Features {
            train: Tensor::from_floats(
                [[1.0, 0.0], [9.0, 1.0], [0.0, 1.0], [0.0, 5.0], [-1.0, 0.0]],
                &device,
            ),
            test: Tensor::from_floats([[2.0, 0.1], [0.1, 3.0], [0.0, 0.0]], &device),
        };
        let found = classify(&features, &[3, 3, 7, 7, 0], 2);
        assert_eq!(found[..2], [3, 7]);
        // One neighbour more than there are views.
        assert_eq!(classify(&features, &[3, 3, 7, 7, 0], 6)[..2], [3, 7]);
    }
}

//! What vectors know about the classes of digits that the training has not seen.

use burn::tensor::{Bool, Device, Int, Tensor};
use serde::Serialize;
use support::{
    digits::{Digit, DigitSets},
    vectors::directions,
    view::Sample,
};

use crate::settings::{Settings, TRAINED, UNSEEN};

/// The digits that are of one of the classes.
pub fn of<'a>(classes: &[usize], digits: impl IntoIterator<Item = &'a Digit>) -> Vec<Digit> {
    let digits = digits.into_iter();
    digits
        .filter(|digit| classes.contains(&digit.class))
        .cloned()
        .collect()
}

/// The share of views, 0 to 1, to which a view of another digit of their class is nearest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Recall {
    pub unseen_classes: f64,
    /// Of digits that were not trained with, either.
    pub trained_classes: f64,
}

/// Fixed views of digits never trained with.
pub struct Bench {
    pub unseen: Sample,
    trained: Sample,
    /// Views of each digit.
    views: usize,
}

impl Bench {
    /// On a device without autodiff.
    pub fn new(digits: &DigitSets, settings: &Settings, device: &Device) -> Self {
        let views = settings.test_views;
        // Other views than those trained with.
        let sample = |digits: Vec<Digit>, stream| {
            Sample::new(&digits, views, settings.seed.wrapping_add(stream), device)
        };
        // No training has seen any digit of the unseen classes.
        let all = digits.train.iter().chain(&digits.test);
        Self {
            unseen: sample(of(&UNSEEN, all), 0x0a5e),
            trained: sample(of(&TRAINED, &digits.test), 0x7e57),
            views,
        }
    }

    /// The recall by the directions of the vectors that are made of the views, and the directions of the unseen
    /// classes.
    pub fn evaluate(&self, vectors: impl Fn(&Sample) -> Tensor<2>) -> (Recall, Tensor<2>) {
        let [unseen, trained] =
            [&self.unseen, &self.trained].map(|sample| directions(vectors(sample)));
        let recall = Recall {
            unseen_classes: recall_at_1(unseen.clone(), &self.unseen.labels, self.views),
            trained_classes: recall_at_1(trained, &self.trained.labels, self.views),
        };
        (recall, unseen)
    }
}

/// How often the nearest has the same class. So many `views` of one digit follow each other; to one another they are
/// no answer.
fn recall_at_1(directions: Tensor<2>, labels: &[usize], views: usize) -> f64 {
    let count = labels.len();
    let digits = Tensor::<1, Int>::arange(0..count as i64, &directions.device()) / views as i64;
    let same_digit = same(digits);
    let cosines = directions.clone().matmul(directions.transpose());
    let nearest = cosines.mask_fill(same_digit, -2.0).argmax(1).into_data();
    let nearest = nearest.iter::<i64>().zip(labels);
    let right = nearest.filter(|&(nearest, &label)| labels[nearest as usize] == label);
    right.count() as f64 / count as f64
}

/// Which of each two numbers are the same.
fn same(numbers: Tensor<1, Int>) -> Tensor<2, Bool> {
    let row = numbers.unsqueeze_dim::<2>(0);
    row.clone().transpose().equal(row)
}

/// Mean distances of the directions of embeddings `[N, D]`, 0 to 2: of views of one class, and of views of different
/// classes.
pub fn distances(embeddings: Tensor<2>, labels: Tensor<1, Int>) -> [f64; 2] {
    let count = embeddings.dims()[0] as f64;
    let directions = directions(embeddings);
    let cosines = directions.clone().matmul(directions.transpose());
    let distances = (cosines * -2.0 + 2.0).clamp_min(0.0).sqrt();
    let same_class = same(labels).float();
    let scalar = |tensor: Tensor<1>| f64::from(tensor.into_scalar::<f32>());
    let near = scalar((distances.clone() * same_class.clone()).sum());
    let all = scalar(distances.sum());
    // A view is no pair with itself; its distance to itself is 0.
    let own_class = scalar(same_class.sum());
    [
        near / (own_class - count),
        (all - near) / (count * count - own_class),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use support::device::DeviceName;

    #[test]
    fn the_nearest_other_digit_decides() {
        let vectors = [[1.0, 0.0], [9.0, 1.0], [0.0, 1.0], [0.1, 1.0], [0.3, 1.0]];
        let device = DeviceName::choose(None).expect("a device").open();
        let recall = |labels: &[usize], views| {
            recall_at_1(
                directions(Tensor::from_floats(vectors, &device)),
                labels,
                views,
            )
        };
        assert_eq!(recall(&[6, 6, 8, 8, 8], 1), 1.0);
        assert_eq!(recall(&[6, 6, 8, 8, 9], 1), 0.8);
        // The first two are views of one digit, and so are the next two.
        assert_eq!(recall(&[6, 6, 8, 8, 8], 2), 0.6);
    }

    #[test]
    fn distances_are_averaged_within_and_between_classes() {
        let device = DeviceName::choose(None).expect("a device").open();
        let embeddings = [[2.0, 0.0], [0.0, 1.0], [-3.0, 0.0]];
        let labels = Tensor::<1, Int>::from_ints([7, 7, 8], &device);
        let [positive, negative] = distances(Tensor::from_floats(embeddings, &device), labels);
        let corner = 2.0_f64.sqrt();
        assert!((positive - corner).abs() < 1e-5, "{positive}");
        assert!((negative - (2.0 + corner) / 2.0).abs() < 1e-5, "{negative}");
    }
}

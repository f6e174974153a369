//! How often what is nearest has the same class.

use burn::tensor::{Int, Tensor};
use serde::Serialize;

use crate::vectors::directions;

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Recall {
    /// Share of views, 0 to 1, to which a view of another digit of their class is nearest.
    pub recall_at_1: f64,
}

impl Recall {
    /// Of vectors `[N, D]`, on a device without autodiff, by their directions. So many `views` of one
    /// digit follow each other; to one another they are no answer.
    pub fn new(vectors: Tensor<2>, labels: &[usize], views: usize) -> Self {
        let device = vectors.device();
        let digits: Vec<i32> = (0..labels.len()).map(|row| (row / views) as i32).collect();
        let digits = Tensor::<1, Int>::from_ints(digits.as_slice(), &device).unsqueeze_dim::<2>(0);
        let same_digit = digits.clone().transpose().equal(digits);
        let directions = directions(vectors);
        let cosines = directions.clone().matmul(directions.transpose());
        let others = cosines.mask_fill(same_digit, -2.0);
        let nearest = others.argmax(1).into_data();
        let right = nearest
            .iter::<i64>()
            .zip(labels)
            .filter(|&(nearest, &label)| labels[nearest as usize] == label)
            .count();
        Self {
            recall_at_1: right as f64 / labels.len().max(1) as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceName;

    #[test]
    fn the_nearest_other_digit_decides() {
        let device = DeviceName::choose(None).expect("a device").open();
        let vectors = [[1.0, 0.0], [9.0, 1.0], [0.0, 1.0], [0.1, 1.0], [0.3, 1.0]];
        let recall = |labels: &[usize], views| {
            let vectors = Tensor::from_floats(vectors, &device);
            Recall::new(vectors, labels, views).recall_at_1
        };
        assert_eq!(recall(&[6, 6, 8, 8, 8], 1), 1.0);
        assert_eq!(recall(&[6, 6, 8, 8, 9], 1), 0.8);
    }

    #[test]
    fn views_of_the_same_digit_are_no_answer() {
        let device = DeviceName::choose(None).expect("a device").open();
        let vectors = [[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]];
        let recall = Recall::new(Tensor::from_floats(vectors, &device), &[6, 6, 8, 8], 2);
        assert_eq!(recall.recall_at_1, 0.0);
    }
}

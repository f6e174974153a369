//! The triplet loss, and which triplets of a batch it is made of.

use burn_losses::{Distance, Mining, MiningReduction, TripletLoss, TripletLossConfig};
use serde::Serialize;

/// A way to choose triplets: a view, another of its class and one of another class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// For each view the farthest of its class and the nearest of another.
    BatchHard,
    /// For each two of a class the nearest of another that is farther away than they are apart.
    SemiHard,
    /// All triplets there are.
    BatchAll,
}

impl Strategy {
    pub const ALL: [Self; 3] = [Self::BatchHard, Self::SemiHard, Self::BatchAll];

    pub fn name(self) -> &'static str {
        match self {
            Self::BatchHard => "batch-hard",
            Self::SemiHard => "semi-hard",
            Self::BatchAll => "batch-all",
        }
    }

    /// The colour in pictures.
    pub fn color(self) -> &'static str {
        match self {
            Self::BatchHard => "#e15759",
            Self::SemiHard => "#4e79a7",
            Self::BatchAll => "#59a14f",
        }
    }

    /// A loss on the distances between directions: the mean over the triplets that are not yet as they
    /// should be.
    pub fn loss(self, margin: f64) -> TripletLoss {
        let mining = match self {
            Self::BatchHard => Mining::BatchHard,
            Self::SemiHard => Mining::SemiHard,
            Self::BatchAll => Mining::BatchAll,
        };
        TripletLossConfig::new()
            .with_mining(mining)
            .with_margin(margin)
            .with_distance(Distance::Euclidean)
            .with_normalize(true)
            .with_reduction(MiningReduction::MeanNonZero)
            .init()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceName;
    use burn::tensor::{Int, Tensor};

    /// The loss of directions at these angles, and how large its gradient is.
    fn loss(strategy: Strategy, angles: &[f32], labels: &[i32], margin: f64) -> (f32, f32) {
        let device = DeviceName::choose(None)
            .expect("a device")
            .open()
            .autodiff();
        let angles = Tensor::<1>::from_floats(angles, &device);
        let embeddings = Tensor::stack(vec![angles.clone().cos(), angles.sin()], 1)
            .detach()
            .require_grad();
        let labels = Tensor::<1, Int>::from_ints(labels, &device);
        let loss = strategy.loss(margin).forward(embeddings.clone(), labels);
        let gradient = embeddings.grad(&loss.backward()).expect("it is tracked");
        let size = gradient.abs().sum().into_scalar::<f32>();
        (loss.into_scalar::<f32>(), size)
    }

    #[test]
    fn classes_that_are_apart_leave_nothing_to_learn() {
        for strategy in Strategy::ALL {
            let (loss, gradient) = loss(strategy, &[0.0, 0.1, 3.0, 3.1], &[4, 4, 5, 5], 0.2);
            assert_eq!((loss, gradient), (0.0, 0.0), "{strategy:?}");
        }
    }

    #[test]
    fn classes_that_touch_are_told_apart_by_every_strategy() {
        for strategy in Strategy::ALL {
            // The nearest negatives are just beyond the positives.
            let (loss, gradient) = loss(strategy, &[0.0, 0.5, 1.05, 1.6], &[0, 0, 1, 1], 0.2);
            assert!(loss > 0.0 && loss < 0.4, "{strategy:?}: {loss}");
            assert!(gradient.is_finite() && gradient > 0.0, "{strategy:?}");
        }
    }

    #[test]
    fn the_hardest_triplets_weigh_most() {
        let hard = loss(
            Strategy::BatchHard,
            &[0.0, 1.0, 0.4, 1.5],
            &[0, 0, 1, 1],
            0.2,
        );
        let all = loss(
            Strategy::BatchAll,
            &[0.0, 1.0, 0.4, 1.5],
            &[0, 0, 1, 1],
            0.2,
        );
        assert!(hard.0 > all.0, "{hard:?} {all:?}");
    }
}

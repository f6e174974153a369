//! Lists of triplets.

use crate::backend::runs_on_cpu;
use burn::tensor::{Bool, Int, Tensor};

/// Triplets of embeddings, as indices: anchors are among the embeddings, positives and negatives are among the
/// embeddings or in the reference set.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::TripletMinerConfig;
///
/// let device = Device::flex();
/// let embeddings = Tensor::<2>::from_floats([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]], &device);
/// let labels = Tensor::<1, Int>::from_ints([7, 7, 8], &device);
/// let triplets = TripletMinerConfig::new().init().mine(embeddings, labels);
/// assert_eq!(triplets.len(), 2);
/// assert_eq!(triplets.negatives.into_data().iter::<i64>().collect::<Vec<_>>(), [2, 2]);
/// ```
#[derive(Clone, Debug)]
pub struct Triplets {
    /// The indices of the anchors, `[T]`.
    pub anchors: Tensor<1, Int>,
    /// The indices of the positives, `[T]`.
    pub positives: Tensor<1, Int>,
    /// The indices of the negatives, `[T]`.
    pub negatives: Tensor<1, Int>,
}

impl Triplets {
    /// Returns the number of triplets.
    pub fn len(&self) -> usize {
        self.anchors.dims()[0]
    }

    /// Returns whether there are no triplets.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Checks that there are as many of each, and on the CPU that all are indices.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub(super) fn check(&self, loss: &str, embeddings: usize, others: usize) {
        let lists = [
            ("anchors", &self.anchors, embeddings),
            ("positives", &self.positives, others),
            ("negatives", &self.negatives, others),
        ];
        for (name, list, embeddings) in lists {
            let (given, wanted) = (list.dims()[0], self.len());
            assert!(
                given == wanted,
                "{loss}: {given} {name} for {wanted} anchors, expected as many"
            );
            if !runs_on_cpu(list) {
                continue;
            }
            for (place, index) in list.to_data().iter::<i64>().enumerate() {
                assert!(
                    usize::try_from(index).is_ok_and(|index| index < embeddings),
                    "{loss}: triplet {place} has {index} among its {name}, expected the index of \
                     one of {embeddings} embeddings, from 0 on",
                );
            }
        }
    }
}

impl Triplets {
    /// The triplets with indices that are out of range replaced by 0, and a mask of the triplets that have one. On the
    /// CPU the indices have been checked already; elsewhere the host does not wait for them.
    pub(super) fn guarded(self, embeddings: usize, others: usize) -> Candidates {
        if runs_on_cpu(&self.anchors) {
            return self.into();
        }
        let outside = |list: &Tensor<1, Int>, count: usize| {
            let below = list.clone().lower_scalar(0);
            below.bool_or(list.clone().greater_equal_scalar(count as i64))
        };
        let unknown = outside(&self.anchors, embeddings)
            .bool_or(outside(&self.positives, others))
            .bool_or(outside(&self.negatives, others));
        let inside = |list: Tensor<1, Int>| list.mask_fill(unknown.clone(), 0);
        Candidates {
            triplets: Triplets {
                anchors: inside(self.anchors),
                positives: inside(self.positives),
                negatives: inside(self.negatives),
            },
            valid: None,
            unknown: Some(unknown),
        }
    }
}

/// Triplets some of which are none.
#[derive(Clone, Debug)]
pub(super) struct Candidates {
    pub triplets: Triplets,
    /// Which are; `None`: all.
    pub valid: Option<Tensor<1, Bool>>,
    /// Which have an index out of range; `None`: none.
    pub unknown: Option<Tensor<1, Bool>>,
}

impl From<Triplets> for Candidates {
    fn from(triplets: Triplets) -> Self {
        Self {
            triplets,
            valid: None,
            unknown: None,
        }
    }
}

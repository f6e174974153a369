//! What is computed of pairs of points.

use super::object::PairObject;
use crate::formula::{AllTriplets, Gap, Measure, PairFormula};
use std::sync::Arc;

/// What is computed of pairs of points: a few numbers of each row, never all pairs at once. This is all that
/// dispatch and autodiff know of a loss.
#[derive(Clone, Debug)]
pub(crate) enum PairOperation {
    /// Sums over all pairs: `[T, N]`, or `[T, N + K]` with those of columns behind.
    All(AllPairs),
    /// Of all triplets of each row what they cost together, how many of them cost something, and how many
    /// there are: `[3, N]`.
    Triplets(Triplets),
    /// The same of one triplet for each positive: that with the nearest negative farther away than the positive, or with
    /// the farthest negative where there is none. Of triplets that are selected from all.
    SemiHard(Triplets),
    /// The measures of the pairs of a list: `[1, P]`.
    Listed(ListedPairs),
}

/// The terms of every row, summed over all pairs; of the same points none is paired with itself.
#[derive(Clone, Debug)]
pub(crate) struct AllPairs {
    pub formula: Arc<dyn PairObject>,
    pub measure: Measure,
    /// Whether columns have terms, too.
    pub both: bool,
}

impl AllPairs {
    /// The terms of the rows alone.
    pub fn new(formula: impl PairFormula, measure: Measure) -> Self {
        Self {
            formula: Arc::new(formula),
            measure,
            both: false,
        }
    }
}

/// All triplets of every row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Triplets {
    pub all: AllTriplets,
    pub measure: Measure,
}

/// A measure of listed pairs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListedPairs {
    pub measure: Measure,
}

/// A positive and a negative of each row: the farthest or the nearest positive, and the nearest negative.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "cube"), allow(dead_code))] // Nothing else has kernels for that.
pub(crate) struct Extremes {
    pub measure: Measure,
    /// What makes a distance of it.
    pub gap: Gap,
    pub farthest: bool,
}

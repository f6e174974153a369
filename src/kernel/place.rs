//! The places of overlap sums, in which every kernel leaves them: of `p t`, of `p (1 - t)`, of `(1 - p) t`, of the target `t`,
//! of `1 - t`, and of the term of each pixel.

pub(crate) const BOTH: usize = 0;
pub(crate) const PREDICTED: usize = 1;
pub(crate) const MISSED: usize = 2;
pub(crate) const TARGET: usize = 3;
pub(crate) const ABSENT: usize = 4;
pub(crate) const TERM: usize = 5;

/// How many sums there are for each sample and class.
pub(crate) const SUMS: usize = 6;

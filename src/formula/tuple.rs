//! Losses whose samples are a few numbers each.

use super::Real;
use core::fmt::Debug;

/// The loss of a sample of `P` predicted numbers against `T` numbers of a target: two boxes, the parameters of a
/// distribution and an observation, two scores and which is the better.
///
/// A formula of your own becomes a loss by [`TupleLoss::new`](crate::TupleLoss::new), or by
/// [`JointLoss::new`](crate::JointLoss::new) where each predicted number is a tensor of its own. It keeps to the contract of
/// [`Formula`](super::Formula); the sample that has to be finite is the one of ones alone. No derivative by any of
/// the numbers may be infinite, whether it is asked for or not: one that is not asked for is multiplied by 0.
pub trait TupleFormula<const P: usize, const T: usize>:
    Clone + Debug + Send + Sync + 'static
{
    /// The loss of prediction `x` against target `t`.
    fn value<R: Real>(&self, x: [R; P], t: [R; T]) -> R;
}

//! The mathematics of the losses, each written once.
//!
//! A formula is a small struct that holds its hyperparameters and one generic function over a
//! [`Real`] number. What it is evaluated with decides what comes out: an `f64` gives a plain value
//! (tests, plots), a SIMD lane gives sixteen values in the fused CPU kernel, a [`Dual`] gives the
//! value together with its derivative, a Burn tensor gives ordinary tensor operations that run on
//! any backend.
//!
//! Nothing here knows of tensors, slices, threads or reductions.

mod anchors;
mod asymmetric;
mod binary;
mod boxes;
mod class;
mod corrected;
mod counts;
mod detection;
mod distance;
mod divergence;
mod dual;
mod excess;
mod exponentials;
mod focal;
mod heavy_tail;
mod hinge;
mod likelihood;
mod lists;
mod overlap;
mod pairs;
mod real;
mod regression;
mod robust;
mod ssim;
mod triplets;
mod tuple;

pub use anchors::{AnchorFormula, SupervisedPairs, has_pairs, log_add_exp, softplus};
pub use asymmetric::Asymmetric;
pub use binary::{
    BinaryCrossEntropy, BinaryVariant, ProbabilityCrossEntropy, Smoothed, WeightedCrossEntropy,
    WeightedProbabilityCrossEntropy,
};
pub use boxes::{BoxFormat, BoxOverlap, IouKind};
pub(crate) use class::ClassList;
pub use class::{
    AdditiveMargin, Adjustment, AngularMargin, BalancedSoftmax, ClassFormula, CrossEntropy,
    EntropyAndMiss, GeneralizedCrossEntropy, Ldam, LogitAdjusted, Margin, NoMargin, Poly, SoftCap,
    SoftmaxFocal, SymmetricCrossEntropy,
};
pub(crate) use corrected::{exp_m1_near_0, ln_near_1};
pub use counts::{PoissonNll, SquaredLogRatio};
pub use detection::{GaussianFocal, QualityFocal, Varifocal};
pub use distance::{Gap, Measure, Norm};
pub use divergence::{JensenShannon, KullbackLeibler};
pub use dual::Dual;
pub(crate) use excess::divergence_term;
pub(crate) use exponentials::Exponentials;
pub use focal::SigmoidFocal;
pub(crate) use heavy_tail::barron;
pub use heavy_tail::{Barron, BarronNll};
pub use hinge::{Hinge, HingeEmbedding, Preference, SoftMargin};
pub use likelihood::{Evidential, GaussianNll, LaplaceNll, MarginRanking, StudentTNll};
pub(crate) use lists::PADDED;
pub use lists::{Compared, ListFormula, LowerItems, PairwiseHinge, PairwiseLogistic, Precedence};
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(crate) use overlap::errors;
pub(crate) use overlap::{Activation, of_channel, overlaps};
pub use overlap::{FocalTversky, Matthews, Overlap, OverlapFormula, Tversky};
pub use pairs::{
    CirclePairs, HardNegatives, Kind, MarginPairs, NegativeReach, OnePositive, PairFormula,
    ScaledPairs, SigmoidPairs, Summation, Term,
};
pub use real::Real;
pub(crate) use real::Sealed;
pub use regression::{Absolute, Cauchy, Charbonnier, Huber, LogCosh, Quantile, SmoothL1, Squared};
pub use robust::{AdaptiveWing, BalancedL1, GemanMcClure, Welsch, Wing};
pub(crate) use ssim::{Moments, Ssim, SsimTerm};
pub(crate) use triplets::Rounded;
pub use triplets::{AllTriplets, PairSelection, TripletPenalty, counts};
pub use tuple::TupleFormula;

use core::fmt::Debug;

/// The loss of one prediction against one target.
///
/// A formula of your own becomes a loss by [`ElementLoss::new`](crate::ElementLoss::new).
///
/// # Contract
/// - The value and its derivative are finite where prediction and target are both 1: elements that are ignored
///   are replaced by that.
/// - Choices are made by value, with [`Real::where_below`] and its like, and neither branch has an infinite
///   derivative. Choices by hyperparameters may be an `if`.
/// - Repetitions are `for` loops: a chain of iterator adaptors is not inlined into a kernel.
/// - The function is marked `#[inline(always)]`: otherwise vectors go through memory, and the loss is many times slower.
/// - `Debug` shows the hyperparameters: on a GPU, formulas of one type that show the same share a kernel.
///
/// # Example
///
/// The value and its derivative with respect to the prediction:
/// ```
/// use burn_losses::formula::{Dual, Formula, Squared};
///
/// let loss = Squared.value(Dual::variable(3.0), Dual::constant(1.0));
/// assert_eq!((loss.value, loss.derivative()), (4.0, 4.0));
/// ```
pub trait Formula: Clone + Debug + Send + Sync + 'static {
    /// The loss of prediction `x` against target `t`.
    fn value<R: Real>(&self, x: R, t: R) -> R;
}

/// The loss of one prediction against one target, with a parameter that differs from column to
/// column (the last dimension): a quantile, a class weight.
///
/// Every [`Formula`] is one that does not look at its column. A formula of your own becomes a loss by
/// [`ElementLoss::with_columns`](crate::ElementLoss::with_columns); it keeps to the contract of [`Formula`].
pub trait ColumnFormula: Clone + Debug + Send + Sync + 'static {
    /// The loss of prediction `x` against target `t` in a column whose parameter is `column`.
    fn value_in_column<R: Real>(&self, x: R, t: R, column: R) -> R;
}

impl<F: Formula> ColumnFormula for F {
    #[inline(always)]
    fn value_in_column<R: Real>(&self, x: R, t: R, _column: R) -> R {
        self.value(x, t)
    }
}

//! How much of a mask is predicted: losses of the sums of true and false positives and negatives.

use super::{Real, focal::power};
use core::fmt::Debug;

/// Sums over the pixels of a class, for probabilities `p` and targets `t`.
#[derive(Clone, Debug)]
pub struct Overlap<R> {
    /// True positives, `sum p t`.
    pub both: R,
    /// False positives, `sum p (1 - t)`.
    pub predicted: R,
    /// False negatives, `sum (1 - p) t`.
    pub missed: R,
    /// What is not there, `sum (1 - t)`.
    pub absent: R,
}

impl<R: Real> Overlap<R> {
    /// True negatives, `sum (1 - p) (1 - t)`. Rounding is no pixel: they are 0 at least.
    pub fn neither(&self) -> R {
        (self.absent.clone() - self.predicted.clone()).at_least(0.0)
    }
}

/// The loss of a class from its overlap.
///
/// A formula of your own becomes a loss by [`MaskLoss::new`](crate::MaskLoss::new). It is finite, with a finite slope, for
/// sums that are all 0, and has no branch (picked or not) with an infinite slope.
pub trait OverlapFormula: Clone + Debug + Send + Sync + 'static {
    /// The loss of a class.
    fn value<R: Real>(&self, overlap: Overlap<R>) -> R;
}

/// The least score whose logarithm is taken.
const LEAST_SCORE: f64 = 1e-7;

/// `-ln score`, where the score is 1 less a loss: each side of one half by what has more digits there.
fn logarithm<R: Real>(loss: R, score: R) -> R {
    let near = -(-loss.clone().at_most(0.9)).ln_1p();
    loss.where_below(0.5, near, -score.at_least(LEAST_SCORE).ln())
}

/// `1 - (TP + s) / (TP + a FP + b FN + s)` (Salehi et al., 2017), written as what is missed, so that it keeps its digits near 0.
///
/// Half of the errors on each side is Dice (Milletari et al., 2016), all of them Jaccard.
#[derive(Clone, Copy, Debug)]
pub struct Tversky {
    /// a
    pub false_positives: f64,
    /// b
    pub false_negatives: f64,
    /// s
    pub smooth: f64,
    /// Whether the loss is the negative logarithm of the ratio.
    pub log: bool,
}

impl OverlapFormula for Tversky {
    fn value<R: Real>(&self, overlap: Overlap<R>) -> R {
        let wrong =
            overlap.predicted * self.false_positives + overlap.missed * self.false_negatives;
        let right = overlap.both + self.smooth;
        let all = right.clone() + wrong.clone();
        let loss = wrong.over(all.clone(), 0.0);
        match self.log {
            true => logarithm(loss, right.over(all, 0.0)),
            false => loss,
        }
    }
}

/// A [`Tversky`] loss to the power `1 / gamma` (Abraham and Khan, 2019).
#[derive(Clone, Copy, Debug)]
pub struct FocalTversky {
    /// The loss.
    pub tversky: Tversky,
    /// gamma
    pub gamma: f64,
}

impl OverlapFormula for FocalTversky {
    fn value<R: Real>(&self, overlap: Overlap<R>) -> R {
        let loss = self.tversky.value(overlap);
        // The slope of a root is infinite at 0, where there is nothing left to learn.
        let inside = loss.where_equal(0.0, loss.constant(1.0), loss.clone());
        loss.where_equal(0.0, loss.constant(0.0), power(inside, 1.0 / self.gamma))
    }
}

/// `1 - (TP TN - FP FN) / sqrt((TP + FP) (TP + FN) (TN + FP) (TN + FN))`, the correlation of prediction and target
/// (Abhishek and Hamarneh, 2021). Where a side is empty it is 1, or 0 without an error.
#[derive(Clone, Copy, Debug)]
pub struct Matthews;

/// A share of all pixels that is none: products of such shares have no root with a slope.
const EMPTY: f64 = 1e-18;

impl OverlapFormula for Matthews {
    fn value<R: Real>(&self, overlap: Overlap<R>) -> R {
        let neither = overlap.neither();
        let Overlap {
            both,
            predicted,
            missed,
            ..
        } = overlap;
        let wrong = predicted.clone() + missed.clone();
        // As shares of all pixels: a product of four counts leaves the range of `f32`.
        let all = both.clone() + wrong.clone() + neither.clone();
        let share = |sum: R| sum.over(all.clone(), 0.0);
        let [tp, fp, fn_, tn] = [both, predicted, missed, neither].map(share);
        let sides = [
            tp.clone() + fp.clone(),
            tp.clone() + fn_.clone(),
            tn.clone() + fp.clone(),
            tn.clone() + fn_.clone(),
        ];
        let least = sides.clone().into_iter().reduce(R::smaller);
        let least = least.expect("four sides");
        let [a, b, c, d] =
            sides.map(|side| side.where_below(EMPTY, side.constant(1.0), side.clone()));
        let root = (a.clone() * b.clone()).sqrt() * (c.clone() * d.clone()).sqrt();
        let far = -(tp * tn - fp.clone() * fn_.clone()).over(root.clone(), 0.0) + 1.0;
        // Near 0 by what each side lacks of 1, of which no digits are lost.
        let lacking = [(&fp, a), (&fn_, b), (&fp, c), (&fn_, d)];
        let mut sum = fp.constant(0.0);
        for (wrong, side) in lacking {
            sum = sum + (-wrong.clone().over(side, 0.0).at_most(0.9)).ln_1p();
        }
        let near = -(sum * 0.5).exp_m1() + (fp * fn_).over(root, 0.0);
        let loss = far.where_below(0.1, near, far.clone());
        let loss = least.where_below(EMPTY, least.constant(1.0), loss);
        wrong.where_equal(0.0, wrong.constant(0.0), loss)
    }
}

/// What probabilities are made of logits by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Activation {
    /// The softmax of all classes.
    Softmax,
    /// The sigmoid of each.
    Sigmoid,
    /// Nothing: they are probabilities.
    None,
}

/// A probability by itself, and what it lacks of 1.
#[inline(always)]
pub(crate) fn of_channel<R: Real>(x: R, activation: Activation) -> [R; 2] {
    if activation == Activation::None {
        let miss = -(x.clone() - 1.0);
        return [x, miss];
    }
    let decay = x.where_below(0.0, x.clone(), -x.clone()).exp();
    let near = x.constant(1.0) / (decay.clone() + 1.0);
    let far = decay * near.clone();
    let p = x.where_below(0.0, far.clone(), near.clone());
    [p, x.where_below(0.0, near, far)]
}

/// What is predicted and is not there, and what is there and is not predicted; squared, the squares of both.
#[inline(always)]
pub(crate) fn errors<R: Real>([p, miss]: [R; 2], t: R, squared: bool) -> [R; 2] {
    let predicted = p * -(t.clone() - 1.0);
    let missed = miss * t;
    if !squared {
        return [predicted, missed];
    }
    let error = predicted - missed;
    let (square, zero) = (error.clone() * error.clone(), error.constant(0.0));
    let missed = error.where_below(0.0, square.clone(), zero.clone());
    [error.where_below(0.0, zero, square), missed]
}

/// What a pixel adds to the sums of an [`Overlap`] but the last: `p t`, and its [errors].
#[inline(always)]
pub(crate) fn overlaps<R: Real>([p, miss]: [R; 2], t: R, squared: bool) -> [R; 3] {
    let both = p.clone() * t.clone();
    let [predicted, missed] = errors([p, miss], t, squared);
    [both, predicted, missed]
}

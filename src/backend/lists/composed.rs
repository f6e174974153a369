//! Sums over pairs as Burn's own operations, a stretch of items at a time.
//!
//! Called with tensors that no autodiff tracks, `sums` and `gradient` never hold more than a stretch of pairs.

use super::{inputs::ListMembers, object::ListObject};
use crate::formula::{Compared, PADDED};
use burn::tensor::{Bool, Int, Tensor};
use core::ops::Range;

/// How many pairs there are in a stretch, if one item has no more.
const PAIRS: usize = 1 << 22;

/// What each item costs, or each list.
pub(super) fn sums(
    formula: &dyn ListObject,
    scores: &Tensor<2>,
    members: &ListMembers,
) -> Tensor<2> {
    let relevances = match members {
        ListMembers::Relevances(relevances) => relevances,
        ListMembers::Class(classes) => {
            let class = Class::new(scores, classes);
            let costs = formula.value(class.differences.unsqueeze_dim::<3>(2));
            let costs = costs.squeeze_dim::<2>(2).mask_fill(class.itself, 0.0);
            return costs.sum_dim(1).mask_fill(class.strange, f64::NAN);
        }
    };
    let marks = Marks::new(formula.compared(), relevances);
    let sums = stretches(scores).map(|items| {
        let costs = formula.value(differences(scores, items.clone()));
        let sums = costs.mask_fill(marks.outside(items), 0.0).sum_dim(2);
        sums.squeeze_dim::<2>(2)
    });
    Tensor::cat(sums.collect(), 1)
}

/// What an upstream gradient of the sums is to the scores; where that is 0 it stays 0, whatever they hold.
pub(super) fn gradient(
    formula: &dyn ListObject,
    scores: &Tensor<2>,
    members: &ListMembers,
    upstream: Tensor<2>,
) -> Tensor<2> {
    let relevances = match members {
        ListMembers::Relevances(relevances) => relevances,
        ListMembers::Class(classes) => {
            let class = Class::new(scores, classes);
            let slopes = formula.derivative(class.differences.unsqueeze_dim::<3>(2));
            let slopes = slopes.squeeze_dim::<2>(2);
            let none = upstream.clone().equal_scalar(0.0);
            let none = none.bool_or(class.itself.clone());
            let slopes = (slopes * upstream.clone()).mask_fill(none, 0.0);
            let unknown = class.strange.bool_and(upstream.not_equal_scalar(0.0));
            let own = slopes
                .clone()
                .sum_dim(1)
                .mask_fill(unknown.clone(), f64::NAN);
            let shape = scores.shape();
            let others = (-slopes).mask_fill(unknown.expand(shape.clone()), f64::NAN);
            return others.mask_where(class.itself, own.expand(shape));
        }
    };
    let marks = Marks::new(formula.compared(), relevances);
    let mut to_others: Option<Tensor<2>> = None;
    let mut own = Vec::new();
    for items in stretches(scores) {
        let slopes = formula.derivative(differences(scores, items.clone()));
        let upstream = upstream.clone().slice([0..scores.dims()[0], items.clone()]);
        let upstream = upstream.unsqueeze_dim::<3>(2);
        let none = upstream.clone().equal_scalar(0.0);
        let none = none.expand(slopes.shape()).bool_or(marks.outside(items));
        let slopes = (slopes * upstream).mask_fill(none, 0.0);
        own.push(slopes.clone().sum_dim(2).squeeze_dim::<2>(2));
        let part = slopes.sum_dim(1).squeeze_dim::<2>(1);
        to_others = Some(match to_others {
            Some(before) => before + part,
            None => part,
        });
    }
    Tensor::cat(own, 1) - to_others.expect("there is an item")
}

/// The items of all lists, a stretch at a time.
fn stretches(scores: &Tensor<2>) -> impl Iterator<Item = Range<usize>> {
    let [lists, length] = scores.dims();
    let stretch = (PAIRS / (lists * length)).clamp(1, length);
    let starts = (0..length).step_by(stretch);
    starts.map(move |start| start..length.min(start + stretch))
}

/// How far the scores of some items are above all of their list, `[B, K, L]`.
fn differences(scores: &Tensor<2>, items: Range<usize>) -> Tensor<3> {
    let own = scores.clone().slice([0..scores.dims()[0], items]);
    own.unsqueeze_dim::<3>(2) - scores.clone().unsqueeze_dim::<3>(1)
}

/// The marks of items: i is compared with those j that have `lower[j] < upper[i]`, and are others.
struct Marks {
    lower: Tensor<3>,
    upper: Tensor<2>,
    places: Option<Tensor<3, Int>>,
}

impl Marks {
    fn new(compared: Compared, relevances: &Tensor<2>) -> Self {
        let padded = relevances.clone().equal_scalar(PADDED);
        let (upper, lower) = match compared {
            Compared::Lower => (relevances.clone(), relevances.clone()),
            Compared::Others => (relevances.ones_like(), relevances.zeros_like()),
        };
        let length = relevances.dims()[1] as i64;
        let places = || Tensor::arange(0..length, &relevances.device());
        Self {
            lower: lower
                .mask_fill(padded.clone(), f64::INFINITY)
                .unsqueeze_dim(1),
            upper: upper.mask_fill(padded, PADDED),
            places: (compared == Compared::Others).then(|| places().reshape([1, 1, length])),
        }
    }

    /// Which pairs some items are not in, `[B, K, L]`.
    fn outside(&self, items: Range<usize>) -> Tensor<3, Bool> {
        let upper = self.upper.clone();
        let upper = upper.slice([0..self.upper.dims()[0], items.clone()]);
        let [lists, count] = upper.dims();
        let shape = [lists, count, self.lower.dims()[2]];
        let upper = upper.unsqueeze_dim::<3>(2).expand(shape);
        let outside = self.lower.clone().expand(shape).lower(upper).bool_not();
        match &self.places {
            None => outside,
            Some(places) => {
                let own = places.clone().slice([0..1, 0..1, items]).swap_dims(1, 2);
                let itself = places.clone().expand(shape).equal(own.expand(shape));
                outside.bool_or(itself)
            }
        }
    }
}

/// Lists in which one item is above all others.
struct Class {
    /// How far it is above each, `[B, L]`.
    differences: Tensor<2>,
    /// Where it is, `[B, L]`.
    itself: Tensor<2, Bool>,
    /// Whether it is none of the list, `[B, 1]`.
    strange: Tensor<2, Bool>,
}

impl Class {
    fn new(scores: &Tensor<2>, classes: &Tensor<1, Int>) -> Self {
        let [_, length] = scores.dims();
        let classes = classes.clone().unsqueeze_dim::<2>(1);
        let below = classes.clone().lower_elem(0);
        let strange = below.bool_or(classes.clone().greater_elem(length as i64 - 1));
        let classes = classes.mask_fill(strange.clone(), 0);
        let own = scores.clone().gather(1, classes.clone());
        let places = Tensor::<1, Int>::arange(0..length as i64, &scores.device());
        let places = places.cast(classes.dtype()).unsqueeze_dim::<2>(0);
        let itself = places.expand(scores.shape());
        Self {
            differences: own - scores.clone(),
            itself: itself.equal(classes.expand(scores.shape())),
            strange,
        }
    }
}

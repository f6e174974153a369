//! Losses of a predicted box against another.

use super::{Real, TupleFormula};
use burn::serde::{Deserialize, Serialize};
use core::f64::consts::PI;

/// What a box loss adds to the overlap.
///
/// In a configuration file it is `"iou"`, `"giou"`, `"diou"`, `"ciou"`, `"eiou"` or `"siou"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum IouKind {
    /// Nothing: boxes that do not overlap have no gradient (Yu et al., 2016).
    #[default]
    Iou,
    /// The share of the enclosing box that neither covers (Rezatofighi et al., 2019).
    Giou,
    /// The distance of the centres (Zheng et al., 2020).
    Diou,
    /// The distance of the centres and the difference of the aspect ratios (Zheng et al., 2020).
    Ciou,
    /// The distance of the centres and the differences of the sides (Zhang et al., 2021).
    Eiou,
    /// The distance of the centres, less where it is along an axis, and the differences of the sides (Gevorgyan, 2022).
    Siou,
}

/// What the four numbers of a box are.
///
/// In a configuration file it is `"xyxy"` or `"cxcywh"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum BoxFormat {
    /// Two corners: `x1, y1, x2, y2`.
    #[default]
    Xyxy,
    /// The centre and the sides: `cx, cy, w, h`.
    Cxcywh,
}

/// `1 - IoU` of two boxes, and what the kind adds.
///
/// Every term is a sum or a quotient of lengths that are 0 or above, none a difference of large areas. So the loss of
/// two boxes that are nearly the same has all its digits, and it is exactly 0 where they are the same.
#[derive(Clone, Copy, Debug)]
pub struct BoxOverlap {
    /// What is added to the overlap.
    pub kind: IouKind,
    /// What the numbers of a box are.
    pub format: BoxFormat,
}

/// Two intervals along an axis.
#[derive(Clone)]
struct Spans<R> {
    /// The length of the predicted one, and of the target.
    lengths: [R; 2],
    /// The length they have in common.
    common: R,
    /// What each has beyond that.
    alone: [R; 2],
    /// What lies between them.
    gap: R,
    /// By how much the predicted one is longer.
    longer: R,
    /// From the centre of the target to that of the prediction.
    offset: R,
}

impl<R: Real> Spans<R> {
    /// Given the lengths and their difference, the difference of the centres, and by how much the prediction reaches beyond the
    /// target to the left and to the right.
    #[inline(always)]
    fn new(lengths: [R; 2], longer: R, offset: R, [left, right]: [R; 2]) -> Self {
        let [length, target] = lengths.clone();
        let beyond = reach(left.clone()) + reach(right.clone());
        let short = reach(-left.clone()) + reach(-right.clone());
        let alone = [beyond.smaller(length.clone()), short.smaller(target)];
        let between = (left.clone() - length.clone()).positive_part();
        let gap = between + (right - length.clone()).positive_part();
        Self {
            common: length - alone[0].clone(),
            lengths,
            alone,
            gap,
            longer,
            offset,
        }
    }

    /// Of the start and the end of each. One that ends before it starts is a point.
    #[inline(always)]
    fn of_ends([start, end]: [R; 2], [target_start, target_end]: [R; 2]) -> Self {
        let end = no_less(end, &start);
        let target_end = no_less(target_end, &target_start);
        let lengths = [
            end.clone() - start.clone(),
            target_end.clone() - target_start.clone(),
        ];
        let (left, right) = (target_start - start, end - target_end);
        // Of ends that lie close to each other the difference is known best from these, of others from the lengths. Both have a slope
        // at an end that both intervals have.
        let [length, target] = lengths.clone();
        let apart = left.clone().larger(right.clone()) - length.clone();
        let longer = apart.where_below(0.0, left.clone() + right.clone(), length - target);
        let offset = (right.clone() - left.clone()) * 0.5;
        Self::new(lengths, longer, offset, [left, right])
    }

    /// Of the centre and the length of each. A length below 0 is 0.
    #[inline(always)]
    fn of_centres([centre, length]: [R; 2], [target, target_length]: [R; 2]) -> Self {
        let (length, target_length) = (length.at_least(0.0), target_length.at_least(0.0));
        let offset = centre - target;
        let longer = length.clone() - target_length.clone();
        let half = longer.clone() * 0.5;
        let left = half.clone() - offset.clone();
        let right = half + offset.clone();
        Self::new([length, target_length], longer, offset, [left, right])
    }

    /// The length of what one of them covers, or both.
    #[inline(always)]
    fn covered(&self) -> R {
        let [beyond, short] = self.alone.clone();
        self.common.clone() + beyond + short
    }

    /// The length of what encloses both.
    #[inline(always)]
    fn hull(&self) -> R {
        self.covered() + self.gap.clone()
    }

    /// The larger of the lengths.
    #[inline(always)]
    fn longest(&self) -> R {
        let [length, target] = self.lengths.clone();
        length.larger(target)
    }
}

/// By how much one end lies beyond another: the positive part. Where both are the same each of the two intervals has half of the
/// slope, as of `torch.max` and `torch.min` of equal numbers; so what an end adds to both together is always 1.
#[inline(always)]
fn reach<R: Real>(x: R) -> R {
    x.where_equal(0.0, x.clone() * 0.5, x.clone().positive_part())
}

/// The end of an interval that begins there.
#[inline(always)]
fn no_less<R: Real>(end: R, start: &R) -> R {
    (end.clone() - start.clone()).where_below(0.0, start.clone(), end)
}

#[inline(always)]
fn square<R: Real>(x: R) -> R {
    x.clone() * x
}

impl BoxOverlap {
    #[inline(always)]
    fn spans<R: Real>(&self, x: [R; 2], t: [R; 2]) -> Spans<R> {
        match self.format {
            BoxFormat::Xyxy => Spans::of_ends(x, t),
            BoxFormat::Cxcywh => Spans::of_centres(x, t),
        }
    }
}

impl TupleFormula<4, 4> for BoxOverlap {
    #[inline(always)]
    fn value<R: Real>(&self, [x1, y1, x2, y2]: [R; 4], [t1, u1, t2, u2]: [R; 4]) -> R {
        let x = self.spans([x1, x2], [t1, t2]);
        let y = self.spans([y1, y2], [u1, u2]);
        let mut alone = x.common.constant(0.0);
        for side in 0..2 {
            let beside = x.alone[side].clone() * y.lengths[side].clone();
            alone = alone + beside + x.common.clone() * y.alone[side].clone();
        }
        let union = alone.clone() + x.common.clone() * y.common.clone();
        // Without any area there is no overlap.
        let loss = alone.over(union, 1.0);
        match self.kind {
            IouKind::Iou => loss,
            IouKind::Giou => loss + unused(&x, &y),
            IouKind::Diou => loss + distance(&x, &y),
            IouKind::Ciou => loss.clone() + distance(&x, &y) + aspect(loss, &x, &y),
            IouKind::Eiou => {
                let width = square(x.longer.clone().over(x.hull(), 0.0));
                let height = square(y.longer.clone().over(y.hull(), 0.0));
                loss + distance(&x, &y) + width + height
            }
            IouKind::Siou => loss + (turned_distance(&x, &y) + shape(&x, &y)) * 0.5,
        }
    }
}

/// The share of the enclosing box that neither box covers.
#[inline(always)]
fn unused<R: Real>(x: &Spans<R>, y: &Spans<R>) -> R {
    let ([a, b], [c, d]) = (x.alone.clone(), y.alone.clone());
    let corners = a * d + b * c;
    let strips = x.gap.clone() * y.hull() + x.covered() * y.gap.clone();
    (corners + strips).over(x.hull() * y.hull(), 0.0)
}

/// The squared distance of the centres over that of the corners of the enclosing box.
#[inline(always)]
fn distance<R: Real>(x: &Spans<R>, y: &Spans<R>) -> R {
    let apart = square(x.offset.clone()) + square(y.offset.clone());
    apart.over(square(x.hull()) + square(y.hull()), 0.0)
}

/// The difference of the aspect ratios as an angle, by how much it matters: less where boxes overlap little.
#[inline(always)]
fn aspect<R: Real>(loss: R, x: &Spans<R>, y: &Spans<R>) -> R {
    let ([w, target_w], [h, target_h]) = (x.lengths.clone(), y.lengths.clone());
    // The angle `atan(w / h)` of a point is 0, as that of a vertical line.
    let (raised, target_raised) = (raise(&w, &h), raise(&target_w, &target_h));
    let (tall, target_tall) = (h + raised.clone(), target_h + target_raised.clone());
    // The angle between both, from the differences of the sides.
    let taller = y.longer.clone() + raised - target_raised;
    let across = w.clone() * taller - x.longer.clone() * tall.clone();
    let angle = across.atan2(tall * target_tall + w * target_w);
    let v = square(angle) * (4.0 / (PI * PI));
    let alpha = v.clone().over(loss + v.clone(), 0.0).detach();
    alpha * v
}

/// 1 where both sides are 0, else 0.
#[inline(always)]
fn raise<R: Real>(w: &R, h: &R) -> R {
    (w.clone() + h.clone()).where_equal(0.0, w.constant(1.0), w.constant(0.0))
}

/// The distance of the centres along each axis, that counts more the nearer it is to an axis.
#[inline(always)]
fn turned_distance<R: Real>(x: &Spans<R>, y: &Spans<R>) -> R {
    const TINY: f64 = f32::MIN_POSITIVE as f64;
    let (dx, dy) = (x.offset.clone().abs(), y.offset.clone().abs());
    let far = dx.clone().larger(dy.clone());
    let divisor = far.where_below(TINY, far.constant(1.0), far.clone());
    let slope = dx.smaller(dy) / divisor;
    // Twice sine and cosine of the angle with the axis.
    let angle = slope.clone() * 2.0 / (square(slope) + 1.0);
    let rate = angle - 2.0;
    let share_x = square(x.offset.clone().over(x.hull(), 0.0));
    let share_y = square(y.offset.clone().over(y.hull(), 0.0));
    -((rate.clone() * share_x).exp_m1() + (rate * share_y).exp_m1())
}

/// The differences of the sides.
#[inline(always)]
fn shape<R: Real>(x: &Spans<R>, y: &Spans<R>) -> R {
    let width = x.longer.clone().abs().over(x.longest(), 0.0);
    let height = y.longer.clone().abs().over(y.longest(), 0.0);
    (-width).exp_m1().powi(4) + (-height).exp_m1().powi(4)
}

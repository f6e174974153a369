//! One row: its loss, and its gradient.
//!
//! With `l_c = a_c - ln sum_k e^(a_k)` for the logits a, the loss `sum_c f_c phi(l_c)` has the
//! derivative `f_c phi'(l_c) - p_c sum_k f_k phi'(l_k)` by `a_c`. Cross entropy has `phi' = -1`, so
//! everything it needs is `sum_c f_c (a_c - max)`, gathered while the exponentials are summed. A
//! target that is one class needs `phi` at that class alone, in `f64`. Only a distribution under
//! another `phi` takes passes of its own.
//!
//! Sums leave out the largest logit: its exponential is 1, beside which those of an easy row would be
//! lost. Its own terms are added in `f64`, and so is its gradient, `f phi' (1 - p) - p sum f_k phi'`
//! over the others.

use super::{
    buffers::RowLogits,
    curved::Stretch,
    lanes::{first, for_lanes, load, max, place_of, store, total, without},
    spec::Constants,
};
use crate::{
    formula::{Real, divergence_term},
    kernel::cpu::{
        lane::Lane,
        simd::{All, Body, Half, Isa, WIDTH},
    },
};

/// Below this a divergence has lost digits to terms that cancel.
const NEAR: f64 = 0.1;

/// Below this an exponential has lost its logarithm.
const LEAST: f64 = f32::MIN_POSITIVE as f64;

/// An exponential, or what it is of, which is negative, where its logarithm would be lost.
#[inline(always)]
fn or_logarithm<I: Isa>(exponential: Lane<I>, logarithm: Lane<I>) -> Lane<I> {
    exponential.where_below(LEAST, logarithm, exponential)
}

/// The target of a row.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// All of one class.
    Class(usize),
    /// A share for each class.
    Shares(*const f32),
}

/// A row in work.
pub(super) struct Row<'a> {
    pub constants: &'a Constants<'a>,
    pub logits: RowLogits,
    pub gradient: Option<*mut f32>,
    /// Room for the slopes of a soft cap, where there is one and a gradient is wanted.
    pub slopes: Option<*mut f32>,
    pub target: Target,
    /// What the gradient is multiplied with.
    pub factor: f64,
}

/// A row whose target is a distribution, which few losses have. Compiled as a function of its own: as a part of the
/// kernel it cost seconds of build time.
struct Distribution<'a> {
    row: &'a Row<'a>,
    logits: *const f32,
    peak: Peak,
    stretch: &'a mut Stretch,
}

impl Body for Distribution<'_> {
    type Output = f64;

    type Widest = All;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> f64 {
        let (row, logits, peak) = (self.row, self.logits, self.peak);
        // SAFETY: it is made in `Row::evaluate`, whose caller has promised this.
        unsafe {
            match row.constants.is_linear {
                true => row.of_distribution(isa, logits, peak),
                false => row.of_curved_distribution(isa, logits, peak, self.stretch),
            }
        }
    }
}

/// [`Row::near_divergence`], which fewer need.
struct NearDivergence<'a> {
    row: &'a Row<'a>,
    logits: *const f32,
    ln_shares: *const f32,
    softmax: &'a Softmax,
}

impl Body for NearDivergence<'_> {
    type Output = f64;

    type Widest = Half;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> f64 {
        let (logits, ln_shares) = (self.logits, self.ln_shares);
        // SAFETY: it is made for a row in work.
        unsafe {
            self.row
                .near_divergence(isa, logits, ln_shares, self.softmax)
        }
    }
}

/// The largest logit of a row.
#[derive(Clone, Copy)]
pub(super) struct Peak {
    pub max: f32,
    /// The first class that has it.
    pub class: usize,
    /// What it is above itself: 0, or NaN where it is infinite or nothing is a number.
    rest: f64,
}

impl Peak {
    /// # Safety
    /// There are that many logits, at least one.
    #[inline(always)]
    unsafe fn of<I: Isa>(isa: I, logits: *const f32, classes: usize) -> Self {
        // SAFETY: as promised by the caller.
        unsafe {
            let max = max(isa, logits, classes);
            let class = place_of(logits, classes, max);
            Self {
                max,
                class,
                rest: (*logits.add(class) - max) as f64,
            }
        }
    }
}

/// The softmax of a row: `p_c = e^(a_c - max) / sum`.
#[derive(Clone, Copy)]
pub(super) struct Softmax {
    pub max: f32,
    /// The class of the largest logit.
    pub top: usize,
    /// The sum of the exponentials of all other classes, to all its digits however small.
    pub others: f64,
    pub sum: f64,
    pub ln_sum: f64,
}

impl Softmax {
    /// With the sum of the exponentials of all classes but that of the peak.
    pub fn of(peak: Peak, others: f64) -> Self {
        let others = others + peak.rest;
        Self {
            max: peak.max,
            top: peak.class,
            others,
            sum: 1.0 + others,
            ln_sum: others.ln_1p(),
        }
    }

    /// The logarithm of the sum of the exponentials of the logits.
    fn log_sum(&self) -> f64 {
        self.max as f64 + self.ln_sum
    }

    /// The probability of a class whose exponential is `e`, and what it lacks of 1.
    fn probability(&self, class: usize, e: f64) -> (f64, f64) {
        let rest = match class == self.top {
            true => self.others,
            false => self.sum - e,
        };
        (e / self.sum, rest / self.sum)
    }

    /// The probability of the largest logit, and what it lacks of 1.
    pub fn of_top(&self) -> (f64, f64) {
        self.probability(self.top, 1.0)
    }
}

impl Row<'_> {
    /// The loss of the row; its gradient is written. There is room for a stretch of classes.
    ///
    /// # Safety
    /// The pointers are valid for as many elements as there are classes, and only the gradient may be
    /// the same memory as the logits.
    #[inline(always)]
    pub unsafe fn evaluate<I: Isa>(&self, isa: I, stretch: &mut Stretch) -> f64 {
        let spec = self.constants.row;
        // SAFETY: as promised by the caller; so in all that follows.
        unsafe {
            let (logits, slope_of_margin) = self.transformed(isa);
            let classes = self.constants.classes;
            let peak = Peak::of(isa, logits, classes);
            let linear = self.constants.is_linear;
            let loss = match self.target {
                Target::Class(class)
                    if spec.smoothing == 0.0 || linear && spec.weights.is_empty() =>
                {
                    self.of_class(isa, logits, peak, class)
                }
                _ => self.constants.choice.run(Distribution {
                    row: self,
                    logits,
                    peak,
                    stretch,
                }),
            };
            self.through_transform(isa, slope_of_margin);
            spec.factor * loss
        }
    }

    /// The factor of everything in the gradient by the transformed logits.
    pub(super) fn gradient_factor(&self) -> f64 {
        self.factor * self.constants.row.factor * self.constants.row.scale
    }

    /// A target that is one class, with the rest of it spread evenly under cross entropy.
    #[inline(always)]
    unsafe fn of_class<I: Isa>(&self, isa: I, logits: *const f32, peak: Peak, class: usize) -> f64 {
        let constants = self.constants;
        let spec = constants.row;
        let max = peak.max;
        // SAFETY: as promised by the caller of `evaluate`; the class is in range.
        unsafe {
            let own = *logits.add(class) - max;
            let (mut sum, mut below) = (isa.no_sum(), isa.no_sum());
            if spec.smoothing == 0.0 {
                for_lanes!(constants.classes, |start, count| {
                    let shifted = load(isa, logits, start, count, max) - Lane::splat(isa, max);
                    sum = self.exponential(isa, shifted, sum, start, count, peak);
                });
            } else {
                for_lanes!(constants.classes, |start, count| {
                    let shifted = load(isa, logits, start, count, max) - Lane::splat(isa, max);
                    sum = self.exponential(isa, shifted, sum, start, count, peak);
                    below = first(isa, shifted, count).add_to(below);
                });
            }
            let softmax = Softmax::of(peak, total(isa, sum));
            let share = (1.0 - spec.smoothing) * constants.weight(class);
            let (mut loss, slope) = if share == 0.0 {
                (0.0, 0.0)
            } else {
                let y = spec.phi.at(own as f64 - softmax.ln_sum);
                (share * y.value, share * y.slope)
            };
            let mut spread = 0.0;
            if spec.smoothing != 0.0 {
                spread = constants.uniform * constants.total_weight;
                loss += spread * softmax.ln_sum - constants.uniform * total(isa, below);
            }
            let (z_loss, z_slope) = self.z_loss(&softmax);
            if let Some(gradient) = self.gradient {
                let u = self.gradient_factor();
                let (p, miss) = softmax.probability(class, *gradient.add(class) as f64);
                let by_own = u * (slope * miss + (spread + z_slope) * p - constants.uniform);
                let by_p = u * (spread + z_slope - slope) / softmax.sum;
                let by_p = Lane::splat(isa, by_p as f32);
                let each = Lane::splat(isa, (u * constants.uniform) as f32);
                for_lanes!(constants.classes, |start, count| {
                    let e = load(isa, gradient, start, count, 0.0);
                    store(e * by_p - each, gradient, start, count);
                });
                *gradient.add(class) = by_own as f32;
            }
            loss + z_loss
        }
    }

    /// A distribution under cross entropy.
    #[inline(always)]
    unsafe fn of_distribution<I: Isa>(&self, isa: I, logits: *const f32, peak: Peak) -> f64 {
        let constants = self.constants;
        let spec = constants.row;
        let max = peak.max;
        // SAFETY: as promised by the caller of `evaluate`.
        unsafe {
            let own = match self.target {
                Target::Class(class) => Some((class, *logits.add(class) - max)),
                Target::Shares(_) => None,
            };
            let (mut sum, mut terms, mut factors) = (isa.no_sum(), isa.no_sum(), isa.no_sum());
            let zero = Lane::splat(isa, 0.0);
            for_lanes!(constants.classes, |start, count| {
                let shifted = load(isa, logits, start, count, max) - Lane::splat(isa, max);
                sum = self.exponential(isa, shifted, sum, start, count, peak);
                let factor = self.factors(isa, start, count);
                let ln = match self.target {
                    Target::Shares(shares) if spec.divergence => {
                        if let Some(gradient) = self.gradient {
                            let e = load(isa, gradient, start, count, 1.0);
                            store(or_logarithm(e, shifted), gradient, start, count);
                        }
                        shifted - load(isa, shares, start, count, 0.0)
                    }
                    _ => shifted,
                };
                let term = factor.where_equal(0.0, zero, -(factor * ln));
                terms = first(isa, term, count).add_to(terms);
                let factor = without(isa, factor, start, peak.class);
                factors = first(isa, factor, count).add_to(factors);
            });
            let softmax = Softmax::of(peak, total(isa, sum));
            let mut loss = total(isa, terms);
            let of_others = total(isa, factors);
            let of_top = self.factor_at(isa, softmax.top);
            let mut weight = match self.target {
                // Exactly what the sum would give, were it not rounded.
                Target::Class(_) => constants.uniform * constants.total_weight,
                Target::Shares(_) => of_others + of_top,
            };
            let own = own.map(|(class, shifted)| {
                let share = (1.0 - spec.smoothing) * constants.weight(class);
                if share != 0.0 {
                    loss -= share * shifted as f64;
                }
                weight += share;
                (class, share)
            });
            loss += weight * softmax.ln_sum;
            if let Target::Shares(shares) = self.target
                && spec.divergence
                && loss < NEAR
            {
                loss = constants.choice.run(NearDivergence {
                    row: self,
                    logits,
                    ln_shares: shares,
                    softmax: &softmax,
                });
            }

            let (z_loss, z_slope) = self.z_loss(&softmax);
            if let Some(gradient) = self.gradient {
                let u = self.gradient_factor();
                // What the lanes would round away, computed in `f64`.
                let (place, exact) = match own {
                    Some((class, share)) => {
                        let (p, miss) = softmax.probability(class, *gradient.add(class) as f64);
                        let weight = constants.weight(class);
                        let others = constants.total_weight - weight;
                        let spread = constants.uniform * (others * p - weight * miss);
                        (class, spread - share * miss + z_slope * p)
                    }
                    None => {
                        let (p, miss) = softmax.of_top();
                        (softmax.top, (of_others + z_slope) * p - of_top * miss)
                    }
                };
                let by_p = Lane::splat(isa, (u * (weight + z_slope) / softmax.sum) as f32);
                let by_share = Lane::splat(isa, u as f32);
                for_lanes!(constants.classes, |start, count| {
                    let e = load(isa, gradient, start, count, 0.0).at_least(0.0);
                    let factor = self.factors(isa, start, count);
                    store(e * by_p - factor * by_share, gradient, start, count);
                });
                *gradient.add(place) = (u * exact) as f32;
            }
            loss + z_loss
        }
    }

    /// The divergence of a distribution that is near: the terms of the first visit have cancelled, these do not.
    #[inline(always)]
    unsafe fn near_divergence<I: Isa>(
        &self,
        isa: I,
        logits: *const f32,
        ln_shares: *const f32,
        softmax: &Softmax,
    ) -> f64 {
        let [max, ln_sum] = [softmax.max, softmax.ln_sum as f32].map(|x| Lane::splat(isa, x));
        let mut terms = isa.no_sum();
        // SAFETY: as promised by the caller of `evaluate`.
        unsafe {
            for_lanes!(self.constants.classes, |start, count| {
                // The gradient may lie in the logits' own memory, which then hold the exponentials.
                let e = match self.gradient {
                    Some(gradient) => load(isa, gradient, start, count, 1.0),
                    None => {
                        let shifted = load(isa, logits, start, count, softmax.max) - max;
                        or_logarithm(shifted.exp(), shifted)
                    }
                };
                let ln_share = load(isa, ln_shares, start, count, 0.0);
                let ln = e.where_below(LEAST, e, e.at_least(LEAST).ln()) - ln_sum;
                let term = divergence_term(ln_share.exp(), ln.exp(), ln - ln_share);
                terms = first(isa, term, count).add_to(terms);
            });
            total(isa, terms)
        }
    }

    /// The term of the squared log-sum-exp, and its slope by that.
    #[inline(always)]
    pub(super) fn z_loss(&self, softmax: &Softmax) -> (f64, f64) {
        match self.constants.row.z_loss {
            0.0 => (0.0, 0.0),
            factor => {
                let log_sum = softmax.log_sum();
                (factor * log_sum * log_sum, 2.0 * factor * log_sum)
            }
        }
    }

    /// The sum with the exponentials of `shifted`, all but that of the peak; they are left where the
    /// gradient will be.
    #[inline(always)]
    unsafe fn exponential<I: Isa>(
        &self,
        isa: I,
        shifted: Lane<I>,
        sum: I::Sum,
        start: usize,
        count: usize,
        peak: Peak,
    ) -> I::Sum {
        let e = shifted.exp();
        if let Some(gradient) = self.gradient {
            // SAFETY: as promised by the caller of `evaluate`.
            unsafe { store(e, gradient, start, count) };
        }
        first(isa, without(isa, e, start, peak.class), count).add_to(sum)
    }

    /// The shares of the target of sixteen classes, times their weights, the label smoothing in them; of a
    /// target that is one class, those of all others.
    ///
    /// # Safety
    /// As for [`Row::evaluate`].
    #[inline(always)]
    pub(super) unsafe fn factors<I: Isa>(&self, isa: I, start: usize, count: usize) -> Lane<I> {
        let spec = self.constants.row;
        let share = match self.target {
            Target::Class(_) => Lane::splat(isa, self.constants.uniform as f32),
            Target::Shares(shares) => {
                // SAFETY: as promised by the caller.
                let given = unsafe { load(isa, shares, start, count, 0.0) };
                if spec.divergence {
                    given.exp()
                } else if spec.smoothing == 0.0 {
                    given
                } else {
                    given * (1.0 - spec.smoothing) + self.constants.uniform
                }
            }
        };
        match &self.constants.weights[..] {
            [] => share,
            // SAFETY: there is a weight for each class.
            weights => share * unsafe { load(isa, weights.as_ptr(), start, count, 0.0) },
        }
    }

    /// That of one class.
    ///
    /// # Safety
    /// As for [`Row::evaluate`].
    #[inline(always)]
    pub(super) unsafe fn factor_at<I: Isa>(&self, isa: I, class: usize) -> f64 {
        // SAFETY: as promised by the caller.
        unsafe { self.factors(isa, class, 1) }.into_array()[0] as f64
    }
}

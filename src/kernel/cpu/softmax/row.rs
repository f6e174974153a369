//! One row: its loss, and its gradient.
//!
//! With `l_c = a_c - ln sum_k e^(a_k)` for the logits a, the loss `sum_c f_c phi(l_c)` has the
//! derivative `f_c phi'(l_c) - p_c sum_k f_k phi'(l_k)` by `a_c`. Cross entropy has `phi' = -1`, so
//! everything it needs is `sum_c f_c (a_c - max)`, gathered while the exponentials are summed. A
//! target that is one class needs `phi` at that class alone, in `f64`. Only a distribution under
//! another `phi` takes passes of its own.

use super::{
    buffers::RowLogits,
    curved::Stretch,
    lanes::{first, for_lanes, load, max, store, total},
    spec::Constants,
};
use crate::{
    formula::Real,
    kernel::cpu::{
        lane::Lane,
        simd::{Isa, WIDTH},
    },
};

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
    pub target: Target,
    /// What the gradient is multiplied with.
    pub factor: f64,
}

/// The softmax of a row: `p_c = e^(a_c - max) / sum`.
#[derive(Clone, Copy)]
pub(super) struct Softmax {
    pub max: f32,
    pub sum: f64,
    pub ln_sum: f64,
}

impl Softmax {
    pub fn of(max: f32, sum: f64) -> Self {
        Self {
            max,
            sum,
            ln_sum: sum.ln(),
        }
    }

    /// The logarithm of the sum of the exponentials of the logits.
    fn log_sum(&self) -> f64 {
        self.max as f64 + self.ln_sum
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
            let max = max(isa, logits, classes);
            let linear = self.constants.is_linear;
            let loss = match self.target {
                Target::Class(class)
                    if spec.smoothing == 0.0 || linear && spec.weights.is_empty() =>
                {
                    self.of_class(isa, logits, max, class)
                }
                _ if linear => self.of_distribution(isa, logits, max),
                _ => self.of_curved_distribution(isa, logits, max, stretch),
            };
            self.through_transform(isa, logits, slope_of_margin);
            spec.factor * loss
        }
    }

    /// The factor of everything in the gradient by the transformed logits.
    pub(super) fn gradient_factor(&self) -> f64 {
        self.factor * self.constants.row.factor * self.constants.row.scale
    }

    /// A target that is one class, with the rest of it spread evenly under cross entropy.
    #[inline(always)]
    unsafe fn of_class<I: Isa>(&self, isa: I, logits: *const f32, max: f32, class: usize) -> f64 {
        let constants = self.constants;
        let spec = constants.row;
        // SAFETY: as promised by the caller of `evaluate`; the class is in range.
        unsafe {
            let own = *logits.add(class) - max;
            let (mut sum, mut below) = (isa.no_sum(), isa.no_sum());
            if spec.smoothing == 0.0 {
                for_lanes!(constants.classes, |start, count| {
                    let shifted = load(isa, logits, start, count, max) - Lane::splat(isa, max);
                    sum = self.exponential(isa, shifted, sum, start, count);
                });
            } else {
                for_lanes!(constants.classes, |start, count| {
                    let shifted = load(isa, logits, start, count, max) - Lane::splat(isa, max);
                    sum = self.exponential(isa, shifted, sum, start, count);
                    below = first(isa, shifted, count).add_to(below);
                });
            }
            let softmax = Softmax::of(max, total(isa, sum));
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
                let e = *gradient.add(class) as f64;
                let p = e / softmax.sum;
                // Not 1 - p, which would lose what a right prediction lacks of 1.
                let miss = (softmax.sum - e) / softmax.sum;
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
    unsafe fn of_distribution<I: Isa>(&self, isa: I, logits: *const f32, max: f32) -> f64 {
        let constants = self.constants;
        let spec = constants.row;
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
                sum = self.exponential(isa, shifted, sum, start, count);
                let share = self.share(isa, start, count);
                let factor = self.weighted(isa, share, start, count);
                let ln = if spec.divergence {
                    shifted - share.where_equal(0.0, zero, share.ln())
                } else {
                    shifted
                };
                let term = factor.where_equal(0.0, zero, -(factor * ln));
                terms = first(isa, term, count).add_to(terms);
                factors = first(isa, factor, count).add_to(factors);
            });
            let softmax = Softmax::of(max, total(isa, sum));
            let mut loss = total(isa, terms);
            let mut weight = match self.target {
                // Exactly what the sum would give, were it not rounded.
                Target::Class(_) => constants.uniform * constants.total_weight,
                Target::Shares(_) => total(isa, factors),
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

            let (z_loss, z_slope) = self.z_loss(&softmax);
            if let Some(gradient) = self.gradient {
                let u = self.gradient_factor();
                let by_own = own.map(|(class, share)| {
                    let e = *gradient.add(class) as f64;
                    let p = e / softmax.sum;
                    let miss = (softmax.sum - e) / softmax.sum;
                    let spread =
                        constants.uniform * (constants.total_weight * p - constants.weight(class));
                    (class, u * (spread - share * miss + z_slope * p))
                });
                let by_p = Lane::splat(isa, (u * (weight + z_slope) / softmax.sum) as f32);
                let by_share = Lane::splat(isa, u as f32);
                for_lanes!(constants.classes, |start, count| {
                    let e = load(isa, gradient, start, count, 0.0);
                    let factor = self.weighted(isa, self.share(isa, start, count), start, count);
                    store(e * by_p - factor * by_share, gradient, start, count);
                });
                if let Some((class, by_own)) = by_own {
                    *gradient.add(class) = by_own as f32;
                }
            }
            loss + z_loss
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

    /// The sum with the exponentials of `shifted`; these are left where the gradient will be.
    #[inline(always)]
    unsafe fn exponential<I: Isa>(
        &self,
        isa: I,
        shifted: Lane<I>,
        sum: I::Sum,
        start: usize,
        count: usize,
    ) -> I::Sum {
        let e = shifted.exp();
        if let Some(gradient) = self.gradient {
            // SAFETY: as promised by the caller of `evaluate`.
            unsafe { store(e, gradient, start, count) };
        }
        first(isa, e, count).add_to(sum)
    }

    /// The share of the target of each class, the label smoothing in it; of a target that is one
    /// class, that of all others.
    #[inline(always)]
    pub(super) unsafe fn share<I: Isa>(&self, isa: I, start: usize, count: usize) -> Lane<I> {
        match self.target {
            Target::Class(_) => Lane::splat(isa, self.constants.uniform as f32),
            Target::Shares(shares) => {
                // SAFETY: as promised by the caller of `evaluate`.
                let share = unsafe { load(isa, shares, start, count, 0.0) };
                match self.constants.row.smoothing {
                    0.0 => share,
                    smoothing => share * (1.0 - smoothing) + self.constants.uniform,
                }
            }
        }
    }

    /// A share times the weight of its class.
    #[inline(always)]
    pub(super) fn weighted<I: Isa>(
        &self,
        isa: I,
        share: Lane<I>,
        start: usize,
        count: usize,
    ) -> Lane<I> {
        match &self.constants.weights[..] {
            [] => share,
            // SAFETY: there is a weight for each class.
            weights => share * unsafe { load(isa, weights.as_ptr(), start, count, 0.0) },
        }
    }
}

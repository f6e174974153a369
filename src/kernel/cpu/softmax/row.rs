//! One row: its loss, and its gradient.
//!
//! With `l_c = a_c - ln sum_k e^(a_k)` for the logits a, the loss `sum_c f_c phi(l_c)` has the
//! derivative `f_c phi'(l_c) - p_c sum_k f_k phi'(l_k)` by `a_c`. Cross entropy has `phi' = -1`, so
//! everything it needs is `sum_c f_c (a_c - max)`, gathered while the exponentials are summed. A
//! target that is one class needs `phi` at that class alone, in `f64`. Only a distribution under
//! another `phi` takes passes of its own.

use super::buffers::RowLogits;
use crate::{
    formula::{ClassFormula, Dual, Margin, Real, SoftmaxRow},
    kernel::cpu::{
        lane::Lane,
        simd::{Isa, WIDTH},
    },
};

/// Runs a block for the start and the length of every stretch of sixteen, the last perhaps shorter.
///
/// A macro, since a closure with two callers need not be inlined, and kernels have to be.
macro_rules! for_lanes {
    ($length:expr, |$start:ident, $count:ident| $body:block) => {{
        let length: usize = $length;
        let whole = length / WIDTH * WIDTH;
        let mut at = 0;
        while at < whole {
            let ($start, $count) = (at, WIDTH);
            $body
            at += WIDTH;
        }
        if whole < length {
            let ($start, $count) = (whole, length - whole);
            $body
        }
    }};
}

/// A loss, with its parameters as the kernel needs them.
pub(super) struct Constants<'a, F, M> {
    pub row: &'a SoftmaxRow<F, M>,
    classes: usize,
    bias: Vec<f32>,
    weights: Vec<f32>,
    total_weight: f64,
    /// The share that label smoothing gives to every class.
    uniform: f64,
}

impl<'a, F: ClassFormula, M: Margin> Constants<'a, F, M> {
    pub fn new(row: &'a SoftmaxRow<F, M>, classes: usize) -> Self {
        let narrow = |numbers: &[f64]| numbers.iter().map(|&number| number as f32).collect();
        for (numbers, what) in [
            (&row.bias, "a bias"),
            (&row.weights, "a weight"),
            (&row.margin.1, "a margin"),
        ] {
            assert!(
                numbers.is_empty() || numbers.len() == classes,
                "{what} for each class"
            );
        }
        assert!(
            row.soft_cap.is_none() || row.margin.0.is_none(),
            "a soft cap or a margin: the slope of the cap is had from the logit it made"
        );
        Self {
            row,
            classes,
            bias: narrow(&row.bias),
            weights: narrow(&row.weights),
            total_weight: match &row.weights[..] {
                [] => classes as f64,
                weights => weights.iter().sum(),
            },
            uniform: row.smoothing / classes as f64,
        }
    }

    /// The factor of a class besides its share of the target.
    fn weight(&self, class: usize) -> f64 {
        self.row.weights.get(class).copied().unwrap_or(1.0)
    }

    /// Whether something is done to logits before the softmax.
    pub fn change_logits(&self) -> bool {
        let row = self.row;
        row.soft_cap.is_some()
            || !row.bias.is_empty()
            || row.scale != 1.0
            || !row.margin.0.is_none()
    }
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
pub(super) struct Row<'a, F, M> {
    pub constants: &'a Constants<'a, F, M>,
    pub logits: RowLogits,
    pub gradient: Option<*mut f32>,
    pub target: Target,
    /// What the gradient is multiplied with.
    pub factor: f64,
}

/// The softmax of a row: `p_c = e^(a_c - max) / sum`.
#[derive(Clone, Copy)]
struct Softmax {
    max: f32,
    sum: f64,
    ln_sum: f64,
}

impl Softmax {
    /// The logarithm of the sum of the exponentials of the logits.
    fn log_sum(&self) -> f64 {
        self.max as f64 + self.ln_sum
    }
}

impl<F: ClassFormula, M: Margin> Row<'_, F, M> {
    /// The loss of the row; its gradient is written.
    ///
    /// # Safety
    /// The pointers are valid for as many elements as there are classes, and only the gradient may be
    /// the same memory as the logits.
    #[inline(always)]
    pub unsafe fn evaluate<I: Isa>(&self, isa: I) -> f64 {
        let spec = self.constants.row;
        // SAFETY: as promised by the caller; so in all that follows.
        unsafe {
            let (logits, slope_of_margin) = self.transformed(isa);
            let classes = self.constants.classes;
            let max = max(isa, logits, classes);
            let linear = spec.formula.is_linear();
            let loss = match self.target {
                Target::Class(class)
                    if spec.smoothing == 0.0 || linear && spec.weights.is_empty() =>
                {
                    self.of_class(isa, logits, max, class)
                }
                _ if linear => self.of_distribution(isa, logits, max),
                _ => self.of_curved_distribution(isa, logits, max),
            };
            self.through_transform(isa, logits, slope_of_margin);
            spec.factor * loss
        }
    }

    /// The factor of everything in the gradient by the transformed logits.
    fn gradient_factor(&self) -> f64 {
        self.factor * self.constants.row.factor * self.constants.row.scale
    }

    /// The logits the softmax is taken of, and the slope of the margin at the target.
    #[inline(always)]
    unsafe fn transformed<I: Isa>(&self, isa: I) -> (*const f32, f64) {
        let constants = self.constants;
        let spec = constants.row;
        let logits = match self.logits {
            RowLogits::Original(logits) => return (logits, 1.0),
            RowLogits::Copy(logits) => logits,
        };
        if !constants.change_logits() {
            return (logits.cast_const(), 1.0);
        }
        let (margin, parameters) = &spec.margin;
        let target = match self.target {
            Target::Class(class) if !margin.is_none() => Some(class),
            _ => None,
        };
        // SAFETY: as promised by the caller of `evaluate`.
        unsafe {
            if let Some(cap) = spec.soft_cap {
                for_lanes!(constants.classes, |start, count| {
                    let z = load(isa, logits, start, count, 0.0);
                    store(cap.value(z), logits, start, count);
                });
            }
            let mut slope = 1.0;
            if let Some(class) = target {
                let z = Dual::variable(*logits.add(class) as f64);
                let parameter = parameters.get(class).copied().unwrap_or(0.0);
                let own = margin.value(z, Dual::constant(parameter));
                *logits.add(class) = own.value as f32;
                slope = own.derivative();
            }
            if !constants.bias.is_empty() || spec.scale != 1.0 {
                for_lanes!(constants.classes, |start, count| {
                    let mut a = load(isa, logits, start, count, 0.0);
                    if !constants.bias.is_empty() {
                        a = a + load(isa, constants.bias.as_ptr(), start, count, 0.0);
                    }
                    store(a * spec.scale, logits, start, count);
                });
            }
            (logits.cast_const(), slope)
        }
    }

    /// Turns the gradient by the transformed logits into that by the logits.
    #[inline(always)]
    unsafe fn through_transform<I: Isa>(&self, isa: I, logits: *const f32, slope_of_margin: f64) {
        let spec = self.constants.row;
        let Some(gradient) = self.gradient else {
            return;
        };
        // SAFETY: as promised by the caller of `evaluate`.
        unsafe {
            if let Target::Class(class) = self.target
                && slope_of_margin != 1.0
            {
                *gradient.add(class) *= slope_of_margin as f32;
            }
            let Some(cap) = spec.soft_cap else {
                return;
            };
            // The slope of `c tanh(z / c)` is `1 - tanh²`; the copy of the logits holds
            // `s (c tanh(z / c) + b)`.
            for_lanes!(self.constants.classes, |start, count| {
                let mut capped = load(isa, logits, start, count, 0.0) * (1.0 / spec.scale);
                if !self.constants.bias.is_empty() {
                    capped = capped - load(isa, self.constants.bias.as_ptr(), start, count, 0.0);
                }
                let tanh = capped * (1.0 / cap.cap);
                let slope = -(tanh * tanh - 1.0);
                let g = load(isa, gradient, start, count, 0.0);
                store(g * slope, gradient, start, count);
            });
        }
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
                let y = spec
                    .formula
                    .value(Dual::variable(own as f64 - softmax.ln_sum));
                (share * y.value, share * y.derivative())
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

    /// A distribution under a loss that is not linear in the logarithm.
    #[inline(always)]
    unsafe fn of_curved_distribution<I: Isa>(&self, isa: I, logits: *const f32, max: f32) -> f64 {
        let constants = self.constants;
        let spec = constants.row;
        // SAFETY: as promised by the caller of `evaluate`.
        unsafe {
            let mut sum = isa.no_sum();
            for_lanes!(constants.classes, |start, count| {
                let a = load(isa, logits, start, count, f32::NEG_INFINITY);
                sum = (a - Lane::splat(isa, max)).exp().add_to(sum);
            });
            let softmax = Softmax::of(max, total(isa, sum));
            let (mut losses, mut slopes) = (isa.no_sum(), isa.no_sum());
            for_lanes!(constants.classes, |start, count| {
                let l = ln_p(isa, logits, &softmax, start, count);
                let (loss, slope) = self.term(isa, l, start, count);
                losses = loss.add_to(losses);
                slopes = slope.add_to(slopes);
            });
            let mut loss = total(isa, losses);
            let mut slope = total(isa, slopes);
            let own = match self.target {
                Target::Class(class) => {
                    let share = (1.0 - spec.smoothing) * constants.weight(class);
                    let l = (*logits.add(class) - max) as f64 - softmax.ln_sum;
                    let y = spec.formula.value(Dual::variable(l));
                    let times_share = |value| if share == 0.0 { 0.0 } else { share * value };
                    loss += times_share(y.value);
                    slope += times_share(y.derivative());
                    Some((class, times_share(y.derivative())))
                }
                Target::Shares(_) => None,
            };
            let (z_loss, z_slope) = self.z_loss(&softmax);
            if let Some(gradient) = self.gradient {
                let u = self.gradient_factor();
                let by_p = Lane::splat(isa, (z_slope - slope) as f32);
                let factor = Lane::splat(isa, u as f32);
                for_lanes!(constants.classes, |start, count| {
                    let l = ln_p(isa, logits, &softmax, start, count);
                    let (_, slope) = self.term(isa, l, start, count);
                    store((l.exp() * by_p + slope) * factor, gradient, start, count);
                });
                if let Some((class, slope)) = own {
                    *gradient.add(class) += (u * slope) as f32;
                }
            }
            loss + z_loss
        }
    }

    /// The losses of sixteen classes and their slopes, times the shares of the target.
    #[inline(always)]
    unsafe fn term<I: Isa>(
        &self,
        isa: I,
        l: Lane<I>,
        start: usize,
        count: usize,
    ) -> (Lane<I>, Lane<I>) {
        // SAFETY: as promised by the caller of `evaluate`.
        let share = unsafe { self.share(isa, start, count) };
        let factor = self.weighted(isa, share, start, count);
        let y = self.constants.row.formula.value(Dual::variable(l));
        let loss = factor.where_equal(0.0, factor, y.value * factor);
        let slope = factor.where_equal(0.0, factor, y.derivative() * factor);
        (first(isa, loss, count), first(isa, slope, count))
    }

    /// The term of the squared log-sum-exp, and its slope by that.
    #[inline(always)]
    fn z_loss(&self, softmax: &Softmax) -> (f64, f64) {
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
    unsafe fn share<I: Isa>(&self, isa: I, start: usize, count: usize) -> Lane<I> {
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
    fn weighted<I: Isa>(&self, isa: I, share: Lane<I>, start: usize, count: usize) -> Lane<I> {
        match &self.constants.weights[..] {
            [] => share,
            // SAFETY: there is a weight for each class.
            weights => share * unsafe { load(isa, weights.as_ptr(), start, count, 0.0) },
        }
    }
}

impl Softmax {
    fn of(max: f32, sum: f64) -> Self {
        Self {
            max,
            sum,
            ln_sum: sum.ln(),
        }
    }
}

/// The `count` numbers from `start` on, and `beyond` in the places left.
///
/// # Safety
/// There are `count` numbers, at most sixteen, to read.
#[inline(always)]
unsafe fn load<I: Isa>(
    isa: I,
    from: *const f32,
    start: usize,
    count: usize,
    beyond: f32,
) -> Lane<I> {
    let mut lane = [beyond; WIDTH];
    // SAFETY: as promised by the caller.
    unsafe {
        from.add(start)
            .copy_to_nonoverlapping(lane.as_mut_ptr(), count);
    }
    Lane::new(isa, lane)
}

/// Writes the first `count` numbers.
///
/// # Safety
/// There is room for `count` numbers, at most sixteen, from `start` on.
#[inline(always)]
unsafe fn store<I: Isa>(lane: Lane<I>, to: *mut f32, start: usize, count: usize) {
    let lane = lane.into_array();
    // SAFETY: as promised by the caller.
    unsafe { to.add(start).copy_from_nonoverlapping(lane.as_ptr(), count) };
}

/// The logarithms of the probabilities of sixteen classes.
///
/// # Safety
/// As for [`load`].
#[inline(always)]
unsafe fn ln_p<I: Isa>(
    isa: I,
    logits: *const f32,
    softmax: &Softmax,
    start: usize,
    count: usize,
) -> Lane<I> {
    // SAFETY: as promised by the caller.
    let a = unsafe { load(isa, logits, start, count, f32::NEG_INFINITY) };
    a - Lane::splat(isa, softmax.max) - Lane::splat(isa, softmax.ln_sum as f32)
}

/// The first `count` numbers, and 0 in the places left.
#[inline(always)]
fn first<I: Isa>(isa: I, lane: Lane<I>, count: usize) -> Lane<I> {
    if count == WIDTH {
        return lane;
    }
    let mut lane = lane.into_array();
    lane[count..].fill(0.0);
    Lane::new(isa, lane)
}

/// The largest logit.
///
/// # Safety
/// There are that many.
#[inline(always)]
unsafe fn max<I: Isa>(isa: I, logits: *const f32, classes: usize) -> f32 {
    let mut max = Lane::splat(isa, f32::NEG_INFINITY);
    for_lanes!(classes, |start, count| {
        // SAFETY: as promised by the caller.
        let a = unsafe { load(isa, logits, start, count, f32::NEG_INFINITY) };
        max = max.larger(a);
    });
    let mut lane = max.into_array();
    let mut width = WIDTH / 2;
    while width > 0 {
        for i in 0..width {
            // A NaN need not be found: its exponential is one, too.
            lane[i] = if lane[i] < lane[i + width] {
                lane[i + width]
            } else {
                lane[i]
            };
        }
        width /= 2;
    }
    lane[0]
}

/// All sums together.
#[inline(always)]
fn total<I: Isa>(isa: I, sum: I::Sum) -> f64 {
    let mut sums = isa.sums(sum);
    let mut width = WIDTH / 2;
    while width > 0 {
        for i in 0..width {
            sums[i] += sums[i + width];
        }
        width /= 2;
    }
    sums[0]
}

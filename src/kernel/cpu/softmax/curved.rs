//! A row whose target is a distribution, under a loss that is not linear in the logarithm.

use super::{
    lanes::{first, for_lanes, load, store, total, without},
    row::{Peak, Row, Softmax, Target},
};
use crate::{
    formula::Real,
    kernel::cpu::{
        lane::Lane,
        simd::{Isa, WIDTH},
    },
};

/// How many lanes of classes the formula is evaluated for at a time.
const LANES: usize = 16;

/// A stretch of classes: their log-probabilities, the values of the formula and its slopes.
pub(super) struct Stretch {
    l: [[f32; WIDTH]; LANES],
    values: [[f32; WIDTH]; LANES],
    slopes: [[f32; WIDTH]; LANES],
}

impl Stretch {
    /// Room for one.
    pub fn new() -> Self {
        Self {
            l: [[0.0; WIDTH]; LANES],
            values: [[0.0; WIDTH]; LANES],
            slopes: [[0.0; WIDTH]; LANES],
        }
    }
}

impl Row<'_> {
    /// The loss of the row; its gradient is written.
    ///
    /// # Safety
    /// As for [`Row::evaluate`].
    #[inline(always)]
    pub(super) unsafe fn of_curved_distribution<I: Isa>(
        &self,
        isa: I,
        logits: *const f32,
        peak: Peak,
        stretch: &mut Stretch,
    ) -> f64 {
        let constants = self.constants;
        let spec = constants.row;
        let max = peak.max;
        // SAFETY: as promised by the caller.
        unsafe {
            let mut sum = isa.no_sum();
            for_lanes!(constants.classes, |start, count| {
                let a = load(isa, logits, start, count, f32::NEG_INFINITY);
                let e = (a - Lane::splat(isa, max)).exp();
                sum = without(isa, e, start, peak.class).add_to(sum);
            });
            let softmax = Softmax::of(peak, total(isa, sum));
            let (mut losses, mut slopes) = (isa.no_sum(), isa.no_sum());
            for at in (0..constants.classes).step_by(LANES * WIDTH) {
                self.fill(isa, stretch, logits, &softmax, at);
                for_lanes!(self.length_of_stretch(at), |start, count| {
                    let lane = start / WIDTH;
                    let factor = self.factors(isa, at + start, count);
                    let loss = times(factor, Lane::new(isa, stretch.values[lane]));
                    let slope = times(factor, Lane::new(isa, stretch.slopes[lane]));
                    let slope = without(isa, slope, at + start, peak.class);
                    losses = first(isa, loss, count).add_to(losses);
                    slopes = first(isa, slope, count).add_to(slopes);
                });
            }
            let mut loss = total(isa, losses);
            // Of all classes but the largest logit's, and of that.
            let mut of_others = total(isa, slopes);
            let mut of_top = match self.factor_at(isa, softmax.top) {
                0.0 => 0.0,
                factor => factor * spec.phi.at(-softmax.ln_sum).slope,
            };
            let own = match self.target {
                Target::Class(class) => {
                    let share = (1.0 - spec.smoothing) * constants.weight(class);
                    let y = spec
                        .phi
                        .at((*logits.add(class) - max) as f64 - softmax.ln_sum);
                    let times_share = |value| if share == 0.0 { 0.0 } else { share * value };
                    loss += times_share(y.value);
                    let slope = times_share(y.slope);
                    match class == softmax.top {
                        true => of_top += slope,
                        false => of_others += slope,
                    }
                    Some((class, slope))
                }
                Target::Shares(_) => None,
            };
            let (z_loss, z_slope) = self.z_loss(&softmax);
            if let Some(gradient) = self.gradient {
                let u = self.gradient_factor();
                let by_p = Lane::splat(isa, (z_slope - of_others - of_top) as f32);
                let by_logit = Lane::splat(isa, u as f32);
                for at in (0..constants.classes).step_by(LANES * WIDTH) {
                    self.fill(isa, stretch, logits, &softmax, at);
                    for_lanes!(self.length_of_stretch(at), |start, count| {
                        let lane = start / WIDTH;
                        let l = Lane::new(isa, stretch.l[lane]);
                        let factor = self.factors(isa, at + start, count);
                        let slope = times(factor, Lane::new(isa, stretch.slopes[lane]));
                        let g = (l.exp() * by_p + slope) * by_logit;
                        store(g, gradient, at + start, count);
                    });
                }
                if let Some((class, slope)) = own {
                    *gradient.add(class) += (u * slope) as f32;
                }
                let (p, miss) = softmax.of_top();
                let by_top = of_top * miss + (z_slope - of_others) * p;
                *gradient.add(softmax.top) = (u * by_top) as f32;
            }
            loss + z_loss
        }
    }

    /// How many classes there are in the stretch from `at` on.
    #[inline(always)]
    fn length_of_stretch(&self, at: usize) -> usize {
        (self.constants.classes - at).min(LANES * WIDTH)
    }

    /// Evaluates the formula for the stretch from `at` on.
    ///
    /// # Safety
    /// As for [`Row::evaluate`].
    #[inline(always)]
    unsafe fn fill<I: Isa>(
        &self,
        isa: I,
        stretch: &mut Stretch,
        logits: *const f32,
        softmax: &Softmax,
        at: usize,
    ) {
        let (max, ln_sum) = (
            Lane::splat(isa, softmax.max),
            Lane::splat(isa, softmax.ln_sum as f32),
        );
        let length = self.length_of_stretch(at);
        for_lanes!(length, |start, count| {
            // SAFETY: as promised by the caller.
            let a = unsafe { load(isa, logits, at + start, count, f32::NEG_INFINITY) };
            stretch.l[start / WIDTH] = (a - max - ln_sum).into_array();
        });
        let Stretch { l, values, slopes } = stretch;
        let l = &l[..length.div_ceil(WIDTH)];
        let constants = self.constants;
        constants.row.phi.along(constants.choice, l, values, slopes);
    }
}

/// The product; where the factor is 0 it is 0, whatever the number.
#[inline(always)]
fn times<I: Isa>(factor: Lane<I>, number: Lane<I>) -> Lane<I> {
    factor.where_equal(0.0, factor, number * factor)
}

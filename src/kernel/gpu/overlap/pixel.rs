//! A pixel: its target, its weight and its softmax.

use super::{
    formulas::of_logarithm,
    kind::{OverlapKind, Pixels},
};
use crate::{
    formula::Activation,
    kernel::gpu::{
        compare::differs,
        softmax::{AHEAD, Counted, Peak, RowAt, Softmax, read_ahead},
    },
};
use burn_cubecl::cubecl::{self, prelude::*};

/// What is known of a pixel before its channels are looked at one by one.
#[derive(CubeType, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub(super) struct Pixel {
    pub at: RowAt,
    /// Whether it counts at all.
    pub counts: bool,
    /// NaN where its class is none.
    pub weight: f32,
    pub softmax: Softmax,
    /// 1 by the sum of all exponentials.
    pub reciprocal: f32,
    /// The term at its class, and its slope by the logarithm of that class's probability.
    pub term: f32,
    pub slope_of_term: f32,
}

/// A channel of a pixel: what its sums are made of.
#[derive(CubeType, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub(super) struct Channel {
    /// The probability, and what it lacks of 1. Without a softmax the logit, and nothing.
    pub p: f32,
    pub miss: f32,
    pub t: f32,
    /// 0 where it does not count.
    pub weight: f32,
    pub counts: bool,
}

#[cube]
impl Pixel {
    /// The pixel of that index, or one that does not count where there is none.
    pub fn new<E: Float, I: Int>(
        pixels: &Pixels<E, I>,
        given: usize,
        exists: bool,
        #[comptime] kind: OverlapKind,
    ) -> Pixel {
        let index = select(exists, given, 0);
        let channels = pixels.channels;
        // A single channel is that of class 1.
        let known = select(channels == 1, 2u32, channels);
        let counted = Counted::new::<I>(
            pixels.classes,
            pixels.weights,
            ComptimeOption::new_None(),
            ComptimeOption::new_None(),
            index,
            known,
            pixels.ignored.get::<I>(),
            comptime!(kind.has_ignored),
        );
        let (class, nan) = (counted.class, pixels.words.nan);
        let at = RowAt {
            start: index / pixels.inner * channels as usize * pixels.inner + index % pixels.inner,
            stride: pixels.inner,
            class,
            parameter: 0.0_f32,
        };
        let mut peak = Peak::none(channels);
        let mut of_class = 0.0_f32;
        if comptime!(kind.activation == Activation::Softmax) {
            let mut c = 0u32;
            while c < channels {
                let ahead = read_ahead::<E>(pixels.logits, at, c, channels, 1u32);
                #[unroll]
                for step in 0..comptime!(AHEAD as usize) {
                    let c = c + comptime!(step as u32);
                    if c < channels {
                        peak = peak.with(ahead[step], c, channels);
                    }
                }
                c += AHEAD;
            }
            of_class = f32::cast_from(pixels.logits[at.of(class)]);
        }
        let softmax = Softmax::new(peak, channels, &pixels.words);
        let (term, slope_of_term) =
            of_logarithm(softmax.ln(of_class, class), &pixels.words, kind.clone());
        Pixel {
            at,
            counts: exists && !counted.is_left_out,
            weight: select(counted.is_valid, counted.weight, nan),
            softmax,
            reciprocal: 1.0_f32 / softmax.sum,
            term,
            slope_of_term,
        }
    }

    /// A channel, whose logit is given.
    pub fn channel<E: Float, I: Int>(
        &self,
        pixels: &Pixels<E, I>,
        x: f32,
        c: u32,
        #[comptime] kind: OverlapKind,
    ) -> Channel {
        let mut counts = self.counts;
        let mut weight = self.weight;
        #[allow(unused_assignments)] // One of these is compiled.
        let mut t = 0.0_f32;
        #[comptime]
        match pixels.masks {
            ComptimeOption::Some(masks) => {
                t = f32::cast_from(masks[self.at.of(c)]);
                if comptime!(kind.has_ignored) {
                    counts = counts && differs(t, pixels.ignored_mask);
                }
            }
            ComptimeOption::None => {
                let own = select(pixels.channels == 1, 1u32, c);
                t = select(own == self.at.class, 1.0_f32, 0.0_f32);
            }
        }
        let mut p = x;
        let mut miss = 0.0_f32;
        if comptime!(kind.activation == Activation::Softmax) {
            let is_top = c == self.softmax.top;
            let e = select(is_top, 1.0_f32, (x - self.softmax.most).exp());
            p = e * self.reciprocal;
            miss = select(is_top, self.softmax.others * self.reciprocal, 1.0_f32 - p);
        }
        weight = select(counts, weight, 0.0_f32);
        Channel {
            p,
            miss,
            t,
            weight,
            counts,
        }
    }
}

//! The gradient of the sums: a unit for each pixel, which makes its softmax once more and writes over its own logits.

use super::{
    formulas::{Overlap, slope_of_logit, slope_of_share},
    kind::{OverlapKind, Pixels},
    pixel::Pixel,
};
use crate::{
    formula::Activation,
    kernel::{
        gpu::softmax::{AHEAD, read_ahead},
        place,
    },
};
use burn_cubecl::cubecl::{self, prelude::*};

/// The slopes of the sums of a class.
#[cube]
fn slopes_of(slopes: &[f32], row: usize, rows: usize) -> Overlap {
    Overlap {
        both: slopes[comptime!(place::BOTH) * rows + row],
        predicted: slopes[comptime!(place::PREDICTED) * rows + row],
        missed: slopes[comptime!(place::MISSED) * rows + row],
        term: slopes[comptime!(place::TERM) * rows + row],
    }
}

/// What a channel's probability is to the sums.
#[cube]
fn by_share<E: Float, I: Int>(
    pixels: &Pixels<E, I>,
    pixel: &Pixel,
    slopes: Overlap,
    x: f32,
    c: u32,
    #[comptime] kind: OverlapKind,
) -> f32 {
    let channel = pixel.channel::<E, I>(pixels, x, c, kind.clone());
    let (p, miss, t) = (channel.p, channel.miss, channel.t);
    slope_of_share(p, miss, t, slopes, &pixels.words, kind)
}

/// The gradient `p_c (g_c - sum_k p_k g_k)` for the slope `g` of the probabilities, measured by that of the largest, of which
/// nothing is left where a prediction is sure; and the slope of the term.
#[cube(launch_unchecked, address_type = "dynamic")]
pub(super) fn gradient_of_pixels<E: Float, I: Int>(
    pixels: Pixels<E, I>,
    slopes: &[f32],
    gradient: &mut [E],
    #[comptime] kind: OverlapKind,
    #[define(E)] _dtype: ElemType,
    #[define(I)] _index: ElemType,
) {
    let channels = pixels.channels;
    let rows = pixels.count / pixels.inner * channels as usize;
    let mut index = ABSOLUTE_POS;
    while index < pixels.count {
        let pixel = Pixel::new::<E, I>(&pixels, index, true, kind.clone());
        let (at, softmax) = (pixel.at, pixel.softmax);
        let first = index / pixels.inner * channels as usize;
        let mut reference = 0.0_f32;
        let mut mean = 0.0_f32;
        let mut by_logarithm = 0.0_f32;
        if comptime!(kind.activation == Activation::Softmax) {
            // Where there is none, all is NaN.
            let top = select(softmax.top == channels, 0u32, softmax.top);
            let of_top = slopes_of(slopes, first + top as usize, rows);
            let most = softmax.most;
            reference = by_share::<E, I>(&pixels, &pixel, of_top, most, top, kind.clone());
            let mut c = 0u32;
            while c < channels {
                let ahead = read_ahead::<E>(pixels.logits, at, c, channels, 1u32);
                #[unroll]
                for step in 0..comptime!(AHEAD as usize) {
                    let c = c + comptime!(step as u32);
                    if c < channels {
                        let of_class = slopes_of(slopes, first + c as usize, rows);
                        let x = ahead[step];
                        let p = pixel.channel::<E, I>(&pixels, x, c, kind.clone()).p;
                        let g = by_share::<E, I>(&pixels, &pixel, of_class, x, c, kind.clone());
                        mean += p * (g - reference);
                    }
                }
                c += AHEAD;
            }
            let of_own = slopes_of(slopes, first + at.class as usize, rows);
            by_logarithm = of_own.term * pixel.slope_of_term;
        }
        let mut c = 0u32;
        while c < channels {
            let ahead = read_ahead::<E>(pixels.logits, at, c, channels, 1u32);
            #[unroll]
            for step in 0..comptime!(AHEAD as usize) {
                let c = c + comptime!(step as u32);
                if c < channels {
                    let of_class = slopes_of(slopes, first + c as usize, rows);
                    let x = ahead[step];
                    let channel = pixel.channel::<E, I>(&pixels, x, c, kind.clone());
                    let slope = if comptime!(kind.activation == Activation::Softmax) {
                        let g = by_share::<E, I>(&pixels, &pixel, of_class, x, c, kind.clone());
                        let is_own = channel.t != 0.0_f32;
                        let of_term = select(is_own, channel.miss, -channel.p) * by_logarithm;
                        channel.p * (g - reference - mean) + of_term
                    } else {
                        slope_of_logit(x, channel.t, of_class, &pixels.words, kind.clone())
                    };
                    let slope = select(channel.counts, slope * channel.weight, 0.0_f32);
                    gradient[at.of(c)] = E::cast_from(slope);
                }
            }
            c += AHEAD;
        }
        index += CUBE_COUNT * (CUBE_DIM as usize);
    }
}

//! The sums over the pixels of each sample and class: a cube for a stretch of pixels, a cube for what the stretches leave.

use super::{
    formulas::{Overlap, of_logit, of_share},
    kind::{OverlapKind, Pixels},
    pixel::{Channel, Pixel},
};
use crate::{
    formula::Activation,
    kernel::{
        gpu::{sum::UNITS, traced::Words},
        place::{self, SUMS},
    },
};
use burn_cubecl::cubecl::{self, prelude::*};

/// How many pixels a unit holds at a time, while it goes through the classes.
const PIXELS: usize = 4;

/// How many units make one of the sums of all in the first of two rounds.
const LANES: usize = 16;

// Each unit of the first round adds up as many numbers.
const _: () = assert!(UNITS.is_multiple_of(LANES) && SUMS * LANES <= UNITS);

/// How many pixels a stretch has.
pub(super) const STRETCH: usize = PIXELS * UNITS;

/// Where the units of a cube leave their sums for each other.
#[derive(CubeType, Clone)]
struct SumsBoard {
    numbers: Shared<[f32]>,
}

#[cube]
impl SumsBoard {
    fn new() -> SumsBoard {
        SumsBoard {
            numbers: Shared::<[f32]>::new_slice(comptime!(SUMS * UNITS)),
        }
    }

    /// The sums of all units, for the first of them, one each.
    fn together(&mut self, own: Array<f32>) -> f32 {
        let unit = UNIT_POS as usize;
        sync_cube();
        #[unroll]
        for sum in 0..SUMS {
            self.numbers[comptime!(sum * UNITS) + unit] = own[sum];
        }
        sync_cube();
        // Two rounds, as a barrier costs more than some sums.
        if unit < comptime!(SUMS * LANES) {
            let first = unit / LANES * UNITS + unit % LANES;
            let mut sum = 0.0_f32;
            for step in 0..comptime!(UNITS / LANES) {
                sum += self.numbers[first + step * LANES];
            }
            self.numbers[first] = sum;
        }
        sync_cube();
        let mut sum = 0.0_f32;
        if unit < SUMS {
            for lane in 0..LANES {
                sum += self.numbers[unit * UNITS + lane];
            }
        }
        sum
    }
}

/// What a channel of a pixel has of each sum.
#[cube]
fn overlap_of(
    pixel: &Pixel,
    channel: Channel,
    words: &Words,
    #[comptime] kind: OverlapKind,
) -> Overlap {
    if comptime!(kind.activation == Activation::Softmax) {
        let term = select(channel.t == 0.0_f32, 0.0_f32, pixel.term);
        of_share(channel.p, channel.miss, channel.t, term, words, kind)
    } else {
        of_logit(channel.p, channel.t, words, kind)
    }
}

#[cube(launch_unchecked, address_type = "dynamic")]
pub(super) fn sums_of_stretches<E: Float, I: Int>(
    pixels: Pixels<E, I>,
    parts: &mut [f32],
    stretches: usize,
    #[comptime] kind: OverlapKind,
    #[define(E)] _dtype: ElemType,
    #[define(I)] _index: ElemType,
) {
    let mut board = SumsBoard::new();
    let inner = pixels.inner;
    let samples = pixels.count / inner;
    let rows = samples * pixels.channels as usize;
    let mut task = CUBE_POS;
    while task < samples * stretches {
        let sample = task / stretches;
        let stretch = task % stretches;
        let mut seen = Sequence::<Pixel>::new();
        #[unroll]
        for step in 0..PIXELS {
            let place = stretch * STRETCH + comptime!(step * UNITS) + UNIT_POS as usize;
            let index = sample * inner + place;
            seen.push(Pixel::new::<E, I>(
                &pixels,
                index,
                place < inner,
                kind.clone(),
            ));
        }
        let mut c = 0u32;
        while c < pixels.channels {
            let mut sums = Array::<f32>::new(SUMS);
            #[unroll]
            for sum in 0..SUMS {
                sums[sum] = 0.0_f32;
            }
            #[unroll]
            for step in 0..PIXELS {
                let pixel = seen.index(step);
                let x = f32::cast_from(pixels.logits[pixel.at.of(c)]);
                let channel = pixel.channel::<E, I>(&pixels, x, c, kind.clone());
                if channel.counts {
                    let overlap = overlap_of(pixel, channel, &pixels.words, kind.clone());
                    let weight = channel.weight;
                    sums[comptime!(place::BOTH)] += overlap.both * weight;
                    sums[comptime!(place::PREDICTED)] += overlap.predicted * weight;
                    sums[comptime!(place::MISSED)] += overlap.missed * weight;
                    sums[comptime!(place::TARGET)] += channel.t * weight;
                    sums[comptime!(place::ABSENT)] += (1.0_f32 - channel.t) * weight;
                    sums[comptime!(place::TERM)] += overlap.term * weight;
                }
            }
            let sum = board.together(sums);
            let sum_of = UNIT_POS as usize;
            if sum_of < SUMS {
                let row = sample * pixels.channels as usize + c as usize;
                parts[(sum_of * rows + row) * stretches + stretch] = sum;
            }
            c += 1;
        }
        task += CUBE_COUNT;
    }
}

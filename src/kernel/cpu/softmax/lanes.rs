//! Numbers of a row, sixteen at a time.

use crate::{
    formula::Real,
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
pub(super) use for_lanes;

/// The `count` numbers from `start` on, and `beyond` in the places left.
///
/// # Safety
/// There are `count` numbers, at most sixteen, to read.
#[inline(always)]
pub(super) unsafe fn load<I: Isa>(
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
pub(super) unsafe fn store<I: Isa>(lane: Lane<I>, to: *mut f32, start: usize, count: usize) {
    let lane = lane.into_array();
    // SAFETY: as promised by the caller.
    unsafe { to.add(start).copy_from_nonoverlapping(lane.as_ptr(), count) };
}

/// The first `count` numbers, and 0 in the places left.
#[inline(always)]
pub(super) fn first<I: Isa>(isa: I, lane: Lane<I>, count: usize) -> Lane<I> {
    if count == WIDTH {
        return lane;
    }
    let mut lane = lane.into_array();
    lane[count..].fill(0.0);
    Lane::new(isa, lane)
}

/// The numbers from `start` on, with 0 in the place of one class.
#[inline(always)]
pub(super) fn without<I: Isa>(isa: I, lane: Lane<I>, start: usize, class: usize) -> Lane<I> {
    let place = class.wrapping_sub(start);
    if place >= WIDTH {
        return lane;
    }
    let mut lane = lane.into_array();
    lane[place] = 0.0;
    Lane::new(isa, lane)
}

/// The first class whose logit is `wanted`; the first of all where none is.
///
/// # Safety
/// There are that many.
#[inline(always)]
pub(super) unsafe fn place_of(logits: *const f32, classes: usize, wanted: f32) -> usize {
    const BLOCK: usize = 4 * WIDTH;
    for start in (0..classes).step_by(BLOCK) {
        // SAFETY: as promised by the caller.
        let block =
            unsafe { core::slice::from_raw_parts(logits.add(start), BLOCK.min(classes - start)) };
        // All of them, so that lanes are compared.
        let mut is_here = false;
        for &logit in block {
            is_here |= logit == wanted;
        }
        if is_here {
            for (index, &logit) in block.iter().enumerate() {
                if logit == wanted {
                    return start + index;
                }
            }
        }
    }
    0
}

/// The largest logit.
///
/// # Safety
/// There are that many.
#[inline(always)]
pub(super) unsafe fn max<I: Isa>(isa: I, logits: *const f32, classes: usize) -> f32 {
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
pub(in crate::kernel::cpu) fn total<I: Isa>(isa: I, sum: I::Sum) -> f64 {
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

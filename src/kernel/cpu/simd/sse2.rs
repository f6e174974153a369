//! Four 128-bit registers.

use super::{Body, Isa, VectorFunction, WIDTH, instructions};
use core::{arch::x86_64::*, mem::transmute};

/// SSE2, which every x86-64 CPU has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sse2(());

impl Sse2 {
    /// The proof that this CPU has it: it runs a program for x86-64.
    pub fn detect() -> Self {
        Self(())
    }

    /// Runs a body that is compiled for it.
    #[inline(never)] // A function of its own, as those of the other sets: otherwise every caller holds a copy.
    pub fn run<B: Body>(self, body: B) -> B::Output {
        body.run(self)
    }
}

type Four = [__m128; 4];
type Bits = [__m128i; 4];
type Sum = [__m128d; 8];

// Not `map` and `zip`, which cost the compiler a loop with a drop guard each time.

#[inline(always)]
fn each<A: Copy, T>(a: [A; 4], f: impl Fn(A) -> T) -> [T; 4] {
    [f(a[0]), f(a[1]), f(a[2]), f(a[3])]
}

#[inline(always)]
fn both<A: Copy, T>(a: [A; 4], b: [A; 4], f: impl Fn(A, A) -> T) -> [T; 4] {
    [f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2]), f(a[3], b[3])]
}

/// `then` where the mask is set.
///
/// # Safety
/// None: SSE2 is always there.
#[inline(always)]
unsafe fn blend(mask: Four, then: Four, otherwise: Four) -> Four {
    // SAFETY: SSE2 is always there.
    unsafe {
        let then = both(mask, then, |mask, then| _mm_and_ps(mask, then));
        let rest = both(mask, otherwise, |mask, rest| _mm_andnot_ps(mask, rest));
        both(then, rest, |then, rest| _mm_or_ps(then, rest))
    }
}

impl Isa for Sse2 {
    type Vector = Four;
    type Bits = Bits;
    type Sum = Sum;

    /// A function of its own. In four registers a logarithm is hundreds of instructions, and a kernel has several: as
    /// parts of it they took a third of the time the library takes to compile.
    #[inline(never)]
    fn apply<F: VectorFunction>(self, x: Four) -> Four {
        F::of(self, x)
    }

    instructions! {
        load(array: [f32; WIDTH]) -> Four = transmute::<[f32; WIDTH], Four>(array);
        store(a: Four) -> [f32; WIDTH] = transmute::<Four, [f32; WIDTH]>(a);
        splat(value: f32) -> Four = [_mm_set1_ps(value); 4];

        add(a: Four, b: Four) -> Four = both(a, b, |a, b| _mm_add_ps(a, b));
        sub(a: Four, b: Four) -> Four = both(a, b, |a, b| _mm_sub_ps(a, b));
        mul(a: Four, b: Four) -> Four = both(a, b, |a, b| _mm_mul_ps(a, b));
        div(a: Four, b: Four) -> Four = both(a, b, |a, b| _mm_div_ps(a, b));
        sqrt(a: Four) -> Four = each(a, |a| _mm_sqrt_ps(a));
        neg(a: Four) -> Four = each(a, |a| _mm_xor_ps(a, _mm_set1_ps(-0.0)));
        abs(a: Four) -> Four = each(a, |a| _mm_andnot_ps(_mm_set1_ps(-0.0), a));
        mul_add(a: Four, b: Four, c: Four) -> Four =
            both(both(a, b, |a, b| _mm_mul_ps(a, b)), c, |ab, c| _mm_add_ps(ab, c));

        if_below(a: Four, b: Four, then: Four, otherwise: Four) -> Four =
            blend(both(a, b, |a, b| _mm_cmplt_ps(a, b)), then, otherwise);
        if_equal(a: Four, b: Four, then: Four, otherwise: Four) -> Four =
            blend(both(a, b, |a, b| _mm_cmpeq_ps(a, b)), then, otherwise);

        as_bits(a: Four) -> Bits = each(a, |a| _mm_castps_si128(a));
        as_vector(a: Bits) -> Four = each(a, |a| _mm_castsi128_ps(a));
        splat_bits(value: i32) -> Bits = [_mm_set1_epi32(value); 4];
        add_bits(a: Bits, b: Bits) -> Bits = both(a, b, |a, b| _mm_add_epi32(a, b));
        sub_bits(a: Bits, b: Bits) -> Bits = both(a, b, |a, b| _mm_sub_epi32(a, b));
        and_bits(a: Bits, b: Bits) -> Bits = both(a, b, |a, b| _mm_and_si128(a, b));
        shift_up<const N>(a: Bits) -> Bits = {
            let by = _mm_cvtsi32_si128(N as i32);
            each(a, |a| _mm_sll_epi32(a, by))
        };
        shift_down<const N>(a: Bits) -> Bits = {
            let by = _mm_cvtsi32_si128(N as i32);
            each(a, |a| _mm_sra_epi32(a, by))
        };
        to_float(a: Bits) -> Four = each(a, |a| _mm_cvtepi32_ps(a));

        no_sum() -> Sum = [_mm_setzero_pd(); 8];
        add_to_sum(sum: Sum, a: Four) -> Sum = {
            let low = |sum, a| _mm_add_pd(sum, _mm_cvtps_pd(a));
            let high = |sum, a| _mm_add_pd(sum, _mm_cvtps_pd(_mm_movehl_ps(a, a)));
            [
                low(sum[0], a[0]), high(sum[1], a[0]), low(sum[2], a[1]), high(sum[3], a[1]),
                low(sum[4], a[2]), high(sum[5], a[2]), low(sum[6], a[3]), high(sum[7], a[3]),
            ]
        };
        sums(sum: Sum) -> [f64; WIDTH] = transmute::<Sum, [f64; WIDTH]>(sum);
    }
}

//! The vectors of the `fearless_simd` crate: NEON, WebAssembly SIMD, and what else it knows. Which of
//! them is the crate's choice.
//!
//! On x86-64, which has instruction sets of its own here, this is compiled with the feature
//! `portable-simd` alone, for the tests: over the crate's SSE2 vectors.

use super::{Body, Isa, WIDTH};
use core::fmt;
use fearless_simd::{
    Bytes, Level, Select, Simd, SimdBase, SimdCvtFloat, SimdFloat, SimdWiden, f32x16, f64x8, i32x16,
};

/// The best vectors the crate has for this CPU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable(Level);

impl Portable {
    pub fn detect() -> Self {
        Self(Level::new())
    }

    /// Runs a body that is compiled for them. On x86-64 these are the crate's SSE2 vectors: its own choice among
    /// four sets would be compiled four times.
    #[cfg_attr(target_arch = "x86_64", allow(unreachable_code))]
    pub fn run<B: Body>(self, body: B) -> B::Output {
        #[cfg(target_arch = "x86_64")]
        {
            let sse2 = self.0.as_sse2().expect("every x86-64 CPU has SSE2");
            return with(sse2, body);
        }
        dispatched(self.0, body)
    }
}

/// Runs a body with the vectors the crate chooses.
fn dispatched<B: Body>(level: Level, body: B) -> B::Output {
    fearless_simd::dispatch!(level, simd => with(simd, body))
}

/// Runs a body with the crate's vectors of one instruction set.
#[inline(always)]
fn with<S: Simd, B: Body>(simd: S, body: B) -> B::Output {
    simd.vectorize(
        #[inline(always)]
        || body.run(Fearless(simd)),
    )
}

/// An instruction set of the crate; its token is its own proof.
#[derive(Clone, Copy)]
struct Fearless<S>(S);

impl<S> fmt::Debug for Fearless<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fearless")
    }
}

// Where nothing is optimised, the crate's operations keep all their steps in the frame of the function they are
// inlined into: a kernel would need more stack than a thread has. So they are functions of their own there.
impl<S: Simd + fmt::Debug> Isa for Fearless<S> {
    type Vector = f32x16<S>;
    type Bits = i32x16<S>;
    type Sum = [f64x8<S>; 2];

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn load(self, array: [f32; WIDTH]) -> f32x16<S> {
        f32x16::from_slice(self.0, &array)
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn store(self, a: f32x16<S>) -> [f32; WIDTH] {
        *a
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn splat(self, value: f32) -> f32x16<S> {
        f32x16::splat(self.0, value)
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn add(self, a: f32x16<S>, b: f32x16<S>) -> f32x16<S> {
        a + b
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn sub(self, a: f32x16<S>, b: f32x16<S>) -> f32x16<S> {
        a - b
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn mul(self, a: f32x16<S>, b: f32x16<S>) -> f32x16<S> {
        a * b
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn div(self, a: f32x16<S>, b: f32x16<S>) -> f32x16<S> {
        a / b
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn sqrt(self, a: f32x16<S>) -> f32x16<S> {
        a.sqrt()
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn neg(self, a: f32x16<S>) -> f32x16<S> {
        -a
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn abs(self, a: f32x16<S>) -> f32x16<S> {
        a.abs()
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn mul_add(self, a: f32x16<S>, b: f32x16<S>, c: f32x16<S>) -> f32x16<S> {
        a.mul_add(b, c)
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn if_below(
        self,
        a: f32x16<S>,
        b: f32x16<S>,
        then: f32x16<S>,
        otherwise: f32x16<S>,
    ) -> f32x16<S> {
        a.simd_lt(b).select(then, otherwise)
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn if_equal(
        self,
        a: f32x16<S>,
        b: f32x16<S>,
        then: f32x16<S>,
        otherwise: f32x16<S>,
    ) -> f32x16<S> {
        a.simd_eq(b).select(then, otherwise)
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn as_bits(self, a: f32x16<S>) -> i32x16<S> {
        a.bitcast()
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn as_vector(self, a: i32x16<S>) -> f32x16<S> {
        a.bitcast()
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn splat_bits(self, value: i32) -> i32x16<S> {
        i32x16::splat(self.0, value)
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn add_bits(self, a: i32x16<S>, b: i32x16<S>) -> i32x16<S> {
        a + b
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn sub_bits(self, a: i32x16<S>, b: i32x16<S>) -> i32x16<S> {
        a - b
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn and_bits(self, a: i32x16<S>, b: i32x16<S>) -> i32x16<S> {
        a & b
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn shift_up<const N: u32>(self, a: i32x16<S>) -> i32x16<S> {
        a << N
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn shift_down<const N: u32>(self, a: i32x16<S>) -> i32x16<S> {
        a >> N
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn to_float(self, a: i32x16<S>) -> f32x16<S> {
        f32x16::float_from(a)
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn no_sum(self) -> [f64x8<S>; 2] {
        [f64x8::splat(self.0, 0.0); 2]
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn add_to_sum(self, sum: [f64x8<S>; 2], a: f32x16<S>) -> [f64x8<S>; 2] {
        let (low, high) = a.widen();
        [sum[0] + low, sum[1] + high]
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn sums(self, sum: [f64x8<S>; 2]) -> [f64; WIDTH] {
        let [low, high] = sum;
        let mut sums = [0.0; WIDTH];
        sums[..WIDTH / 2].copy_from_slice(&*low);
        sums[WIDTH / 2..].copy_from_slice(&*high);
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a · b + c` and the sum of all sixteen.
    struct Everything;

    impl Body for Everything {
        type Output = f64;

        type Widest = crate::kernel::cpu::simd::All;

        #[inline(always)]
        fn run<I: Isa>(self, isa: I) -> f64 {
            let numbers = isa.load(core::array::from_fn(|i| i as f32));
            let y = isa.mul_add(numbers, isa.splat(2.0), isa.splat(1.0));
            let sum = isa.add_to_sum(isa.no_sum(), y);
            isa.sums(sum).iter().sum()
        }
    }

    #[test]
    fn whatever_the_crate_chooses_gives_the_same() {
        assert_eq!(dispatched(Level::new(), Everything), 256.0);
        assert_eq!(dispatched(Level::baseline(), Everything), 256.0);
        assert_eq!(Portable::detect().run(Everything), 256.0);
    }
}

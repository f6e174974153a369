//! Sixteen `f32` in the registers of an instruction set.
//!
//! [`Isa`] is the small set of operations the lane functions are made of; each instruction set
//! implements it in its own file. Left to itself the compiler takes arrays of sixteen apart and
//! puts them together again between operations, which costs three times the arithmetic; vector
//! types stay whole.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

use core::fmt::Debug;

/// How many numbers a vector holds, on every instruction set.
pub(crate) const WIDTH: usize = 16;

/// AVX-512 F, BW, DQ, VL and FMA.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512;

/// AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2;

/// What the target guarantees (SSE2 on x86-64, NEON on AArch64), through plain arrays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Baseline;

/// An instruction set. Its functions may only be reached from a function compiled for it, which
/// [`dispatch!`](super::isa::dispatch) sees to; there they are inlined to an instruction or two.
pub(crate) trait Isa: Copy + Debug + Send + Sync + 'static {
    /// Sixteen `f32`.
    type Vector: Copy + Debug;
    /// Sixteen `i32`.
    type Bits: Copy;
    /// Sixteen sums in `f64`.
    type Sum: Copy;

    fn load(array: [f32; WIDTH]) -> Self::Vector;
    fn store(a: Self::Vector) -> [f32; WIDTH];
    fn splat(value: f32) -> Self::Vector;

    fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn sub(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn mul(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn div(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn sqrt(a: Self::Vector) -> Self::Vector;
    fn neg(a: Self::Vector) -> Self::Vector;
    fn abs(a: Self::Vector) -> Self::Vector;
    /// `a · b + c`, fused where that is one instruction: elsewhere it would be a library call.
    fn mul_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;

    /// `then` where `a < b`, else (NaN included) `otherwise`.
    fn if_below(
        a: Self::Vector,
        b: Self::Vector,
        then: Self::Vector,
        otherwise: Self::Vector,
    ) -> Self::Vector;
    /// `then` where `a == b`, else (NaN included) `otherwise`.
    fn if_equal(
        a: Self::Vector,
        b: Self::Vector,
        then: Self::Vector,
        otherwise: Self::Vector,
    ) -> Self::Vector;

    fn to_bits(a: Self::Vector) -> Self::Bits;
    fn from_bits(a: Self::Bits) -> Self::Vector;
    fn splat_bits(value: i32) -> Self::Bits;
    fn add_bits(a: Self::Bits, b: Self::Bits) -> Self::Bits;
    fn sub_bits(a: Self::Bits, b: Self::Bits) -> Self::Bits;
    fn and_bits(a: Self::Bits, b: Self::Bits) -> Self::Bits;
    /// Shifts towards the high bits.
    fn shift_up<const N: u32>(a: Self::Bits) -> Self::Bits;
    /// Shifts towards the low bits, repeating the sign.
    fn shift_down<const N: u32>(a: Self::Bits) -> Self::Bits;
    /// The nearest `f32` of each number.
    fn to_float(a: Self::Bits) -> Self::Vector;

    fn no_sum() -> Self::Sum;
    /// Adds each number to the sum in its place.
    fn add_to_sum(sum: Self::Sum, a: Self::Vector) -> Self::Sum;
    fn sums(sum: Self::Sum) -> [f64; WIDTH];
}

/// Defines functions of an [`Isa`] by an expression of intrinsics each.
#[cfg(target_arch = "x86_64")]
macro_rules! instructions {
    ($($name:ident $(<const $n:ident>)? ($($argument:ident: $type:ty),*) -> $output:ty = $body:expr;)*) => {
        $(
            #[inline(always)]
            fn $name $(<const $n: u32>)? ($($argument: $type),*) -> $output {
                // SAFETY: only reached from functions compiled for this instruction set, after the
                // CPU was found to have it; no pointer is involved.
                unsafe { $body }
            }
        )*
    };
}
#[cfg(target_arch = "x86_64")]
use instructions;

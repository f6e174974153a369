//! Sixteen `f32` in the registers of an instruction set.
//!
//! [`Isa`] is the small set of operations the lane functions are made of; each instruction set
//! implements it in its own file. Left to itself the compiler takes arrays of sixteen apart and
//! puts them together again between operations, which costs three times the arithmetic; vector
//! types stay whole.
//!
//! A value of an instruction set's type is the proof that the CPU has it: `detect` is the only way to
//! one, and every operation takes it. So no operation can be reached on a CPU that lacks it.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(any(feature = "portable-simd", not(target_arch = "x86_64")))]
mod portable;
#[cfg(target_arch = "x86_64")]
mod sse2;
mod widest;

#[cfg(target_arch = "x86_64")]
pub(super) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(super) use avx512::Avx512;
#[cfg(any(feature = "portable-simd", not(target_arch = "x86_64")))]
pub(super) use portable::Portable;
#[cfg(target_arch = "x86_64")]
pub(super) use sse2::Sse2;
pub(super) use widest::{All, Common, Half, Widest};

use core::fmt::Debug;

/// How many numbers a vector holds, on every instruction set.
pub(crate) const WIDTH: usize = 16;

/// What is compiled once for each instruction set.
pub(crate) trait Body {
    /// What it returns.
    type Output;

    /// The widest registers it is compiled for.
    type Widest: Widest;

    /// Does the work with the operations of an instruction set. To be marked `#[inline(always)]`: it is
    /// compiled as a part of the function that has the instruction set's features.
    fn run<I: Isa>(self, isa: I) -> Self::Output;
}

/// A function of sixteen numbers, each of one.
pub(crate) trait VectorFunction {
    /// Its values. To be marked `#[inline(always)]`, as [`Body::run`].
    fn of<I: Isa>(isa: I, x: I::Vector) -> I::Vector;
}

/// An instruction set that the CPU has. Within a [`Body`] its operations are inlined to an instruction or
/// two each.
pub(crate) trait Isa: Copy + Debug + Send + Sync + 'static {
    /// Sixteen `f32`.
    type Vector: Copy + Debug;
    /// Sixteen `i32`.
    type Bits: Copy;
    /// Sixteen sums in `f64`.
    type Sum: Copy;

    fn load(self, array: [f32; WIDTH]) -> Self::Vector;
    fn store(self, a: Self::Vector) -> [f32; WIDTH];
    fn splat(self, value: f32) -> Self::Vector;

    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn div(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn sqrt(self, a: Self::Vector) -> Self::Vector;
    fn neg(self, a: Self::Vector) -> Self::Vector;
    fn abs(self, a: Self::Vector) -> Self::Vector;
    /// `a · b + c`, fused where that is one instruction: elsewhere it would be a library call.
    fn mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;

    /// `then` where `a < b`, else (NaN included) `otherwise`.
    fn if_below(
        self,
        a: Self::Vector,
        b: Self::Vector,
        then: Self::Vector,
        otherwise: Self::Vector,
    ) -> Self::Vector;
    /// `then` where `a == b`, else (NaN included) `otherwise`.
    fn if_equal(
        self,
        a: Self::Vector,
        b: Self::Vector,
        then: Self::Vector,
        otherwise: Self::Vector,
    ) -> Self::Vector;

    fn as_bits(self, a: Self::Vector) -> Self::Bits;
    fn as_vector(self, a: Self::Bits) -> Self::Vector;
    fn splat_bits(self, value: i32) -> Self::Bits;
    fn add_bits(self, a: Self::Bits, b: Self::Bits) -> Self::Bits;
    fn sub_bits(self, a: Self::Bits, b: Self::Bits) -> Self::Bits;
    fn and_bits(self, a: Self::Bits, b: Self::Bits) -> Self::Bits;
    /// Shifts towards the high bits.
    fn shift_up<const N: u32>(self, a: Self::Bits) -> Self::Bits;
    /// Shifts towards the low bits, repeating the sign.
    fn shift_down<const N: u32>(self, a: Self::Bits) -> Self::Bits;
    /// The nearest `f32` of each number.
    fn to_float(self, a: Self::Bits) -> Self::Vector;

    /// The values of a function: a part of the kernel that asks for them, unless the set says otherwise.
    #[inline(always)]
    fn apply<F: VectorFunction>(self, x: Self::Vector) -> Self::Vector {
        F::of(self, x)
    }

    fn no_sum(self) -> Self::Sum;
    /// Adds each number to the sum in its place.
    fn add_to_sum(self, sum: Self::Sum, a: Self::Vector) -> Self::Sum;
    fn sums(self, sum: Self::Sum) -> [f64; WIDTH];
}

/// Defines functions of an [`Isa`] by an expression of intrinsics each.
#[cfg(target_arch = "x86_64")]
macro_rules! instructions {
    ($($name:ident $(<const $n:ident>)? ($($argument:ident: $type:ty),*) -> $output:ty = $body:expr;)*) => {
        $(
            #[inline(always)]
            fn $name $(<const $n: u32>)? (self $(, $argument: $type)*) -> $output {
                // SAFETY: `self` is the proof that the CPU has the instruction set; no pointer is
                // involved.
                unsafe { $body }
            }
        )*
    };
}
#[cfg(target_arch = "x86_64")]
use instructions;

//! Plain arrays, for any target: the compiler makes of the loops what it can.

use super::{Baseline, Isa, WIDTH};

type Array = [f32; WIDTH];
type Bits = [i32; WIDTH];

/// Whether a fused multiply-add is one instruction of the target.
const FMA: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));

#[inline(always)]
fn zip<A: Copy, B: Copy, T: Copy + Default>(
    a: [A; WIDTH],
    b: [B; WIDTH],
    f: impl Fn(A, B) -> T,
) -> [T; WIDTH] {
    let mut out = [T::default(); WIDTH];
    for ((out, &a), &b) in out.iter_mut().zip(&a).zip(&b) {
        *out = f(a, b);
    }
    out
}

#[inline(always)]
fn pick(a: Array, b: Array, then: Array, otherwise: Array, is: impl Fn(f32, f32) -> bool) -> Array {
    let mut out = otherwise;
    for (((out, &then), &a), &b) in out.iter_mut().zip(&then).zip(&a).zip(&b) {
        *out = if is(a, b) { then } else { *out };
    }
    out
}

impl Isa for Baseline {
    type Vector = Array;
    type Bits = Bits;
    type Sum = [f64; WIDTH];

    #[inline(always)]
    fn load(array: Array) -> Array {
        array
    }

    #[inline(always)]
    fn store(a: Array) -> Array {
        a
    }

    #[inline(always)]
    fn splat(value: f32) -> Array {
        [value; WIDTH]
    }

    #[inline(always)]
    fn add(a: Array, b: Array) -> Array {
        zip(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(a: Array, b: Array) -> Array {
        zip(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(a: Array, b: Array) -> Array {
        zip(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(a: Array, b: Array) -> Array {
        zip(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn sqrt(a: Array) -> Array {
        a.map(f32::sqrt)
    }

    #[inline(always)]
    fn neg(a: Array) -> Array {
        a.map(|a| -a)
    }

    #[inline(always)]
    fn abs(a: Array) -> Array {
        a.map(f32::abs)
    }

    #[inline(always)]
    fn mul_add(a: Array, b: Array, c: Array) -> Array {
        if FMA {
            let mut out = c;
            for ((out, &a), &b) in out.iter_mut().zip(&a).zip(&b) {
                *out = a.mul_add(b, *out);
            }
            out
        } else {
            Self::add(Self::mul(a, b), c)
        }
    }

    #[inline(always)]
    fn if_below(a: Array, b: Array, then: Array, otherwise: Array) -> Array {
        pick(a, b, then, otherwise, |a, b| a < b)
    }

    #[inline(always)]
    fn if_equal(a: Array, b: Array, then: Array, otherwise: Array) -> Array {
        pick(a, b, then, otherwise, |a, b| a == b)
    }

    #[inline(always)]
    fn to_bits(a: Array) -> Bits {
        a.map(|a| a.to_bits() as i32)
    }

    #[inline(always)]
    fn from_bits(a: Bits) -> Array {
        a.map(|a| f32::from_bits(a as u32))
    }

    #[inline(always)]
    fn splat_bits(value: i32) -> Bits {
        [value; WIDTH]
    }

    #[inline(always)]
    fn add_bits(a: Bits, b: Bits) -> Bits {
        zip(a, b, i32::wrapping_add)
    }

    #[inline(always)]
    fn sub_bits(a: Bits, b: Bits) -> Bits {
        zip(a, b, i32::wrapping_sub)
    }

    #[inline(always)]
    fn and_bits(a: Bits, b: Bits) -> Bits {
        zip(a, b, |a, b| a & b)
    }

    #[inline(always)]
    fn shift_up<const N: u32>(a: Bits) -> Bits {
        a.map(|a| a << N)
    }

    #[inline(always)]
    fn shift_down<const N: u32>(a: Bits) -> Bits {
        a.map(|a| a >> N)
    }

    #[inline(always)]
    fn to_float(a: Bits) -> Array {
        a.map(|a| a as f32)
    }

    #[inline(always)]
    fn no_sum() -> [f64; WIDTH] {
        [0.0; WIDTH]
    }

    #[inline(always)]
    fn add_to_sum(sum: [f64; WIDTH], a: Array) -> [f64; WIDTH] {
        zip(sum, a, |sum, a| sum + a as f64)
    }

    #[inline(always)]
    fn sums(sum: [f64; WIDTH]) -> [f64; WIDTH] {
        sum
    }
}

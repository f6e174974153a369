//! Sixteen numbers at a time, with `exp`, `ln` and `ln_1p`.
//!
//! A lane is an array the compiler turns into vector registers: every operation is a loop of fixed
//! length without branches or calls, so within a function compiled for an instruction set it
//! becomes vector instructions of that set. The three functions are within 1.5 ULP of the truth
//! over all finite `f32`, special values included; the tests walk all bit patterns.

use super::isa::Isa;
use crate::formula::Real;
use core::{
    marker::PhantomData,
    ops::{Add, Div, Mul, Neg, Sub},
};

/// How many numbers a lane holds.
pub(crate) const WIDTH: usize = 16;

/// Sixteen `f32`, computed with the instruction set `I`.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Lane<I>([f32; WIDTH], PhantomData<I>);

impl<I: Isa> Lane<I> {
    #[inline(always)]
    pub fn new(values: [f32; WIDTH]) -> Self {
        Self(values, PhantomData)
    }

    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self::new([value; WIDTH])
    }

    #[inline(always)]
    pub fn into_array(self) -> [f32; WIDTH] {
        self.0
    }

    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32) -> Self {
        let mut out = self.0;
        for value in &mut out {
            *value = f(*value);
        }
        Self::new(out)
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let mut out = self.0;
        for (value, &other) in out.iter_mut().zip(&other.0) {
            *value = f(*value, other);
        }
        Self::new(out)
    }

    /// `then` or `otherwise`, number by number.
    #[inline(always)]
    fn pick(self, then: Self, otherwise: Self, condition: impl Fn(f32) -> bool) -> Self {
        let mut out = otherwise.0;
        for ((out, &then), &x) in out.iter_mut().zip(&then.0).zip(&self.0) {
            *out = if condition(x) { then } else { *out };
        }
        Self::new(out)
    }
}

impl<I: Isa> Add for Lane<I> {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
}

impl<I: Isa> Sub for Lane<I> {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
}

impl<I: Isa> Mul for Lane<I> {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
}

impl<I: Isa> Div for Lane<I> {
    type Output = Self;

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }
}

impl<I: Isa> Neg for Lane<I> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        self.map(|a| -a)
    }
}

impl<I: Isa> Add<f64> for Lane<I> {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: f64) -> Self {
        self + Self::splat(other as f32)
    }
}

impl<I: Isa> Sub<f64> for Lane<I> {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: f64) -> Self {
        self - Self::splat(other as f32)
    }
}

impl<I: Isa> Mul<f64> for Lane<I> {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: f64) -> Self {
        self * Self::splat(other as f32)
    }
}

impl<I: Isa> Real for Lane<I> {
    #[inline(always)]
    fn constant(&self, value: f64) -> Self {
        Self::splat(value as f32)
    }

    #[inline(always)]
    fn detach(self) -> Self {
        self
    }

    #[inline(always)]
    fn abs(self) -> Self {
        self.map(f32::abs)
    }

    #[inline(always)]
    fn exp(self) -> Self {
        self.map(exp::<I>)
    }

    #[inline(always)]
    fn ln(self) -> Self {
        self.map(ln::<I>)
    }

    #[inline(always)]
    fn ln_1p(self) -> Self {
        self.map(ln_1p::<I>)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.map(f32::sqrt)
    }

    #[inline(always)]
    fn where_below(&self, bound: f64, then: Self, otherwise: Self) -> Self {
        let bound = bound as f32;
        self.pick(then, otherwise, |x| x < bound)
    }

    #[inline(always)]
    fn where_equal(&self, value: f64, then: Self, otherwise: Self) -> Self {
        let value = value as f32;
        self.pick(then, otherwise, |x| x == value)
    }
}

/// `a · b + c`, fused where that is one instruction.
#[inline(always)]
fn multiply_add<I: Isa>(a: f32, b: f32, c: f32) -> f32 {
    if I::FMA { a.mul_add(b, c) } else { a * b + c }
}

/// Adding and subtracting this rounds to the nearest whole number and leaves that number in the
/// low bits of the sum.
const ROUND: f32 = 12_582_912.0; // 1.5 · 2^23

/// e to the power of x.
///
/// `x = n ln 2 + r` with whole n and `|r| <= ln 2 / 2`; a polynomial in r gives `exp(r)`, and `2^n`
/// is multiplied on in two halves, so that results below the normal range are rounded once.
#[inline(always)]
fn exp<I: Isa>(x: f32) -> f32 {
    // ln 2 in two parts, the first with so few bits that n times it is exact.
    const LN2_HIGH: f32 = 0.693_359_375;
    const LN2_LOW: f32 = -2.121_944_4e-4;

    // Beyond these bounds the result is 0 or infinite anyway; within them n fits two halves.
    let bounded = if x > 89.0 { 89.0 } else { x };
    let bounded = if bounded < -104.0 { -104.0 } else { bounded };

    let shifted = multiply_add::<I>(bounded, core::f32::consts::LOG2_E, ROUND);
    let n = shifted.to_bits().wrapping_sub(ROUND.to_bits()) as i32;
    let whole = shifted - ROUND;
    let r = multiply_add::<I>(whole, -LN2_HIGH, bounded);
    let r = multiply_add::<I>(whole, -LN2_LOW, r);

    let mut p = 1.987_569_1e-4;
    p = multiply_add::<I>(p, r, 1.398_199_9e-3);
    p = multiply_add::<I>(p, r, 8.333_452e-3);
    p = multiply_add::<I>(p, r, 4.166_579_6e-2);
    p = multiply_add::<I>(p, r, 1.666_666_5e-1);
    p = multiply_add::<I>(p, r, 0.5);
    let power = multiply_add::<I>(p, r * r, r) + 1.0;

    let half = n >> 1;
    let first = f32::from_bits(((half + 127) << 23) as u32);
    let second = f32::from_bits(((n - half + 127) << 23) as u32);
    power * first * second
}

/// The natural logarithm of `2^k (1 + f)` with `1 + f` in `[sqrt(1/2), sqrt(2))`, plus `correction`.
///
/// With `s = f / (2 + f)`, `ln(1 + f) = 2 artanh(s) = 2s + s³ R(s²)`; the leading part of it is
/// written as `f - f²/2 + s (f²/2 + R)`, which keeps f exact (the reduction of fdlibm's `log`).
#[inline(always)]
fn ln_reduced<I: Isa>(k: f32, f: f32, correction: f32) -> f32 {
    const LN2_HIGH: f32 = 6.931_381_2e-1;
    const LN2_LOW: f32 = 9.058_000_6e-6;

    let s = f / (2.0 + f);
    let z = s * s;
    let mut r = 0.242_790_79;
    r = multiply_add::<I>(r, z, 0.284_987_87);
    r = multiply_add::<I>(r, z, 0.400_009_72);
    r = multiply_add::<I>(r, z, 0.666_666_6);
    let half_square = 0.5 * f * f;
    let low = multiply_add::<I>(k, LN2_LOW, correction);
    let tail = multiply_add::<I>(s, multiply_add::<I>(r, z, half_square), low);
    multiply_add::<I>(k, LN2_HIGH, f - (half_square - tail))
}

/// Splits a positive normal number into `2^k` and a factor in `[sqrt(1/2), sqrt(2))`.
#[inline(always)]
fn split(x: f32) -> (f32, f32) {
    const SQRT_HALF: u32 = 0x3f35_04f3;
    let bits = x.to_bits().wrapping_add(0x3f80_0000 - SQRT_HALF);
    let k = (bits >> 23) as i32 - 127;
    let factor = f32::from_bits((bits & 0x007f_ffff) + SQRT_HALF);
    (k as f32, factor)
}

/// The natural logarithm of x.
#[inline(always)]
fn ln<I: Isa>(x: f32) -> f32 {
    const SCALE: f32 = 33_554_432.0; // 2^25
    let subnormal = x < f32::MIN_POSITIVE;
    let (k, factor) = split(if subnormal { x * SCALE } else { x });
    let k = if subnormal { k - 25.0 } else { k };
    let y = ln_reduced::<I>(k, factor - 1.0, 0.0);
    at_the_edge(x, 0.0, y)
}

/// The natural logarithm of 1 + x.
#[inline(always)]
fn ln_1p<I: Isa>(x: f32) -> f32 {
    let u = 1.0 + x;
    let (k, factor) = split(u);
    // What rounding took from 1 + x, relative to u.
    let lost = if x < 1.0 {
        x - (u - 1.0)
    } else {
        1.0 - (u - x)
    };
    // Where no power of two was taken out, x itself is the exact f.
    let near = k == 0.0;
    let f = if near { x } else { factor - 1.0 };
    let correction = if near { 0.0 } else { lost / u };
    let y = ln_reduced::<I>(k, f, correction);
    at_the_edge(x, -1.0, y)
}

/// `y`, the logarithm computed from x, or the right answer where x is no number with one: `edge` is
/// where the logarithm is minus infinity.
#[inline(always)]
fn at_the_edge(x: f32, edge: f32, y: f32) -> f32 {
    let y = if x == edge { f32::NEG_INFINITY } else { y };
    // Infinity stays itself; so does NaN, which is not below it.
    let y = if x < f32::INFINITY { y } else { x };
    if x < edge { f32::NAN } else { y }
}

#[cfg(test)]
mod tests;

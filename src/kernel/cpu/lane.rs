//! Sixteen numbers at a time, with `exp`, `exp_m1`, `ln` and `ln_1p`.
//!
//! The functions are polynomials without branches or calls, so they run at the speed of the
//! arithmetic around them. They are within 1.5 ULP of the truth over all finite `f32` (`exp_m1` within
//! 2.5), special values included; the tests walk all bit patterns.

use super::simd::{Isa, VectorFunction, WIDTH};
use crate::formula::{Real, Sealed};
use core::ops::{Add, Div, Mul, Neg, Sub};

/// Sixteen `f32`, computed with the instruction set `I`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lane<I: Isa> {
    isa: I,
    vector: I::Vector,
}

impl<I: Isa> Lane<I> {
    #[inline(always)]
    pub fn new(isa: I, values: [f32; WIDTH]) -> Self {
        Self {
            isa,
            vector: isa.load(values),
        }
    }

    #[inline(always)]
    pub fn splat(isa: I, value: f32) -> Self {
        Self {
            isa,
            vector: isa.splat(value),
        }
    }

    /// Of the same instruction set, another vector.
    #[inline(always)]
    fn with(self, vector: I::Vector) -> Self {
        Self { vector, ..self }
    }

    /// The same number everywhere.
    #[inline(always)]
    fn all(self, value: f32) -> Self {
        self.with(self.isa.splat(value))
    }

    #[inline(always)]
    pub fn into_array(self) -> [f32; WIDTH] {
        self.isa.store(self.vector)
    }

    /// Adds each number to the sum in its place.
    #[inline(always)]
    pub fn add_to(self, sum: I::Sum) -> I::Sum {
        self.isa.add_to_sum(sum, self.vector)
    }

    /// `then` where both hold the same number, `otherwise` elsewhere (NaN included).
    #[inline(always)]
    pub fn where_same(self, other: Self, then: Self, otherwise: Self) -> Self {
        let (a, b) = (self.vector, other.vector);
        self.with(self.isa.if_equal(a, b, then.vector, otherwise.vector))
    }

    #[inline(always)]
    fn apply<F: VectorFunction>(self) -> Self {
        self.with(self.isa.apply::<F>(self.vector))
    }

    /// `self · b + c`, fused where that is one instruction.
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        self.with(self.isa.mul_add(self.vector, b.vector, c.vector))
    }

    /// The value of a polynomial, its coefficients given from the highest power down.
    #[inline(always)]
    fn polynomial<const N: usize>(self, coefficients: [f32; N]) -> Self {
        let mut sum = self.all(coefficients[0]);
        for &coefficient in &coefficients[1..] {
            sum = sum.mul_add(self, self.all(coefficient));
        }
        sum
    }
}

impl<I: Isa> Add for Lane<I> {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.with(self.isa.add(self.vector, other.vector))
    }
}

impl<I: Isa> Sub for Lane<I> {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.with(self.isa.sub(self.vector, other.vector))
    }
}

impl<I: Isa> Mul for Lane<I> {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.with(self.isa.mul(self.vector, other.vector))
    }
}

impl<I: Isa> Div for Lane<I> {
    type Output = Self;

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.with(self.isa.div(self.vector, other.vector))
    }
}

impl<I: Isa> Neg for Lane<I> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        self.with(self.isa.neg(self.vector))
    }
}

impl<I: Isa> Add<f64> for Lane<I> {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: f64) -> Self {
        self + self.all(other as f32)
    }
}

impl<I: Isa> Sub<f64> for Lane<I> {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: f64) -> Self {
        self - self.all(other as f32)
    }
}

impl<I: Isa> Mul<f64> for Lane<I> {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: f64) -> Self {
        self * self.all(other as f32)
    }
}

impl<I: Isa> Sealed for Lane<I> {}

impl<I: Isa> Real for Lane<I> {
    #[inline(always)]
    fn constant(&self, value: f64) -> Self {
        self.all(value as f32)
    }

    #[inline(always)]
    fn detach(self) -> Self {
        self
    }

    #[inline(always)]
    fn abs(self) -> Self {
        self.with(self.isa.abs(self.vector))
    }

    #[inline(always)]
    fn exp(self) -> Self {
        self.apply::<Exp>()
    }

    #[inline(always)]
    fn ln(self) -> Self {
        self.apply::<Ln>()
    }

    #[inline(always)]
    fn ln_1p(self) -> Self {
        self.apply::<Ln1p>()
    }

    #[inline(always)]
    fn exp_m1(self) -> Self {
        self.apply::<ExpM1>()
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.with(self.isa.sqrt(self.vector))
    }

    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        let (a, b) = (self.vector, other.vector);
        self.with(self.isa.if_below(b, a, b, a))
    }

    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        let (a, b) = (self.vector, other.vector);
        self.with(self.isa.if_below(a, b, b, a))
    }

    #[inline(always)]
    fn where_below(&self, bound: f64, then: Self, otherwise: Self) -> Self {
        let bound = self.isa.splat(bound as f32);
        let picked = self
            .isa
            .if_below(self.vector, bound, then.vector, otherwise.vector);
        self.with(picked)
    }

    #[inline(always)]
    fn where_equal(&self, value: f64, then: Self, otherwise: Self) -> Self {
        let value = self.isa.splat(value as f32);
        let picked = self
            .isa
            .if_equal(self.vector, value, then.vector, otherwise.vector);
        self.with(picked)
    }
}

struct Exp;

impl VectorFunction for Exp {
    #[inline(always)]
    fn of<I: Isa>(isa: I, vector: I::Vector) -> I::Vector {
        exp(Lane { isa, vector }).vector
    }
}

struct ExpM1;

impl VectorFunction for ExpM1 {
    #[inline(always)]
    fn of<I: Isa>(isa: I, vector: I::Vector) -> I::Vector {
        exp_m1(Lane { isa, vector }).vector
    }
}

struct Ln;

impl VectorFunction for Ln {
    #[inline(always)]
    fn of<I: Isa>(isa: I, vector: I::Vector) -> I::Vector {
        ln(Lane { isa, vector }).vector
    }
}

struct Ln1p;

impl VectorFunction for Ln1p {
    #[inline(always)]
    fn of<I: Isa>(isa: I, vector: I::Vector) -> I::Vector {
        ln_1p(Lane { isa, vector }).vector
    }
}

/// Adding and subtracting this rounds to the nearest whole number and leaves that number in the
/// low bits of the sum.
const ROUND: f32 = 12_582_912.0; // 1.5 · 2^23

/// The exponent of 1 in the bits of an `f32`.
const BIAS: i32 = 127;

/// e to the power of x.
///
/// `x = n ln 2 + r` with whole n and `|r| <= ln 2 / 2`; a polynomial in r gives `exp(r)`, and `2^n`
/// is multiplied on in two halves, so that results below the normal range are rounded once.
#[inline(always)]
fn exp<I: Isa>(x: Lane<I>) -> Lane<I> {
    // ln 2 in two parts, the first with so few bits that n times it is exact.
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;

    // Beyond these bounds the result is 0 or infinite anyway; within them n fits two halves.
    let bounded = x.at_most(89.0).at_least(-104.0);
    let shifted = bounded.mul_add(x.all(core::f32::consts::LOG2_E), x.all(ROUND));
    let whole = shifted - x.all(ROUND);
    let r = whole.mul_add(x.all(-LN2_HIGH), bounded);
    let r = whole.mul_add(x.all(-LN2_LOW), r);

    let rest = r.polynomial([
        1.987_569_1e-4,
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        0.5,
    ]);
    let power = rest.mul_add(r * r, r) + x.all(1.0);

    let isa = x.isa;
    let n = isa.sub_bits(
        isa.as_bits(shifted.vector),
        isa.splat_bits(ROUND.to_bits() as i32),
    );
    let half = isa.shift_down::<1>(n);
    power * power_of_two(x, half) * power_of_two(x, isa.sub_bits(n, half))
}

/// 2 to the power of whole numbers.
#[inline(always)]
fn power_of_two<I: Isa>(like: Lane<I>, n: I::Bits) -> Lane<I> {
    let isa = like.isa;
    let exponent = isa.add_bits(n, isa.splat_bits(BIAS));
    like.with(isa.as_vector(isa.shift_up::<23>(exponent)))
}

/// e to the power of x, minus 1.
///
/// Near 0 the series of `e^x - 1 - x`, elsewhere `e^x - 1`, which there loses a bit at
/// most.
#[inline(always)]
fn exp_m1<I: Isa>(x: Lane<I>) -> Lane<I> {
    const NEAR: f64 = 0.693;
    let near = x.at_least(-NEAR).at_most(NEAR);
    let series = near.polynomial([
        2.755_731_9e-6, // 1 / 9!
        2.480_158_7e-5,
        1.984_127e-4,
        1.388_888_9e-3,
        8.333_333e-3,
        4.166_666_8e-2,
        1.666_666_7e-1,
        0.5,
    ]);
    let inside = (near * near).mul_add(series, near);
    x.abs().where_below(NEAR, inside, exp(x) - 1.0)
}

/// The natural logarithm of `2^k (1 + f)` with `1 + f` in `[sqrt(1/2), sqrt(2))`, plus `correction`.
///
/// With `s = f / (2 + f)`, `ln(1 + f) = 2 artanh(s) = 2s + s³ R(s²)`; the leading part of it is
/// written as `f - f²/2 + s (f²/2 + R)`, which keeps f exact (the reduction of fdlibm's `log`).
#[inline(always)]
fn ln_reduced<I: Isa>(k: Lane<I>, f: Lane<I>, correction: Lane<I>) -> Lane<I> {
    const LN2_HIGH: f32 = 6.931_381e-1;
    const LN2_LOW: f32 = 9.058_001e-6;

    let s = f / (f + 2.0);
    let z = s * s;
    let r = z.polynomial([0.242_790_79, 0.284_987_87, 0.400_009_72, 0.666_666_6]);
    let half_square = f * f * 0.5;
    let low = k.mul_add(k.all(LN2_LOW), correction);
    let tail = s.mul_add(r.mul_add(z, half_square), low);
    k.mul_add(k.all(LN2_HIGH), f - (half_square - tail))
}

/// Splits positive normal numbers into `2^k` and factors in `[sqrt(1/2), sqrt(2))`.
#[inline(always)]
fn split<I: Isa>(x: Lane<I>) -> (Lane<I>, Lane<I>) {
    const ONE: i32 = 0x3f80_0000;
    const SQRT_HALF: i32 = 0x3f35_04f3;
    const MANTISSA: i32 = 0x007f_ffff;
    let isa = x.isa;
    let bits = isa.add_bits(isa.as_bits(x.vector), isa.splat_bits(ONE - SQRT_HALF));
    let k = isa.sub_bits(isa.shift_down::<23>(bits), isa.splat_bits(BIAS));
    let factor = isa.add_bits(
        isa.and_bits(bits, isa.splat_bits(MANTISSA)),
        isa.splat_bits(SQRT_HALF),
    );
    (x.with(isa.to_float(k)), x.with(isa.as_vector(factor)))
}

/// The natural logarithm of x.
#[inline(always)]
fn ln<I: Isa>(x: Lane<I>) -> Lane<I> {
    const TINY: f64 = f32::MIN_POSITIVE as f64;
    // Subnormal numbers are brought into the normal range first.
    let (k, factor) = split(x.where_below(TINY, x * f64::powi(2.0, 25), x));
    let k = x.where_below(TINY, k - 25.0, k);
    let y = ln_reduced(k, factor - 1.0, x.all(0.0));
    at_the_edge(x, 0.0, y)
}

/// The natural logarithm of 1 + x.
#[inline(always)]
fn ln_1p<I: Isa>(x: Lane<I>) -> Lane<I> {
    let zero = x.all(0.0);
    let u = x + 1.0;
    let (k, factor) = split(u);
    // What rounding took from 1 + x, relative to u.
    let lost = x.where_below(1.0, x - (u - 1.0), -(u - x - 1.0));
    // Where no power of two was taken out, x itself is the exact f.
    let f = k.where_equal(0.0, x, factor - 1.0);
    let correction = k.where_equal(0.0, zero, lost / u);
    let y = ln_reduced(k, f, correction);
    at_the_edge(x, -1.0, y)
}

/// `y`, the logarithm computed from x, or the right answer where x is no number with one: `edge` is
/// where the logarithm is minus infinity.
#[inline(always)]
fn at_the_edge<I: Isa>(x: Lane<I>, edge: f64, y: Lane<I>) -> Lane<I> {
    let y = x.where_equal(edge, x.all(f32::NEG_INFINITY), y);
    // Infinity stays itself; so does NaN, which is not below it.
    let y = x.where_below(f64::INFINITY, y, x);
    x.where_below(edge, x.all(f32::NAN), y)
}

#[cfg(test)]
mod tests;

//! Functions of devices that lose digits, put right where they do.

use super::Real;

/// `value` with the derivative of `rough`, which is roughly the same.
fn with_derivative_of<R: Real>(value: R, rough: R) -> R {
    value + (rough.clone() - rough.detach())
}

/// The logarithm of `1 + x`, given as the device has it. The logarithm of a GPU is off by a fixed
/// amount near 1, which is nothing like a small x; its derivative is right. So the value alone is put
/// right there. (In its place, not by adding what is missing: next to what the device is off by, a tiny value is lost.)
pub(crate) fn ln_near_1<R: Real>(logarithm: R, x: R) -> R {
    let x = x.detach();
    let near = with_derivative_of(ln_1p_by_series(x.clone()), logarithm.clone());
    // Beyond 3/4 of 1/4 the series does not reach.
    let distance = -(x - 0.25).abs();
    distance.where_below(-0.75, logarithm, near)
}

/// Where `e^x - 1` loses digits by the subtraction.
const NEAR_0: f64 = 0.5;

/// `e^x - 1`, given with the digits the subtraction has left. The derivative is that of `e^x`; the value
/// alone is put right near 0.
pub(crate) fn exp_m1_near_0<R: Real>(rough: R, x: R) -> R {
    let x = x.detach();
    let near = with_derivative_of(exp_m1_by_series(x.clone()), rough.clone());
    x.abs().where_below(NEAR_0, near, rough)
}

/// `e^x - 1` for x within [`NEAR_0`] of 0, to the precision of `f64`: `x + x²/2! + x³/3! + ..`
fn exp_m1_by_series<R: Real>(x: R) -> R {
    const TERMS: i32 = 14;
    let series = (2..=TERMS).rev().fold(x.constant(1.0), |sum, n| {
        sum * x.clone() * (1.0 / f64::from(n)) + 1.0
    });
    series * x
}

/// `ln(1 + x)` for x from -1/2 to 1, to the precision of `f32`: `2 artanh(s)` with `s = x / (2 + x)`,
/// whose square is at most 1/9.
fn ln_1p_by_series<R: Real>(x: R) -> R {
    const TERMS: i32 = 9;
    let s = x.clone() / (x + 2.0);
    let square = s.clone() * s.clone();
    let coefficient = |n: i32| 2.0 / f64::from(2 * n + 1);
    let series = (0..TERMS - 1)
        .rev()
        .fold(s.constant(coefficient(TERMS - 1)), |sum, n| {
            sum * square.clone() + coefficient(n)
        });
    series * s
}

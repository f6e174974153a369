//! How much the exponential lies above its tangent at 0, and what is made of that.

use super::Real;

/// Where `e^x - 1` and `x` have digits in common.
pub(super) const NEAR_0: f64 = 0.5;

/// `e^x - 1 - x` for x within [`NEAR_0`] of 0, to the precision of `f64`: `x²/2! + x³/3! + ..`
#[inline(always)]
pub(super) fn exp_m1_minus<R: Real>(x: R) -> R {
    const TERMS: u32 = 14;
    let mut series = x.constant(1.0);
    for n in (3..=TERMS).rev() {
        series = series * x.clone() * (1.0 / f64::from(n)) + 1.0;
    }
    series * x.clone() * x * 0.5
}

/// `t ln(t / s) - t + s` of probabilities t and s with `ln_ratio = ln s - ln t`; 0 or more, and s where t is 0.
///
/// Over distributions these sum up to the Kullback-Leibler divergence of s from t, since both sum up to 1. Each is
/// as small as the square of the logarithms' difference, so that those of nearly the same distributions have no large
/// terms that cancel.
#[inline(always)]
pub(crate) fn divergence_term<R: Real>(t: R, s: R, ln_ratio: R) -> R {
    let size = ln_ratio.clone().abs();
    let inside = size.where_below(NEAR_0, ln_ratio.clone(), t.constant(0.0));
    let near = exp_m1_minus(inside) * t.clone();
    // Where nothing is expected both logarithms may be infinite.
    let ln_ratio = t.where_equal(0.0, t.constant(0.0), ln_ratio);
    let far = s - t.clone() - t * ln_ratio;
    size.where_below(NEAR_0, near, far)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formula::Dual;

    #[test]
    fn terms_of_near_probabilities_are_squares() {
        for (t, ln_ratio) in [(0.3f64, 1e-7f64), (0.3, -1e-3), (1e-9, 0.1), (0.9, -3.0)] {
            let s = t * ln_ratio.exp();
            let x = ln_ratio;
            let expected = match x.abs() < 0.1 {
                true => t * x * x * (0.5 + x / 6.0 + x * x / 24.0),
                false => s - t - t * x,
            };
            let got = divergence_term(t, s, x);
            assert!((got - expected).abs() <= 1e-9 * expected, "{t} {ln_ratio}");
        }
    }

    #[test]
    fn what_is_not_expected_costs_its_probability() {
        let infinite = f64::NEG_INFINITY - f64::NEG_INFINITY;
        for ln_ratio in [f64::INFINITY, infinite] {
            let y = divergence_term(
                Dual::variable(0.0).detach(),
                Dual::variable(0.25),
                Dual::variable(ln_ratio).detach(),
            );
            assert_eq!((y.value, y.derivative()), (0.25, 1.0));
        }
        assert!(divergence_term(f64::NAN, 0.5, f64::NAN).is_nan());
    }
}

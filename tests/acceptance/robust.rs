//! Errors so large that squares overflow, so small that they underflow, or of size 0.

use super::extremes::assert_elements;
use crate::support::Oracle;

const ZEROS: [f64; 5] = [0.0; 5];

#[test]
fn losses_of_huge_errors_are_what_they_tend_to() {
    let far = [1e20, -1e20, 3e38, f64::INFINITY, -f64::INFINITY];
    for c in [1.0, 0.25, 1e-30] {
        assert_elements(Oracle::Welsch { c }, &far, &ZEROS, &[1.0; 5], &ZEROS);
        assert_elements(Oracle::GemanMcClure { c }, &far, &ZEROS, &[2.0; 5], &ZEROS);
    }
    let wing = Oracle::Wing {
        width: 10.0,
        epsilon: 2.0,
    };
    let signs = [1.0, -1.0, 1.0];
    let sizes = [1e20, 1e20, 3e38];
    assert_elements(wing, &far[..3], &ZEROS[..3], &sizes, &signs);
    let balanced = Oracle::BalancedL1 {
        alpha: 0.5,
        gamma: 1.5,
        beta: 1.0,
    };
    let (losses, slopes) = ([1.5e20; 2], [1.5, -1.5]);
    assert_elements(balanced, &far[..2], &ZEROS[..2], &losses, &slopes);
}

#[test]
fn errors_whose_square_underflows_keep_their_slope() {
    let near = [0.0, -0.0, 1e-25, -1e-20, 1e-12];
    let squares = near.map(|d| if d == 1e-12 { 0.5e-24 } else { 0.0 });
    assert_elements(Oracle::Welsch { c: 1.0 }, &near, &ZEROS, &squares, &near);
    assert_elements(
        Oracle::GemanMcClure { c: 1.0 },
        &near,
        &ZEROS,
        &squares,
        &near,
    );
    let b = 3f64.exp_m1();
    let balanced = Oracle::BalancedL1 {
        alpha: 0.5,
        gamma: 1.5,
        beta: 1.0,
    };
    // alpha / b u²/2, with the slope alpha u.
    let (losses, slopes) = (squares.map(|s| 0.5 * b * s), near.map(|d| 0.5 * b * d));
    assert_elements(balanced, &near, &ZEROS, &losses, &slopes);
}

#[test]
fn wings_have_slope_0_at_0_and_not_beside_it() {
    let oracle = || Oracle::Wing {
        width: 10.0,
        epsilon: 2.0,
    };
    let near = [0.0, -0.0, 1e-25, -1e-20];
    let (losses, slopes) = ([0.0, 0.0, 5e-25, 5e-20], [0.0, 0.0, 5.0, -5.0]);
    assert_elements(oracle(), &near, &ZEROS[..4], &losses, &slopes);
    // Targets whose exponents are 2 and 1.5: omega |d|^k with the slope omega k |d|^(k - 1).
    let oracle = Oracle::AdaptiveWing {
        parameters: [1.0, 0.5, 1.0, 2.5],
    };
    let (x, t) = (
        [1.0, 0.5, 0.5 + 2f64.powi(-20), 1.0 - 2f64.powi(-20)],
        [1.0, 0.5, 0.5, 1.0],
    );
    let losses = [0.0, 0.0, 2f64.powi(-40), 2f64.powi(-30)];
    let slopes = [0.0, 0.0, 2f64.powi(-19), -1.5 * 2f64.powi(-10)];
    let (mut losses, mut slopes) = (losses, slopes);
    // ln(1 + p) with its slope over 1 + p.
    for (loss, slope) in losses.iter_mut().zip(&mut slopes) {
        *slope /= 1.0 + *loss;
        *loss = loss.ln_1p();
    }
    assert_elements(oracle, &x, &t, &losses, &slopes);
}

#[test]
fn counts_of_0_and_rates_of_0_are_their_limits() {
    let infinity = f64::INFINITY;
    let oracle = |log_input| Oracle::PoissonNll {
        log_input,
        full: false,
        epsilon: 1e-8,
    };
    let (x, t) = ([-infinity, -1e4, -1e4, 1e4], [0.0, 0.0, 2.0, 2.0]);
    assert_elements(
        oracle(true),
        &x,
        &t,
        &[0.0, 0.0, 2e4, infinity],
        &[0.0, 0.0, -2.0, infinity],
    );
    let epsilon = f64::from(1e-8f32);
    assert_elements(
        oracle(false),
        &[0.0, 0.0],
        &[0.0, 1.0],
        &[0.0, -epsilon.ln()],
        &[1.0, 1.0 - 1.0 / epsilon],
    );
}

#[test]
fn logarithms_of_nearly_equal_numbers_keep_their_digits() {
    let (x, t) = ([1000.0, 1001.0, 0.0, 1e30], [1001.0, 1000.0, 0.0, 1e30]);
    let ln = (1.0f64 / 1001.0).ln_1p();
    let (losses, slopes) = (
        [ln * ln, ln * ln, 0.0, 0.0],
        [-2.0 * ln / 1001.0, 2.0 * ln / 1002.0, 0.0, 0.0],
    );
    assert_elements(Oracle::Msle, &x, &t, &losses, &slopes);
    // Far apart, too.
    let ln = 1e30f64.ln_1p();
    let (x, t) = ([0.0, 1e30], [1e30, 0.0]);
    let slopes = [-2.0 * ln, 2.0 * ln / 1e30];
    assert_elements(Oracle::Msle, &x, &t, &[ln * ln; 2], &slopes);
    let ln = 3f64.ln();
    let (x, t) = ([1e30, 3e30], [3e30, 1e30]);
    let slopes = [-2.0 * ln / 1e30, 2.0 * ln / 3e30];
    assert_elements(Oracle::Msle, &x, &t, &[ln * ln; 2], &slopes);
}

//! The lane functions against `f64`, for every instruction set the CPU has.

use super::*;
use crate::kernel::cpu::{
    isa::Choice,
    simd::{All, Body},
};

/// A function, its number, its truth, and how many units in the last place it may be off.
type Function = (&'static str, u8, fn(f64) -> f64, f64);

const FUNCTIONS: [Function; 5] = [
    ("exp", 0, f64::exp, 1.5),
    ("ln", 1, f64::ln, 1.5),
    ("ln_1p", 2, f64::ln_1p, 1.5),
    ("exp_m1", 3, f64::exp_m1, 2.5),
    ("atan2", 4, f64::atan, 3.0),
];

/// One of the functions over the bit patterns that follow `start`.
struct Evaluation {
    function: u8,
    start: u32,
}

impl Body for Evaluation {
    type Output = [f32; WIDTH];

    type Widest = All;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> [f32; WIDTH] {
        let x = Lane::new(isa, patterns(self.start));
        match self.function {
            0 => x.exp(),
            1 => x.ln(),
            2 => x.ln_1p(),
            3 => x.exp_m1(),
            _ => x.atan2(x.constant(1.0)),
        }
        .into_array()
    }
}

fn evaluate(choice: Choice, function: u8, start: u32) -> [f32; WIDTH] {
    choice.run(Evaluation { function, start })
}

fn patterns(start: u32) -> [f32; WIDTH] {
    core::array::from_fn(|i| f32::from_bits(start.wrapping_add(i as u32)))
}

/// The distance of `got` from `truth` in units of the last place of an `f32` there.
fn ulps(got: f32, truth: f64) -> f64 {
    let nearest = truth as f32;
    if nearest.is_nan() || got.is_nan() {
        return if nearest.is_nan() && got.is_nan() {
            0.0
        } else {
            f64::INFINITY
        };
    }
    if nearest.is_infinite() || got.is_infinite() {
        return if nearest == got { 0.0 } else { f64::INFINITY };
    }
    let exponent = (nearest.abs().to_bits() >> 23).max(1) as i32;
    (got as f64 - truth).abs() / 2f64.powi(exponent - 150)
}

fn check(step: usize) {
    for choice in Choice::available() {
        for (name, index, truth, allowed) in FUNCTIONS {
            let mut worst = (0.0, 0f32);
            for start in (0..=u32::MAX - 15).step_by(WIDTH * step) {
                let got = evaluate(choice, index, start);
                for (x, got) in patterns(start).into_iter().zip(got) {
                    let error = ulps(got, truth(x as f64));
                    if error > worst.0 {
                        worst = (error, x);
                    }
                }
            }
            println!("{choice:?} {name}: {:.3} ULP at {:e}", worst.0, worst.1);
            assert!(worst.0 <= allowed, "{choice:?} {name}: {worst:?}");
        }
    }
}

#[test]
fn a_sample_of_all_numbers_is_within_the_bounds() {
    check(4099);
}

#[test]
#[ignore = "minutes: walks all 2^32 bit patterns"]
fn all_numbers_are_within_the_bounds() {
    check(1);
}

#[test]
fn special_values_are_right() {
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    let cases = [
        (0, -inf, 0.0),
        (0, inf, inf),
        (0, nan, nan),
        (0, 0.0, 1.0),
        (0, 88.8, inf),
        (0, -104.5, 0.0),
        (1, 0.0, -inf),
        (1, -0.0, -inf),
        (1, 1.0, 0.0),
        (1, inf, inf),
        (1, -1.0, nan),
        (1, -inf, nan),
        (1, nan, nan),
        (2, -1.0, -inf),
        (2, 0.0, 0.0),
        (2, inf, inf),
        (2, -inf, nan),
        (2, -1.5, nan),
        (2, nan, nan),
        (3, -inf, -1.0),
        (3, 0.0, 0.0),
        (3, inf, inf),
        (3, nan, nan),
        (4, inf, core::f32::consts::FRAC_PI_2),
        (4, -inf, -core::f32::consts::FRAC_PI_2),
        (4, 0.0, 0.0),
        (4, nan, nan),
    ];
    for choice in Choice::available() {
        for (function, x, expected) in cases {
            let got = evaluate(choice, function, x.to_bits())[0];
            let same = got == expected || (got.is_nan() && expected.is_nan());
            assert!(
                same,
                "{choice:?} function {function} at {x}: {got}, expected {expected}"
            );
        }
    }
}

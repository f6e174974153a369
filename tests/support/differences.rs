//! Central differences.

const STEP: f64 = 1e-5;

/// `(f(x + h) - f(x - h)) / 2h`
pub fn slope(f: impl Fn(f64) -> f64) -> f64 {
    (f(STEP) - f(-STEP)) / (2.0 * STEP)
}

/// The slopes of a function of `count` numbers, given by what it is where one of them is moved.
pub fn quotients(count: usize, f: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    (0..count).map(|i| slope(|step| f(i, step))).collect()
}

/// Panics unless a derivative is the quotient, up to the error of that: of its rounding, and of the
/// curvature it leaves out.
#[track_caller]
pub fn assert_near(what: &str, got: f64, quotient: f64) {
    let bound = 1e-6 * (1.0 + quotient.abs());
    assert!(
        (got - quotient).abs() <= bound,
        "{what}: {got} against {quotient}"
    );
}

/// Panics unless a gradient is there and is that of the quotients.
#[track_caller]
pub fn assert_all_near(what: &str, got: Option<&Vec<f64>>, quotients: &[f64]) {
    let got = got.unwrap_or_else(|| panic!("{what}: no gradient"));
    assert_eq!(got.len(), quotients.len(), "{what}");
    for (i, (got, quotient)) in got.iter().zip(quotients).enumerate() {
        assert_near(&format!("{what} [{i}]"), *got, *quotient);
    }
}

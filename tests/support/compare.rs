//! Comparison in units in the last place, with messages that name what differs.

use super::{Call, Dtype, Expected, Method, Outcome, Path, Scaled, Site};
use burn_losses::Reduction;

/// How far two numbers may be apart.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// Of the size of the terms the number is a sum of.
    pub relative: f64,
    /// In any case: about the least number of the type.
    pub absolute: f64,
}

/// Units in the last place of the type computed in that one element may be off: `exp` or a
/// logarithm within 1.5 each, and ten roundings of a half.
const ULPS: f64 = 8.0;

impl Tolerance {
    /// What arithmetic in the type allows for one element.
    pub fn of(dtype: Dtype) -> Self {
        let f32_ulp = f32::EPSILON as f64;
        let (relative, absolute) = match dtype {
            Dtype::F64 => (ULPS * f64::EPSILON, 1e-300),
            Dtype::F32 => (ULPS * f32_ulp, 1e-37),
            // Computed in f32, and rounded twice: a derivative, then its multiple.
            Dtype::F16 => (ULPS * f32_ulp + 2f64.powi(-10), 2f64.powi(-24)),
            Dtype::BF16 => (ULPS * f32_ulp + 2f64.powi(-7), 1e-37),
        };
        Self { relative, absolute }
    }

    /// What arithmetic in the type on the device of a site allows for one element. The `exp` of a
    /// GPU may be off by twice its argument in units in the last place, and numbers below the
    /// normal range are 0 there.
    pub fn at(site: &Site, dtype: Dtype) -> Self {
        if site.is_gpu() {
            Self {
                relative: 1e-4,
                absolute: 1e-36,
            }
        } else {
            Self::of(dtype)
        }
    }

    /// More relative tolerance for a sum of `count` numbers in the type computed in, whose errors
    /// walk at random.
    fn summed(mut self, dtype: Dtype, count: usize) -> Self {
        let ulp = match dtype {
            Dtype::F64 => f64::EPSILON,
            _ => f32::EPSILON as f64,
        };
        self.relative += 0.5 * (count as f64).sqrt() * ulp;
        self
    }

    /// Panics unless all numbers are as expected; NaN where NaN is expected.
    #[track_caller]
    pub fn check(self, what: &str, got: &[f64], expected: &Scaled) {
        let Scaled { values, scales } = expected;
        assert_eq!(got.len(), values.len(), "{what}: how many numbers");
        for (i, (&got, (&expected, &scale))) in
            got.iter().zip(values.iter().zip(scales)).enumerate()
        {
            let bound = self.relative * scale.max(expected.abs()) + self.absolute;
            let same = got == expected || (got.is_nan() && expected.is_nan());
            assert!(
                same || (got - expected).abs() <= bound,
                "{what} [{i}]: got {got:e}, expected {expected:e} within {bound:e}, off by {:e}",
                (got - expected).abs(),
            );
        }
    }
}

/// Panics unless `outcome` is what the oracle expects of the call; gradients nobody tracked are
/// not there.
#[track_caller]
pub fn check(what: &str, site: &Site, call: &Call, outcome: &Outcome, expected: &Expected) {
    let what = format!("{what} on {site}");
    let element = Tolerance::at(site, call.dtype);
    let count = call.prediction.len();
    let weighted_mean = call.weights.is_some() && call.method == Method::Reduced(Reduction::Mean);

    assert_eq!(outcome.dtype, call.dtype.into(), "{what}: the data type");
    let shape = if call.method.reduces() {
        vec![1]
    } else {
        call.shape.clone()
    };
    assert_eq!(outcome.shape, shape, "{what}: the shape");

    // The kernels sum in f64, tensor operations in the type.
    let in_f64 = site.path == Path::Chosen && site.has_kernels(call.dtype);
    let sum = if in_f64 {
        element
    } else {
        element.summed(call.dtype, count)
    };
    let value = if call.method.reduces() { sum } else { element };
    let gradient = if weighted_mean { sum } else { element };
    value.check(&format!("{what}: value"), &outcome.value, &expected.value);

    let tracked = call.tracked;
    let check = |name, wanted, got: &Option<Vec<f64>>, tolerance: Tolerance, expected: &Scaled| {
        let what = format!("{what}: gradient of the {name}");
        match (wanted, got) {
            (true, Some(got)) => tolerance.check(&what, got, expected),
            (true, None) => panic!("{what} is missing"),
            (false, got) => assert!(got.is_none(), "{what} although it is untracked"),
        }
    };
    let per_target = count.checked_div(call.target.len()).unwrap_or(1);
    let shared = if per_target > 1 {
        gradient.summed(call.dtype, per_target)
    } else {
        gradient
    };
    check(
        "prediction",
        tracked.prediction,
        &outcome.by_prediction,
        gradient,
        &expected.by_prediction,
    );
    check(
        "target",
        tracked.target,
        &outcome.by_target,
        shared,
        &expected.by_target,
    );
    if let (true, Some(got)) = (tracked.weights, &outcome.by_weights) {
        let kept = |list: &[f64]| -> Vec<f64> {
            let pairs = list.iter().zip(&expected.by_weights.values);
            pairs
                .filter(|(_, e)| !e.is_nan())
                .map(|(v, _)| *v)
                .collect()
        };
        let expected = Scaled {
            values: kept(&expected.by_weights.values),
            scales: kept(&expected.by_weights.scales),
        };
        let tolerance = element.summed(call.dtype, count);
        tolerance.check(
            &format!("{what}: gradient of the weights"),
            &kept(got),
            &expected,
        );
    } else {
        assert_eq!(
            tracked.weights,
            outcome.by_weights.is_some(),
            "{what}: weights"
        );
    }
}

//! Comparison in units in the last place, with messages that name what differs.

use super::{Call, Dtype, Expected, Outcome, Path, Scaled, Site, Tracked};

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
            // Computed in f32, and rounded once.
            Dtype::F16 => (ULPS * f32_ulp + 2f64.powi(-11), 2f64.powi(-25)),
            Dtype::BF16 => (ULPS * f32_ulp + 2f64.powi(-8), 1e-37),
        };
        Self { relative, absolute }
    }

    /// What arithmetic in the type on the device of a site allows for one element. The `exp` of a
    /// GPU may be off by twice its argument in units in the last place, and numbers below the
    /// normal range are 0 there.
    pub fn at(site: &Site, dtype: Dtype) -> Self {
        if site.is_gpu() {
            Self {
                relative: match site.path {
                    Path::Chosen => 1e-5,
                    Path::Composed => 1e-4,
                },
                absolute: 1e-36,
            }
        } else {
            Self::of(dtype)
        }
    }

    /// A relative tolerance of no less than that.
    pub fn at_least(mut self, relative: f64) -> Self {
        self.relative = self.relative.max(relative);
        self
    }

    /// More relative tolerance for one more rounding to half precision.
    pub fn rounded_again(mut self, dtype: Dtype) -> Self {
        self.relative += match dtype {
            Dtype::F64 | Dtype::F32 => 0.0,
            Dtype::F16 => 2f64.powi(-11),
            Dtype::BF16 => 2f64.powi(-8),
        };
        self
    }

    /// More relative tolerance for a sum of `count` numbers in the type computed in, whose errors
    /// walk at random.
    pub fn summed(mut self, dtype: Dtype, count: usize) -> Self {
        let ulp = match dtype {
            Dtype::F64 => f64::EPSILON,
            _ => f32::EPSILON as f64,
        };
        self.relative += 0.5 * (count as f64).sqrt() * ulp;
        self
    }

    /// More relative tolerance for a sum of `count` numbers in the type computed in that may be
    /// equal, so that each is rounded the same way and the errors add up.
    pub fn summed_one_by_one(mut self, dtype: Dtype, count: usize) -> Self {
        let ulp = match dtype {
            Dtype::F64 => f64::EPSILON,
            _ => f32::EPSILON as f64,
        };
        self.relative += 0.5 * count as f64 * ulp;
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

/// What an outcome has to look like besides its numbers.
pub struct Form {
    pub shape: Vec<usize>,
    pub dtype: Dtype,
    pub tracked: Tracked,
}

/// How far the numbers of an outcome may be off.
pub struct Tolerances {
    pub value: Tolerance,
    pub by_prediction: Tolerance,
    pub by_target: Tolerance,
    pub by_weights: Tolerance,
}

/// Panics unless `outcome` is what is expected; gradients nobody tracked are not there. Where NaN
/// is expected of a gradient of weights, anything may stand.
#[track_caller]
pub fn check_within(
    what: &str,
    form: &Form,
    outcome: &Outcome,
    expected: &Expected,
    tolerances: &Tolerances,
) {
    assert_eq!(outcome.dtype, form.dtype.into(), "{what}: the data type");
    assert_eq!(outcome.shape, form.shape, "{what}: the shape");
    let value = tolerances.value;
    value.check(&format!("{what}: value"), &outcome.value, &expected.value);

    let check = |name, wanted, got: &Option<Vec<f64>>, tolerance: Tolerance, expected: &Scaled| {
        let what = format!("{what}: gradient of the {name}");
        match (wanted, got) {
            (true, Some(got)) => tolerance.check(&what, got, expected),
            (true, None) => panic!("{what} is missing"),
            (false, got) => assert!(got.is_none(), "{what} although it is untracked"),
        }
    };
    check(
        "prediction",
        form.tracked.prediction,
        &outcome.by_prediction,
        tolerances.by_prediction,
        &expected.by_prediction,
    );
    check(
        "target",
        form.tracked.target,
        &outcome.by_target,
        tolerances.by_target,
        &expected.by_target,
    );
    let known = |got: &Vec<f64>| {
        let pairs = got.iter().zip(&expected.by_weights.values);
        let known = pairs.filter(|(_, expected)| !expected.is_nan());
        known.map(|(got, _)| *got).collect()
    };
    check(
        "weights",
        form.tracked.weights,
        &outcome.by_weights.as_ref().map(known),
        tolerances.by_weights,
        &expected.by_weights.known(),
    );
}

/// Panics unless `outcome` is what the oracle expects of the call.
#[track_caller]
pub fn check(what: &str, site: &Site, call: &Call, outcome: &Outcome, expected: &Expected) {
    let element = Tolerance::at(site, call.dtype);
    let of_loss = Tolerance::at(site, call.dtype.of_loss());
    let count = call.prediction.len();
    let weighted_mean = call.weights.is_some() && call.method.divides_by_weights();
    // The kernels sum in f64, tensor operations in the type.
    let sum = |element: Tolerance| match site.sums_in_f64(call.dtype) {
        true => element,
        false => element.summed(call.dtype, count),
    };
    let gradient = if weighted_mean { sum(element) } else { element };
    let per_target = count.checked_div(call.target.len()).unwrap_or(1);
    let shared = if per_target > 1 {
        // Each share is rounded to the type, and so is their sum.
        gradient
            .rounded_again(call.dtype)
            .summed(call.dtype, per_target)
    } else {
        gradient
    };
    let form = Form {
        shape: match call.method.reduces() {
            true => vec![1],
            false => call.shape.clone(),
        },
        dtype: call.dtype.of_loss(),
        tracked: call.tracked,
    };
    let tolerances = Tolerances {
        value: match call.method.reduces() {
            true => sum(of_loss),
            false => of_loss,
        },
        by_prediction: gradient,
        by_target: shared,
        by_weights: element.summed(call.dtype, count),
    };
    check_within(
        &format!("{what} on {site}"),
        &form,
        outcome,
        expected,
        &tolerances,
    );
}

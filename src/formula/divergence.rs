//! Divergences of distributions, term by term.

use super::{Formula, LogCosh, Real};
use core::f64::consts::LN_2;

/// `t (ln t - ln x)`, and 0 where t is 0 (Kullback and Leibler, 1951).
#[derive(Clone, Copy, Debug)]
pub struct KullbackLeibler {
    /// Whether the prediction is the logarithm of the probability.
    pub log_prediction: bool,
    /// Whether the target is the logarithm of the probability.
    pub log_target: bool,
}

impl Formula for KullbackLeibler {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let p = if self.log_target {
            t.clone().exp()
        } else {
            t.clone()
        };
        // Where nothing is expected, neither an infinite logarithm nor a slope counts. What is no
        // number stays so: 0 times it is none either.
        let p = p.where_equal(0.0, p.constant(0.0), p.clone());
        let ln_x = logarithm(x, self.log_prediction, &p);
        let ln_t = logarithm(t, self.log_target, &p);
        p * (ln_t - ln_x)
    }
}

/// The logarithm of a probability, which may be given as that; finite where `p` is 0.
#[inline(always)]
fn logarithm<R: Real>(number: R, is_ln: bool, p: &R) -> R {
    if is_ln {
        let finite = number.where_equal(f64::NEG_INFINITY, p.constant(0.0), number.clone());
        p.where_equal(0.0, finite, number)
    } else {
        // As small as that, a probability has an infinite slope, or none at all.
        const LEAST: f64 = f32::MIN_POSITIVE as f64;
        let size = number.clone().abs();
        let finite = size.where_below(LEAST, p.constant(1.0), number.clone());
        p.where_equal(0.0, finite, number).ln()
    }
}

/// `(x ln(x / m) + t ln(t / m)) / 2` with `m = (x + t) / 2` (Lin, 1991).
#[derive(Clone, Copy, Debug)]
pub struct JensenShannon {
    /// Whether both are the logarithms of probabilities.
    pub log_inputs: bool,
}

impl Formula for JensenShannon {
    /// With `2 u = ln x - ln t` the term is `((x - t) u - (x + t) ln cosh u) / 2`. Its derivative by
    /// u is 0, so u may be taken for a constant.
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        /// Logarithms below this are of what is 0 beside anything else.
        const LEAST_LN: f64 = -150.0;
        const TINY: f64 = f32::MIN_POSITIVE as f64;
        let (ln_x, ln_t, x, t) = if self.log_inputs {
            let ln_x = x.clone().detach().at_least(LEAST_LN);
            let ln_t = t.clone().detach().at_least(LEAST_LN);
            (ln_x, ln_t, x.exp(), t.exp())
        } else {
            let ln_x = x.clone().detach().at_least(TINY).ln();
            let ln_t = t.clone().detach().at_least(TINY).ln();
            (ln_x, ln_t, not_negative(x), not_negative(t))
        };
        let u = (ln_x - ln_t) * 0.5;
        let distance = u.clone().abs();
        let flat = LogCosh.value(u.clone(), u.constant(0.0));
        let near = (x.clone() - t.clone()) * u.clone() - (x.clone() + t.clone()) * flat;
        // Far apart, u and ln cosh u are almost the same, and so is ln 2 what they differ by.
        let larger = -((distance.clone() * -2.0).exp().ln_1p() - LN_2);
        let smaller = larger.clone() - distance.clone() * 2.0;
        let of_x = u.where_below(0.0, smaller.clone(), larger.clone());
        let of_t = u.where_below(0.0, larger, smaller);
        let far = x * of_x + t * of_t;
        distance.where_below(0.5, near, far) * 0.5
    }
}

/// A probability; NaN for a negative number.
#[inline(always)]
fn not_negative<R: Real>(p: R) -> R {
    p.where_below(0.0, p.constant(f64::NAN), p.clone())
}

use super::{Real, Sealed};
use core::ops::{Add, Div, Mul, Neg, Sub};

/// A number together with its derivative with respect to one chosen variable: forward-mode
/// differentiation.
///
/// A constant has no tangent at all rather than a zero one. That keeps `0 · inf` out of the
/// derivative, and since a formula is evaluated with everything inlined, the compiler drops the
/// work a constant would have cost.
#[derive(Clone, Copy, Debug)]
pub struct Dual<R> {
    /// The value.
    pub value: R,
    /// The derivative of the value; `None` for a constant.
    pub tangent: Option<R>,
}

impl<R: Real> Dual<R> {
    /// The variable to differentiate by: tangent 1.
    #[inline(always)]
    pub fn variable(value: R) -> Self {
        let one = value.constant(1.0);
        Self {
            value,
            tangent: Some(one),
        }
    }

    /// A number that does not depend on the variable.
    #[inline(always)]
    pub fn constant(value: R) -> Self {
        Self {
            value,
            tangent: None,
        }
    }

    /// The derivative, 0 for a constant.
    #[inline(always)]
    pub fn derivative(&self) -> R {
        match &self.tangent {
            Some(tangent) => tangent.clone(),
            None => self.value.constant(0.0),
        }
    }

    /// `value` with the tangent of `self` times `slope`.
    #[inline(always)]
    fn chain(self, value: R, slope: impl FnOnce() -> R) -> Self {
        Self {
            value,
            tangent: self.tangent.map(|tangent| tangent * slope()),
        }
    }
}

/// The sum of two tangents of which either may be missing.
#[inline(always)]
fn sum<R: Real>(a: Option<R>, b: Option<R>) -> Option<R> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (a, None) => a,
        (None, b) => b,
    }
}

impl<R: Real> Add for Dual<R> {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            tangent: sum(self.tangent, other.tangent),
        }
    }
}

impl<R: Real> Sub for Dual<R> {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let tangent = match (self.tangent, other.tangent) {
            (Some(a), Some(b)) => Some(a - b),
            (a, None) => a,
            (None, Some(b)) => Some(-b),
        };
        Self {
            value: self.value - other.value,
            tangent,
        }
    }
}

impl<R: Real> Mul for Dual<R> {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let left = self.tangent.map(|t| t * other.value.clone());
        let right = other.tangent.map(|t| t * self.value.clone());
        Self {
            value: self.value * other.value,
            tangent: sum(left, right),
        }
    }
}

impl<R: Real> Div for Dual<R> {
    type Output = Self;

    #[allow(clippy::suspicious_arithmetic_impl)] // A quotient's derivative has a product in it.
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let quotient = self.value / other.value.clone();
        // (a / b)' = (a' - (a / b) b') / b
        let right = other.tangent.map(|t| -(t * quotient.clone()));
        let tangent = sum(self.tangent, right).map(|t| t / other.value);
        Self {
            value: quotient,
            tangent,
        }
    }
}

impl<R: Real> Neg for Dual<R> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self {
            value: -self.value,
            tangent: self.tangent.map(|t| -t),
        }
    }
}

impl<R: Real> Add<f64> for Dual<R> {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: f64) -> Self {
        Self {
            value: self.value + other,
            tangent: self.tangent,
        }
    }
}

impl<R: Real> Sub<f64> for Dual<R> {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: f64) -> Self {
        Self {
            value: self.value - other,
            tangent: self.tangent,
        }
    }
}

impl<R: Real> Mul<f64> for Dual<R> {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: f64) -> Self {
        Self {
            value: self.value * other,
            tangent: self.tangent.map(|t| t * other),
        }
    }
}

impl<R: Real> Sealed for Dual<R> {}

impl<R: Real> Real for Dual<R> {
    #[inline(always)]
    fn constant(&self, value: f64) -> Self {
        Dual::constant(self.value.constant(value))
    }

    #[inline(always)]
    fn detach(self) -> Self {
        Dual::constant(self.value)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        let value = self.value.clone().abs();
        let sign = {
            let x = self.value.clone();
            let positive_or_nan = (-x.clone()).where_below(0.0, x.constant(1.0), x.clone());
            // What is left is ±0 or NaN, which is its own sign.
            x.where_below(0.0, x.constant(-1.0), positive_or_nan)
        };
        self.chain(value, || sign)
    }

    #[inline(always)]
    fn exp(self) -> Self {
        let value = self.value.clone().exp();
        let slope = value.clone();
        self.chain(value, || slope)
    }

    #[inline(always)]
    fn ln(self) -> Self {
        let x = self.value;
        Self {
            value: x.clone().ln(),
            tangent: self.tangent.map(|t| t / x),
        }
    }

    #[inline(always)]
    fn ln_1p(self) -> Self {
        let x = self.value;
        Self {
            value: x.clone().ln_1p(),
            tangent: self.tangent.map(|t| t / (x + 1.0)),
        }
    }

    #[inline(always)]
    fn exp_m1(self) -> Self {
        // Not the value plus 1, which is 0 long before the slope is.
        let (value, slope) = (self.value.clone().exp_m1(), self.value.clone().exp());
        self.chain(value, || slope)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        Self {
            tangent: self.tangent.map(|t| (t * 0.5) / root.clone()),
            value: root,
        }
    }

    #[inline(always)]
    fn powf(self, exponent: f64) -> Self {
        let x = self.value.clone();
        let value = x.clone().powf(exponent);
        self.chain(value, || x.powf(exponent - 1.0) * exponent)
    }

    #[inline(always)]
    fn atan2(self, x: Self) -> Self {
        let value = self.value.clone().atan2(x.value.clone());
        // Relative to their size: a square might overflow or vanish.
        let size = self.value.clone().abs() + x.value.clone().abs();
        let (height, width) = (self.value / size.clone(), x.value / size.clone());
        let square = height.clone() * height.clone() + width.clone() * width.clone();
        let scale = square * size;
        let up = self.tangent.map(|t| t * width);
        let along = x.tangent.map(|t| -(t * height));
        Self {
            value,
            tangent: sum(up, along).map(|t| t / scale),
        }
    }

    #[inline(always)]
    fn where_below(&self, bound: f64, then: Self, otherwise: Self) -> Self {
        self.pick(then, otherwise, |x, a, b| x.where_below(bound, a, b))
    }

    #[inline(always)]
    fn where_equal(&self, value: f64, then: Self, otherwise: Self) -> Self {
        self.pick(then, otherwise, |x, a, b| x.where_equal(value, a, b))
    }
}

impl<R: Real> Dual<R> {
    /// Picks value and tangent alike, by the value of `self`.
    #[inline(always)]
    fn pick(&self, then: Self, otherwise: Self, choose: impl Fn(&R, R, R) -> R) -> Self {
        let tangent = match (&then.tangent, &otherwise.tangent) {
            (None, None) => None,
            _ => Some(choose(
                &self.value,
                then.derivative(),
                otherwise.derivative(),
            )),
        };
        Self {
            value: choose(&self.value, then.value, otherwise.value),
            tangent,
        }
    }
}

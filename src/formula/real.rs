use core::ops::{Add, Div, Mul, Neg, Sub};

/// A number a formula can be evaluated with.
///
/// Choices are made by value, never by `if`: both branches are evaluated and one is picked, so a
/// formula keeps the branch it does not pick free of infinite derivatives. Comparisons with NaN are
/// false and pick `otherwise`, which is where a formula lets NaN through.
///
/// Which numbers there are is this crate's affair: the trait cannot be implemented elsewhere.
pub trait Real:
    Sealed
    + Clone
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Add<f64, Output = Self>
    + Sub<f64, Output = Self>
    + Mul<f64, Output = Self>
{
    /// A constant of the same kind (and shape) as `self`.
    fn constant(&self, value: f64) -> Self;

    /// The value of `self` without its derivative.
    fn detach(self) -> Self;

    /// The absolute value, with derivative 0 at 0.
    fn abs(self) -> Self;

    /// e to the power of `self`.
    fn exp(self) -> Self;

    /// The natural logarithm.
    fn ln(self) -> Self;

    /// The natural logarithm of 1 + `self`, accurate near 0.
    fn ln_1p(self) -> Self;

    /// e to the power of `self`, minus 1, accurate near 0.
    fn exp_m1(self) -> Self;

    /// The square root.
    fn sqrt(self) -> Self;

    /// `then` where `self < bound`, `otherwise` elsewhere (NaN included).
    fn where_below(&self, bound: f64, then: Self, otherwise: Self) -> Self;

    /// `then` where `self == value`, `otherwise` elsewhere (NaN included).
    fn where_equal(&self, value: f64, then: Self, otherwise: Self) -> Self;

    /// `self` to a small whole power, by repeated multiplication. (A loop: a recursion would not be
    /// inlined, and kernels have to be.)
    #[inline(always)]
    fn powi(self, exponent: u32) -> Self {
        if exponent == 0 {
            return self.constant(1.0);
        }
        let mut power = self.clone();
        for _ in 1..exponent {
            power = power * self.clone();
        }
        power
    }

    /// `self`, which is above 0, to a power.
    #[inline(always)]
    fn powf(self, exponent: f64) -> Self {
        (self.ln() * exponent).exp()
    }

    /// The smaller of `self` and `bound`, with the derivative of what is picked.
    #[inline(always)]
    fn at_most(self, bound: f64) -> Self {
        let limit = self.constant(bound);
        // Written so that NaN is not below anything and stays.
        (-self.clone()).where_below(-bound, limit, self)
    }

    /// The larger of `self` and `bound`, with the derivative of what is picked.
    #[inline(always)]
    fn at_least(self, bound: f64) -> Self {
        let limit = self.constant(bound);
        self.clone().where_below(bound, limit, self)
    }

    /// The larger of `self` and 0, with derivative 0 at 0.
    #[inline(always)]
    fn positive_part(self) -> Self {
        let zero = self.constant(0.0);
        let negative_or_zero = self.where_equal(0.0, zero.clone(), self.clone());
        self.where_below(0.0, zero, negative_or_zero)
    }
}

/// Keeps [`Real`] to this crate, so that it can grow.
pub trait Sealed {}

impl Sealed for f64 {}

impl Real for f64 {
    fn constant(&self, value: f64) -> Self {
        value
    }

    fn detach(self) -> Self {
        self
    }

    fn abs(self) -> Self {
        f64::abs(self)
    }

    fn exp(self) -> Self {
        f64::exp(self)
    }

    fn ln(self) -> Self {
        f64::ln(self)
    }

    fn ln_1p(self) -> Self {
        f64::ln_1p(self)
    }

    fn exp_m1(self) -> Self {
        f64::exp_m1(self)
    }

    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }

    fn powf(self, exponent: f64) -> Self {
        f64::powf(self, exponent)
    }

    fn where_below(&self, bound: f64, then: Self, otherwise: Self) -> Self {
        if *self < bound { then } else { otherwise }
    }

    fn where_equal(&self, value: f64, then: Self, otherwise: Self) -> Self {
        if *self == value { then } else { otherwise }
    }
}

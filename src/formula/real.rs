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

    /// The smaller of two numbers, with the derivative of what is picked; that of `self` where they are equal.
    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        let beyond = other.clone() - self.clone();
        beyond.where_below(0.0, other, self)
    }

    /// The larger of two numbers, with the derivative of what is picked; that of `self` where they are equal.
    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        let beyond = self.clone() - other.clone();
        beyond.where_below(0.0, other, self)
    }

    /// `self / divisor`, and `otherwise` with derivative 0 where the divisor is 0.
    #[inline(always)]
    fn over(self, divisor: Self, otherwise: f64) -> Self {
        let one = divisor.constant(1.0);
        let instead = divisor.constant(otherwise);
        let quotient = self / divisor.where_equal(0.0, one, divisor.clone());
        divisor.where_equal(0.0, instead, quotient)
    }

    /// The angle of the point (`x`, `self`), from -pi to pi. There is no derivative at the origin.
    ///
    /// To the precision of `f32`: the smaller of both over the larger, brought to within tan(pi/8) of 0, and the
    /// polynomial of Cephes' `atanf` (S. L. Moshier).
    #[inline(always)]
    fn atan2(self, x: Self) -> Self {
        use core::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};
        const TAN_OF_EIGHTH: f64 = core::f64::consts::SQRT_2 - 1.0;
        let (height, width) = (self.clone().abs(), x.clone().abs());
        let beyond = width.clone() - height.clone();
        let small = beyond.where_below(0.0, width.clone(), height.clone());
        let ratio = small.over(beyond.where_below(0.0, height, width), 0.0);
        let turned = (ratio.clone() - 1.0) / (ratio.clone() + 1.0);
        let z = ratio.where_below(TAN_OF_EIGHTH, ratio.clone(), turned);
        let square = z.clone() * z.clone();
        let mut series = square.constant(8.053_744_495_38e-2);
        for coefficient in [
            -1.387_768_560_32e-1,
            1.997_771_064_78e-1,
            -3.333_294_915_39e-1,
        ] {
            series = series * square.clone() + coefficient;
        }
        let angle = z.clone() + z * square * series;
        let angle = ratio.where_below(TAN_OF_EIGHTH, angle.clone(), angle + FRAC_PI_4);
        let angle = beyond.where_below(0.0, -(angle.clone() - FRAC_PI_2), angle);
        let angle = x.where_below(0.0, -(angle.clone() - PI), angle);
        self.where_below(0.0, -angle.clone(), angle)
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

    fn atan2(self, x: Self) -> Self {
        f64::atan2(self, x)
    }

    fn where_below(&self, bound: f64, then: Self, otherwise: Self) -> Self {
        if *self < bound { then } else { otherwise }
    }

    fn where_equal(&self, value: f64, then: Self, otherwise: Self) -> Self {
        if *self == value { then } else { otherwise }
    }
}

//! Numbers that write down what is done to them.

use crate::formula::{Real, Sealed, exp_m1_near_0, ln_near_1};
use burn_cubecl::cubecl::{
    self,
    frontend::{
        AbsNativeExpand, AddNativeExpand, DivNativeExpand, ExpNativeExpand, LogNativeExpand,
        MulNativeExpand, NegNativeExpand, PartialEqNativeExpand, PartialOrdNativeExpand,
        SqrtNativeExpand, SubNativeExpand, select,
    },
    ir::{ConstantValue, ExpandValue, Scope},
    prelude::*,
};
use core::ops::{Add, Div, Mul, Neg, Sub};

/// The kernel that is being built, and what its language has no word for.
pub(super) struct Sheet<'s> {
    pub scope: &'s Scope,
    /// Infinity, in as many places as the numbers have: an argument of the kernel.
    infinity: ExpandValue,
    /// What is no number, likewise.
    nan: ExpandValue,
}

impl<'s> Sheet<'s> {
    /// Of a kernel whose numbers have one place, or as many as these two.
    pub fn new<T>(scope: &'s Scope, infinity: NativeExpand<T>, nan: NativeExpand<T>) -> Self {
        Self {
            scope,
            infinity: infinity.expand,
            nan: nan.expand,
        }
    }
}

/// Numbers that the language of a kernel may have no word for.
#[derive(CubeType, CubeLaunch, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub(super) struct Words {
    pub infinity: f32,
    pub nan: f32,
}

/// Those that a kernel is launched with.
pub(super) fn words() -> WordsLaunch {
    WordsLaunch::new(f32::INFINITY, f32::NAN)
}

impl WordsExpand {
    pub fn sheet<'s>(&self, scope: &'s Scope) -> Sheet<'s> {
        Sheet::new(scope, self.infinity, self.nan)
    }
}

/// An `f32`, or a vector of them, in a kernel that is being built.
#[derive(Clone, Copy)]
pub(crate) struct Traced<'s> {
    value: ExpandValue,
    sheet: &'s Sheet<'s>,
}

impl<'s> Traced<'s> {
    pub(super) fn new<T: ?Sized>(sheet: &'s Sheet<'s>, value: NativeExpand<T>) -> Self {
        Self {
            value: value.expand,
            sheet,
        }
    }

    /// The numbers as a vector; a constant is the same in all places.
    pub fn into_vector<N: Size>(self) -> NativeExpand<Vector<f32, N>> {
        match self.value {
            ExpandValue::Constant { .. } => {
                Vector::__expand_new(self.sheet.scope, self.value.into())
            }
            ExpandValue::Value(_) => self.value.into(),
        }
    }

    /// The number by itself.
    pub fn into_scalar(self) -> NativeExpand<f32> {
        self.value.into()
    }

    /// `then` where this is NaN, by its bits.
    pub fn where_nan(self, then: Self, otherwise: Self) -> Self {
        if self.known().is_some() {
            return otherwise;
        }
        let scope = self.sheet.scope;
        let condition = f32::__expand_is_nan(scope, self.value.into()).expand;
        let [then, otherwise] = [then, otherwise].map(|number| number.value.into());
        self.with(select::expand::<f32>(scope, condition.into(), then, otherwise).expand)
    }

    fn with(&self, value: ExpandValue) -> Self {
        Self { value, ..*self }
    }

    /// The constant this is, if it is one.
    fn known(&self) -> Option<f64> {
        match self.value {
            ExpandValue::Constant {
                value: ConstantValue::Float(value),
                ..
            } => Some(value),
            _ => None,
        }
    }

    fn unary(&self, operation: fn(&Scope, ExpandValue) -> ExpandValue) -> Self {
        self.with(operation(self.sheet.scope, self.value))
    }

    fn binary(&self, operation: Binary, other: Self) -> Self {
        self.with(operation(self.sheet.scope, self.value, other.value))
    }

    /// `then` where the comparison with a finite number holds.
    fn where_holds(&self, compare: Binary, number: f64, then: Self, otherwise: Self) -> Self {
        let scope = self.sheet.scope;
        let condition = compare(scope, self.value, self.constant(number).value);
        let [then, otherwise] = [then, otherwise].map(|number| number.value.into());
        self.with(select::expand::<f32>(scope, condition.into(), then, otherwise).expand)
    }
}

/// An operation, or a comparison, of two numbers.
type Binary = fn(&Scope, ExpandValue, ExpandValue) -> ExpandValue;

impl Add for Traced<'_> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.binary(f32::__expand_native_add, other)
    }
}

impl Sub for Traced<'_> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.binary(f32::__expand_native_sub, other)
    }
}

impl Mul for Traced<'_> {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        // The tangent of a variable is 1; a multiplication would be left in the kernel.
        match (self.known(), other.known()) {
            (Some(1.0), _) => other,
            (_, Some(1.0)) => self,
            _ => self.binary(f32::__expand_native_mul, other),
        }
    }
}

impl Div for Traced<'_> {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        self.binary(f32::__expand_native_div, other)
    }
}

impl Neg for Traced<'_> {
    type Output = Self;

    fn neg(self) -> Self {
        match self.known() {
            Some(value) => self.constant(-value),
            None => self.unary(f32::__expand_native_neg),
        }
    }
}

impl Add<f64> for Traced<'_> {
    type Output = Self;

    fn add(self, other: f64) -> Self {
        self + self.constant(other)
    }
}

impl Sub<f64> for Traced<'_> {
    type Output = Self;

    fn sub(self, other: f64) -> Self {
        self - self.constant(other)
    }
}

impl Mul<f64> for Traced<'_> {
    type Output = Self;

    fn mul(self, other: f64) -> Self {
        self * self.constant(other)
    }
}

impl Sealed for Traced<'_> {}

impl Real for Traced<'_> {
    fn constant(&self, value: f64) -> Self {
        match value as f32 {
            f32::INFINITY => self.with(self.sheet.infinity),
            f32::NEG_INFINITY => self
                .with(self.sheet.infinity)
                .unary(f32::__expand_native_neg),
            value if value.is_nan() => self.with(self.sheet.nan),
            value => self.with(value.into()),
        }
    }

    fn detach(self) -> Self {
        self
    }

    fn abs(self) -> Self {
        self.unary(f32::__expand_native_abs)
    }

    fn exp(self) -> Self {
        self.unary(f32::__expand_native_exp)
    }

    // Logarithms of GPUs are off near 1, and CubeCL's `log1p` and `expm1` are no better than a subtraction.

    fn ln(self) -> Self {
        ln_near_1(self.unary(f32::__expand_native_ln), self - 1.0)
    }

    fn ln_1p(self) -> Self {
        ln_near_1((self + 1.0).unary(f32::__expand_native_ln), self)
    }

    fn exp_m1(self) -> Self {
        exp_m1_near_0(self.exp() - 1.0, self)
    }

    fn sqrt(self) -> Self {
        self.unary(f32::__expand_native_sqrt)
    }

    fn where_below(&self, bound: f64, then: Self, otherwise: Self) -> Self {
        match bound {
            // Below infinity is what is at most the largest number; NaN is not.
            f64::INFINITY => {
                self.where_holds(f32::__expand_native_le, f32::MAX.into(), then, otherwise)
            }
            f64::NEG_INFINITY => otherwise,
            bound => {
                let chosen = self.where_holds(f32::__expand_native_lt, bound, then, otherwise);
                // Drivers make one instruction of the larger of two numbers, and what that gives is never NaN.
                self.where_nan(otherwise, chosen)
            }
        }
    }

    fn where_equal(&self, value: f64, then: Self, otherwise: Self) -> Self {
        match value {
            f64::INFINITY => {
                self.where_holds(f32::__expand_native_gt, f32::MAX.into(), then, otherwise)
            }
            f64::NEG_INFINITY => {
                self.where_holds(f32::__expand_native_lt, f32::MIN.into(), then, otherwise)
            }
            value => self.where_holds(f32::__expand_native_eq, value, then, otherwise),
        }
    }
}

//! Formulas as objects that kernels are traced from.

use super::traced::Traced;
use crate::formula::{ClassFormula, ColumnFormula, Dual, Margin};
use core::{
    any::{TypeId, type_name},
    fmt,
    hash::{Hash, Hasher},
};
use std::sync::Arc;

/// A formula of elements whose kernels can be traced. No type parameter, so CubeCL's code for a kernel is compiled once.
pub(crate) trait TracedElement: Send + Sync {
    /// The loss of `x` against `t`.
    fn traced<'s>(&self, x: Traced<'s>, t: Traced<'s>, parameter: Traced<'s>) -> Traced<'s>;

    /// The same with a derivative.
    fn traced_dual<'s>(
        &self,
        x: Dual<Traced<'s>>,
        t: Dual<Traced<'s>>,
        parameter: Dual<Traced<'s>>,
    ) -> Dual<Traced<'s>>;

    /// What tells formulas apart: the type and the hyperparameters.
    fn name(&self) -> String;
}

impl<F: ColumnFormula> TracedElement for F {
    fn traced<'s>(&self, x: Traced<'s>, t: Traced<'s>, parameter: Traced<'s>) -> Traced<'s> {
        self.value_in_column(x, t, parameter)
    }

    fn traced_dual<'s>(
        &self,
        x: Dual<Traced<'s>>,
        t: Dual<Traced<'s>>,
        parameter: Dual<Traced<'s>>,
    ) -> Dual<Traced<'s>> {
        self.value_in_column(x, t, parameter)
    }

    fn name(&self) -> String {
        name_of(self)
    }
}

/// A formula of classes whose kernels can be traced.
pub(crate) trait TracedClass: Send + Sync {
    /// The loss at a log-probability.
    fn traced<'s>(&self, l: Dual<Traced<'s>>) -> Dual<Traced<'s>>;

    /// What tells formulas apart.
    fn name(&self) -> String;
}

impl<F: ClassFormula> TracedClass for F {
    fn traced<'s>(&self, l: Dual<Traced<'s>>) -> Dual<Traced<'s>> {
        self.value(l)
    }

    fn name(&self) -> String {
        name_of(self)
    }
}

/// A margin whose kernels can be traced.
pub(crate) trait TracedMargin: Send + Sync {
    /// The logit that takes the place of `z`.
    fn traced<'s>(&self, z: Dual<Traced<'s>>, parameter: Dual<Traced<'s>>) -> Dual<Traced<'s>>;

    /// What tells margins apart.
    fn name(&self) -> String;
}

impl<M: Margin> TracedMargin for M {
    fn traced<'s>(&self, z: Dual<Traced<'s>>, parameter: Dual<Traced<'s>>) -> Dual<Traced<'s>> {
        self.value(z, parameter)
    }

    fn name(&self) -> String {
        name_of(self)
    }
}

/// What tells a formula apart. A type's name alone may be that of two types.
pub(crate) fn name_of<F: fmt::Debug + 'static>(formula: &F) -> String {
    format!("{} {:?} {formula:?}", type_name::<F>(), TypeId::of::<F>())
}

/// A formula with its name, by which compiled kernels are found again.
pub(crate) struct Named<T: ?Sized> {
    pub formula: Arc<T>,
    name: Arc<str>,
}

impl<T: ?Sized> Named<T> {
    pub fn new(formula: Arc<T>, name: String) -> Self {
        let name = name.into();
        Self { formula, name }
    }
}

impl<T: fmt::Debug> Named<T> {
    /// Something of a type that only this crate has, so its `Debug` tells it apart.
    pub fn of(value: T) -> Self {
        let name = format!("{value:?}");
        Self::new(Arc::new(value), name)
    }
}

impl<T: ?Sized> Clone for Named<T> {
    fn clone(&self) -> Self {
        Self {
            formula: self.formula.clone(),
            name: self.name.clone(),
        }
    }
}

impl<T: ?Sized> PartialEq for Named<T> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl<T: ?Sized> Eq for Named<T> {}

impl<T: ?Sized> Hash for Named<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl<T: ?Sized> fmt::Debug for Named<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

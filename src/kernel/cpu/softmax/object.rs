//! Formulas and margins as objects: this is where they stop being types.
//!
//! Everything else about a row is compiled once for all of them. A formula is asked for one class at a time, in
//! `f64`; of a distribution it is asked for a stretch of classes at a time, compiled for each instruction set.

use crate::{
    formula::{ClassFormula, Dual, Margin},
    kernel::cpu::{
        isa::Choice,
        lane::Lane,
        simd::{All, Body, Isa, WIDTH},
    },
};

/// A value and its derivative.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub value: f64,
    pub slope: f64,
}

impl Point {
    fn of(dual: Dual<f64>) -> Self {
        Self {
            value: dual.value,
            slope: dual.derivative(),
        }
    }
}

/// The numbers of some classes, in lanes.
pub(crate) type Lanes = [[f32; WIDTH]];

/// A formula of the log-probability of a class.
pub(crate) trait ClassKernel: Send + Sync {
    /// Whether it is `-l`.
    fn is_linear(&self) -> bool;

    /// The loss of a class and its slope.
    fn at(&self, l: f64) -> Point;

    /// The losses of classes and their slopes, as many as there are log-probabilities.
    ///
    /// # Panics
    /// If there is no room for them.
    fn along(&self, choice: Choice, l: &Lanes, values: &mut Lanes, slopes: &mut Lanes);
}

/// What is done to the logit of the target class.
pub(crate) trait MarginKernel: Send + Sync {
    /// The logit that takes the place of `z`, and its slope.
    fn at(&self, z: f64, parameter: f64) -> Point;
}

impl<F: ClassFormula> ClassKernel for F {
    fn is_linear(&self) -> bool {
        ClassFormula::is_linear(self)
    }

    fn at(&self, l: f64) -> Point {
        Point::of(self.value(Dual::variable(l)))
    }

    fn along(&self, choice: Choice, l: &Lanes, values: &mut Lanes, slopes: &mut Lanes) {
        choice.run(Along {
            formula: self,
            l,
            values,
            slopes,
        });
    }
}

impl<M: Margin> MarginKernel for M {
    fn at(&self, z: f64, parameter: f64) -> Point {
        Point::of(self.value(Dual::variable(z), Dual::constant(parameter)))
    }
}

/// [`ClassKernel::along`] with one instruction set.
struct Along<'a, F> {
    formula: &'a F,
    l: &'a Lanes,
    values: &'a mut Lanes,
    slopes: &'a mut Lanes,
}

impl<F: ClassFormula> Body for Along<'_, F> {
    type Output = ();

    type Widest = All;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        for (i, l) in self.l.iter().enumerate() {
            let y = self.formula.value(Dual::variable(Lane::new(isa, *l)));
            self.values[i] = y.value.into_array();
            self.slopes[i] = y.derivative().into_array();
        }
    }
}

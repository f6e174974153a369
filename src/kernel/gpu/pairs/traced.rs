//! What kernels of pairs ask of formulas: of one pair at a time, by the numbers that write themselves down.

use super::super::{
    formula::{Named, name_of},
    traced::{Traced, Words},
};
use crate::formula::{Dual, Exponentials, Kind, PairFormula, Summation, Term};
use burn_cubecl::cubecl::{self, prelude::*};

/// A formula of pairs whose kernels can be traced.
pub(crate) trait TracedPairs: Send + Sync {
    /// What a term sums, for a pair of that measure.
    fn traced<'s>(&self, term: usize, x: Traced<'s>) -> Traced<'s>;

    /// The same with its derivative.
    fn traced_dual<'s>(&self, term: usize, x: Dual<Traced<'s>>) -> Dual<Traced<'s>>;

    /// The terms of a row.
    fn traced_terms(&self) -> &[Term];

    /// What tells formulas apart.
    fn name(&self) -> String;
}

impl<F: PairFormula> TracedPairs for F {
    fn traced<'s>(&self, term: usize, x: Traced<'s>) -> Traced<'s> {
        self.value(term, x)
    }

    fn traced_dual<'s>(&self, term: usize, x: Dual<Traced<'s>>) -> Dual<Traced<'s>> {
        self.value(term, x)
    }

    fn traced_terms(&self) -> &[Term] {
        self.terms()
    }

    fn name(&self) -> String {
        name_of(self)
    }
}

impl Named<dyn TracedPairs> {
    /// How many terms a row has.
    pub fn count(&self) -> usize {
        self.formula.traced_terms().len()
    }

    pub(super) fn kind(&self, term: usize) -> Kind {
        self.formula.traced_terms()[term].kind
    }

    /// Whether a term is the logarithm of a sum of exponentials.
    pub(super) fn is_logarithm(&self, term: usize) -> bool {
        self.formula.traced_terms()[term].summation == Summation::LogSumExp
    }
}

/// What a term sums.
#[cube]
#[allow(unused_variables)]
pub(super) fn value_of(
    x: f32,
    words: &Words,
    #[comptime] formula: Named<dyn TracedPairs>,
    #[comptime] term: usize,
) -> f32 {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let x = Traced::new(&sheet, x);
        formula.formula.traced(term, x).into_scalar()
    })
}

/// The same, and its derivative.
#[cube]
#[allow(unused_variables)]
pub(super) fn dual_of(
    x: f32,
    words: &Words,
    #[comptime] formula: Named<dyn TracedPairs>,
    #[comptime] term: usize,
) -> (f32, f32) {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let x = Dual::variable(Traced::new(&sheet, x));
        let f = formula.formula.traced_dual(term, x);
        (f.value.into_scalar(), f.derivative().into_scalar())
    })
}

/// Two sums of exponentials as one: the largest exponent, and the sum relative to that.
#[cube]
#[allow(unused_variables)]
pub(super) fn joined(
    largest: f32,
    sum: f32,
    other_largest: f32,
    other_sum: f32,
    words: &Words,
) -> (f32, f32) {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let [largest, sum, other_largest, other_sum] =
            [largest, sum, other_largest, other_sum].map(|number| Traced::new(&sheet, number));
        let own = Exponentials { largest, sum };
        let other = Exponentials {
            largest: other_largest,
            sum: other_sum,
        };
        let both = own.plus(other);
        (both.largest.into_scalar(), both.sum.into_scalar())
    })
}

/// A sum of exponentials, and one exponent more.
#[cube]
#[allow(unused_variables)]
pub(super) fn with_exponent(largest: f32, sum: f32, exponent: f32, words: &Words) -> (f32, f32) {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let [largest, sum, exponent] =
            [largest, sum, exponent].map(|number| Traced::new(&sheet, number));
        let both = Exponentials { largest, sum }.plus(Exponentials::of(exponent));
        (both.largest.into_scalar(), both.sum.into_scalar())
    })
}

/// The logarithm of a sum of exponentials.
#[cube]
#[allow(unused_variables)]
pub(super) fn logarithm(largest: f32, sum: f32, words: &Words) -> f32 {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let [largest, sum] = [largest, sum].map(|number| Traced::new(&sheet, number));
        Exponentials { largest, sum }.logarithm().into_scalar()
    })
}

//! What a loss of all pairs sums up over the similarities of a row.

use super::{Real, binary::Logit};
use core::fmt::Debug;

/// Which pairs of a row a term is over. The pair of a row with itself is in neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Those with the same label.
    Positive,
    /// Those with another label.
    Negative,
}

/// How a term sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summation {
    /// `ln sum e^f`; minus infinity where there is no pair.
    LogSumExp,
    /// `sum f`.
    Sum,
}

/// A number of a row: a sum over its pairs of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Term {
    /// Which pairs.
    pub kind: Kind,
    /// How they are summed.
    pub summation: Summation,
}

impl Term {
    /// `ln sum e^f` over pairs of a kind.
    pub const fn log_sum_exp(kind: Kind) -> Self {
        let summation = Summation::LogSumExp;
        Self { kind, summation }
    }

    /// `sum f` over pairs of a kind.
    pub const fn sum(kind: Kind) -> Self {
        let summation = Summation::Sum;
        Self { kind, summation }
    }
}

/// The numbers of a row that a loss of all pairs is made of, each a sum over the row's pairs.
///
/// What follows from them is a matter of as many numbers as there are rows; only the sums have to
/// see all similarities.
pub trait PairFormula: Copy + Debug + Send + Sync + 'static {
    /// The terms of a row.
    const TERMS: &'static [Term];

    /// f, which the term of that index sums, for a pair of similarity `s`.
    fn value<R: Real>(&self, term: usize, s: R) -> R;
}

/// The negatives' `ln sum e^s` and the sum of the positives' similarities, for losses of rows with one
/// positive each.
#[derive(Clone, Copy, Debug)]
pub struct OnePositive;

impl PairFormula for OnePositive {
    const TERMS: &'static [Term] = &[Term::log_sum_exp(Kind::Negative), Term::sum(Kind::Positive)];

    #[inline(always)]
    fn value<R: Real>(&self, _term: usize, s: R) -> R {
        s
    }
}

/// `ln sum e^s` of the negatives and of the positives, the positives' sum and their number.
#[derive(Clone, Copy, Debug)]
pub struct SeveralPositives;

impl PairFormula for SeveralPositives {
    const TERMS: &'static [Term] = &[
        Term::log_sum_exp(Kind::Negative),
        Term::log_sum_exp(Kind::Positive),
        Term::sum(Kind::Positive),
        Term::sum(Kind::Positive),
    ];

    #[inline(always)]
    fn value<R: Real>(&self, term: usize, s: R) -> R {
        match term {
            3 => s.constant(1.0),
            _ => s,
        }
    }
}

/// The positives' sum, and what negatives weighted by `e^(beta s)` sum up to: `ln sum e^((1 + beta) s)`
/// and `ln sum e^(beta s)` (Robinson et al., 2021).
#[derive(Clone, Copy, Debug)]
pub struct HardNegatives {
    /// How much harder negatives count more.
    pub beta: f64,
}

impl PairFormula for HardNegatives {
    const TERMS: &'static [Term] = &[
        Term::sum(Kind::Positive),
        Term::log_sum_exp(Kind::Negative),
        Term::log_sum_exp(Kind::Negative),
    ];

    #[inline(always)]
    fn value<R: Real>(&self, term: usize, s: R) -> R {
        match term {
            0 => s,
            1 => s * (1.0 + self.beta),
            _ => s * self.beta,
        }
    }
}

/// The binary cross entropy of every pair, its similarity the logit (Zhai et al., 2023).
#[derive(Clone, Copy, Debug)]
pub struct SigmoidPairs;

impl PairFormula for SigmoidPairs {
    const TERMS: &'static [Term] = &[Term::sum(Kind::Positive), Term::sum(Kind::Negative)];

    #[inline(always)]
    fn value<R: Real>(&self, term: usize, s: R) -> R {
        let target = s.constant(if term == 0 { 1.0 } else { 0.0 });
        Logit::new(s, target).cross_entropy()
    }
}

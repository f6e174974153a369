//! What a loss of all pairs sums up over the similarities of a row.

use super::{Gap, Real, binary::Logit, counts};
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
///
/// # Contract
/// - There is at least one term, and the terms are always the same.
/// - Each f and its derivative are finite for any finite similarity: pairs of both kinds are evaluated, and
///   those of the other kind are left out afterwards.
/// - Choices are made by value, with [`Real::where_below`] and its like. Choices by the term's index or by
///   hyperparameters may be an `if` or a `match`.
/// - Repetitions are `for` loops: a chain of iterator adaptors is not inlined into a kernel.
/// - `terms` and `value`, which kernels call, are marked `#[inline(always)]`.
/// - `Debug` shows the hyperparameters.
pub trait PairFormula: Clone + Debug + Send + Sync + 'static {
    /// The terms of a row.
    fn terms(&self) -> &[Term];

    /// f, which the term of that index sums, for a pair of similarity `s`.
    fn value<R: Real>(&self, term: usize, s: R) -> R;
}

/// The negatives' `ln sum e^s` and the sum of the positives' similarities, for losses of rows with one
/// positive each.
#[derive(Clone, Copy, Debug)]
pub struct OnePositive;

impl PairFormula for OnePositive {
    #[inline(always)]
    fn terms(&self) -> &[Term] {
        const { &[Term::log_sum_exp(Kind::Negative), Term::sum(Kind::Positive)] }
    }

    #[inline(always)]
    fn value<R: Real>(&self, _term: usize, s: R) -> R {
        s
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
    #[inline(always)]
    fn terms(&self) -> &[Term] {
        const {
            &[
                Term::sum(Kind::Positive),
                Term::log_sum_exp(Kind::Negative),
                Term::log_sum_exp(Kind::Negative),
            ]
        }
    }

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
    #[inline(always)]
    fn terms(&self) -> &[Term] {
        const { &[Term::sum(Kind::Positive), Term::sum(Kind::Negative)] }
    }

    #[inline(always)]
    fn value<R: Real>(&self, term: usize, s: R) -> R {
        let target = s.constant(if term == 0 { 1.0 } else { 0.0 });
        Logit::new(s, target).cross_entropy()
    }
}

/// `ln sum e^(-a (s - l))` of the positives and `ln sum e^(b (s - k))` of the negatives: multi-similarity
/// (Wang et al., 2019) with l = k, proxy anchor (Kim et al., 2020) with l = -k.
#[derive(Clone, Copy, Debug)]
pub struct ScaledPairs {
    /// a, l
    pub positive: (f64, f64),
    /// b, k
    pub negative: (f64, f64),
}

impl PairFormula for ScaledPairs {
    #[inline(always)]
    fn terms(&self) -> &[Term] {
        const {
            &[
                Term::log_sum_exp(Kind::Positive),
                Term::log_sum_exp(Kind::Negative),
            ]
        }
    }

    #[inline(always)]
    fn value<R: Real>(&self, term: usize, s: R) -> R {
        match term {
            0 => (s - self.positive.1) * -self.positive.0,
            _ => (s - self.negative.1) * self.negative.0,
        }
    }
}

/// `ln sum e^(-g a_p (s - 1 + m))` of the positives and `ln sum e^(g a_n (s - m))` of the negatives, each
/// similarity with its own weight `a_p = [1 + m - s]_+`, `a_n = [s + m]_+` that has no gradient (Sun et al.,
/// 2020).
#[derive(Clone, Copy, Debug)]
pub struct CirclePairs {
    /// m
    pub margin: f64,
    /// g
    pub gamma: f64,
}

impl PairFormula for CirclePairs {
    #[inline(always)]
    fn terms(&self) -> &[Term] {
        const {
            &[
                Term::log_sum_exp(Kind::Positive),
                Term::log_sum_exp(Kind::Negative),
            ]
        }
    }

    #[inline(always)]
    fn value<R: Real>(&self, term: usize, s: R) -> R {
        match term {
            0 => {
                let weight = (-s.clone() + (1.0 + self.margin)).at_least(0.0).detach();
                weight * (s - (1.0 - self.margin)) * -self.gamma
            }
            _ => {
                let weight = (s.clone() + self.margin).at_least(0.0).detach();
                weight * (s - self.margin) * self.gamma
            }
        }
    }
}

/// Of positives at a distance d the sum of `[d - p]_+`, how many of them are not 0, and how many there are;
/// the same of negatives and `[n - d]_+` (Hadsell et al., 2006).
#[derive(Clone, Copy, Debug)]
pub struct MarginPairs {
    /// What makes a distance of a measure.
    pub gap: Gap,
    /// p
    pub positive_margin: f64,
    /// n
    pub negative_margin: f64,
}

impl PairFormula for MarginPairs {
    #[inline(always)]
    fn terms(&self) -> &[Term] {
        const {
            &[
                Term::sum(Kind::Positive),
                Term::sum(Kind::Positive),
                Term::sum(Kind::Positive),
                Term::sum(Kind::Negative),
                Term::sum(Kind::Negative),
                Term::sum(Kind::Negative),
            ]
        }
    }

    #[inline(always)]
    fn value<R: Real>(&self, term: usize, x: R) -> R {
        if term % 3 == 2 {
            return x.constant(1.0);
        }
        let distance = self.gap.value(x);
        let beyond = match term < 3 {
            true => distance - self.positive_margin,
            false => -distance + self.negative_margin,
        };
        let cost = beyond.positive_part();
        match term % 3 {
            0 => cost,
            _ => counts(cost),
        }
    }
}

/// `ln sum e^(m - d)` of the negatives at distances d (Oh Song et al., 2016).
#[derive(Clone, Copy, Debug)]
pub struct NegativeReach {
    /// What makes a distance of a measure.
    pub gap: Gap,
    /// m
    pub margin: f64,
}

impl PairFormula for NegativeReach {
    #[inline(always)]
    fn terms(&self) -> &[Term] {
        const { &[Term::log_sum_exp(Kind::Negative)] }
    }

    #[inline(always)]
    fn value<R: Real>(&self, _term: usize, x: R) -> R {
        -self.gap.value(x) + self.margin
    }
}

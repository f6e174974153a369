//! The loss of an anchor, from the terms of its pairs.

use super::{CirclePairs, Kind, Measure, PairFormula, Real, ScaledPairs, Summation, Term};

/// A loss of labelled embeddings, of which each is compared with all others.
///
/// [`PairFormula`] says which sums over its pairs the loss of an anchor needs, this says what the loss makes
/// of them. [`PairLoss::new`](crate::PairLoss::new) makes a loss of it, and has an example.
///
/// # Contract
/// - Choices are made by value, with [`Real::where_below`], [`Real::where_equal`] and their like. Choices by
///   hyperparameters may be an `if` or a `match`.
/// - The logarithm of a sum over no pairs is minus infinity.
/// - Kernels call the functions of [`PairFormula`], which are marked `#[inline(always)]`, and none of those
///   here: these take one number of each anchor.
pub trait AnchorFormula: PairFormula {
    /// What [`value`](PairFormula::value) is given of a pair. Default: the dot product, which is the cosine of
    /// normalized embeddings.
    fn measure(&self) -> Measure {
        Measure::Dot
    }

    /// The loss of an anchor with these terms. It has to be finite, and so has its derivative, where all terms
    /// are 1: these stand in for the terms of anchors that are left out.
    fn loss<R: Real>(&self, terms: &[R]) -> R;

    /// 1 for an anchor that counts, 0 for one that is left out, because it lacks pairs: it costs 0 and does
    /// not count in a mean. Default: an anchor counts if there is a pair in the logarithm of each of its sums.
    fn counts<R: Real>(&self, terms: &[R]) -> R {
        let mut counts = terms[0].constant(1.0);
        for (term, number) in self.terms().iter().zip(terms) {
            if term.summation == Summation::LogSumExp {
                counts = counts * has_pairs(number);
            }
        }
        counts
    }
}

/// 1 where the logarithm of a sum is one of pairs, 0 where there is no pair in it.
#[inline(always)]
pub fn has_pairs<R: Real>(term: &R) -> R {
    term.where_equal(f64::NEG_INFINITY, term.constant(0.0), term.constant(1.0))
}

/// `ln(1 + e^x)`, with all its digits; 0 for minus infinity.
#[inline(always)]
pub fn softplus<R: Real>(x: R) -> R {
    // Not by `abs`: at 0 the slopes of both parts, 1 and -1/2, have to be of the same side.
    let decay = x.where_below(0.0, x.clone(), -x.clone()).exp();
    x.at_least(0.0) + decay.ln_1p()
}

/// `ln(e^a + e^b)` of numbers that are not infinite, with all digits of both slopes: the smaller one's, and what that
/// leaves of 1.
#[inline(always)]
pub fn log_add_exp<R: Real>(a: R, b: R) -> R {
    let excess = a.clone() - b.clone();
    let larger = excess.where_below(0.0, b.clone(), a.clone());
    let smaller = excess.where_below(0.0, a, b);
    larger.clone() + softplus(smaller - larger)
}

impl AnchorFormula for CirclePairs {
    /// `ln(1 + sum e^f_n sum e^f_p)`
    fn loss<R: Real>(&self, terms: &[R]) -> R {
        softplus(terms[0].clone() + terms[1].clone())
    }
}

/// Multi-similarity (Wang et al., 2019).
impl AnchorFormula for ScaledPairs {
    /// `1/a ln(1 + sum e^f_p) + 1/b ln(1 + sum e^f_n)`
    fn loss<R: Real>(&self, terms: &[R]) -> R {
        let part = |term: &R, scale: f64| softplus(term.clone()) * (1.0 / scale);
        part(&terms[0], self.positive.0) + part(&terms[1], self.negative.0)
    }

    /// An anchor counts that has a pair of either kind.
    fn counts<R: Real>(&self, terms: &[R]) -> R {
        let negatives = has_pairs(&terms[1]);
        terms[0].where_equal(f64::NEG_INFINITY, negatives, terms[0].constant(1.0))
    }
}

/// The supervised contrastive loss (Khosla et al., 2020): the logarithms of the sums of `e^(s / T)` over the
/// negatives and over the positives, the positives' sum and their number.
#[derive(Clone, Copy, Debug)]
pub struct SupervisedPairs {
    /// T; 1 where the embeddings have been scaled already, as by a learned temperature.
    pub temperature: f64,
    /// The loss is multiplied by the temperature and divided by this.
    pub base_temperature: f64,
    /// Whether the mean over the positives is taken inside of the logarithm.
    pub log_of_mean: bool,
}

impl PairFormula for SupervisedPairs {
    #[inline(always)]
    fn terms(&self) -> &[Term] {
        const {
            &[
                Term::log_sum_exp(Kind::Negative),
                Term::log_sum_exp(Kind::Positive),
                Term::sum(Kind::Positive),
                Term::sum(Kind::Positive),
            ]
        }
    }

    #[inline(always)]
    fn value<R: Real>(&self, term: usize, s: R) -> R {
        match term {
            3 => s.constant(1.0),
            _ => s * (1.0 / self.temperature),
        }
    }
}

impl AnchorFormula for SupervisedPairs {
    fn loss<R: Real>(&self, terms: &[R]) -> R {
        let [negative, positive, sum, count] = [0, 1, 2, 3].map(|term| terms[term].clone());
        let count = count.detach();
        // How far the positives together are from what the form takes of them.
        let spread = match self.log_of_mean {
            true => count.ln(),
            // One positive is all of them. Its slope would be 1 less 1 less the share of the negatives, which is lost
            // beside these where a row is easy.
            false => count.where_equal(
                1.0,
                count.constant(0.0),
                positive.clone() - sum / count.clone(),
            ),
        };
        (softplus(negative - positive) + spread) * (self.temperature / self.base_temperature)
    }

    /// An anchor counts that has a positive.
    fn counts<R: Real>(&self, terms: &[R]) -> R {
        let number = &terms[3];
        number.where_equal(0.0, number.clone(), number.constant(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formula::Dual;

    const NONE: f64 = f64::NEG_INFINITY;

    #[test]
    fn a_softplus_is_right_far_out() {
        let least = (-40f64).exp();
        for (x, value, slope) in [
            (f64::INFINITY, f64::INFINITY, 1.0),
            (1e4, 1e4, 1.0),
            (0.0, 2f64.ln(), 0.5),
            (-40.0, least, least),
            (-1e4, 0.0, 0.0),
            (NONE, 0.0, 0.0),
        ] {
            let got = softplus(Dual::variable(x));
            let off = (got.value - value).abs();
            assert!(got.value == value || off < 1e-12 * value, "{x}");
            assert!((got.derivative() - slope).abs() <= 1e-12 * slope, "{x}");
        }
        assert!(softplus(f64::NAN).is_nan());
    }

    #[test]
    fn a_sum_of_two_exponentials_has_both_slopes() {
        for (a, b) in [
            (3.0, 3.0),
            (0.0, 40.0),
            (40.0, 0.0),
            (-1e4, 5.0),
            (5.0, -1e4),
        ] {
            let by_a = log_add_exp(Dual::variable(a), Dual::constant(b));
            let slope = 1.0 / (1.0 + f64::exp(b - a));
            let value = a.max(b) + (-(a - b).abs()).exp().ln_1p();
            assert!((by_a.value - value).abs() < 1e-12, "{a} {b}");
            assert!(
                (by_a.derivative() - slope).abs() <= 1e-12 * slope,
                "{a} {b}"
            );
        }
        assert!(log_add_exp(f64::NAN, 0.0).is_nan() && log_add_exp(0.0, f64::NAN).is_nan());
    }

    #[test]
    fn anchors_count_that_have_the_pairs_a_loss_needs() {
        let circle = CirclePairs {
            margin: 0.4,
            gamma: 8.0,
        };
        let scaled = ScaledPairs {
            positive: (2.0, 0.5),
            negative: (50.0, 0.5),
        };
        let supervised = SupervisedPairs {
            temperature: 0.1,
            base_temperature: 0.1,
            log_of_mean: false,
        };
        for (positive, negative) in [(0.5, 0.5), (0.5, NONE), (NONE, 0.5), (NONE, NONE)] {
            let some = |term: f64| term > NONE;
            let both = f64::from(some(positive) && some(negative));
            let either = f64::from(some(positive) || some(negative));
            assert_eq!(circle.counts(&[positive, negative]), both);
            assert_eq!(scaled.counts(&[positive, negative]), either);
            let number = f64::from(some(positive));
            let terms = [negative, positive, 0.5, number];
            assert_eq!(supervised.counts(&terms), number);
        }
    }

    #[test]
    fn a_positive_without_negatives_costs_nothing() {
        let supervised = SupervisedPairs {
            temperature: 0.1,
            base_temperature: 0.1,
            log_of_mean: false,
        };
        assert_eq!(supervised.loss(&[NONE, 3.0, 3.0, 1.0]), 0.0);
    }
}

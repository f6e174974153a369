use super::Real;

/// A sum of exponentials in the making, relative to the largest exponent: relative to any fixed number it
/// would overflow or vanish.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exponentials<R> {
    /// The largest exponent; minus infinity where there is none.
    pub largest: R,
    /// The sum, divided by e to the power of [`reference`].
    ///
    /// [`reference`]: Exponentials::reference
    pub sum: R,
}

impl<R: Real> Exponentials<R> {
    /// That of one exponent.
    #[cfg(any(feature = "cube", test))]
    #[inline(always)]
    pub fn of(exponent: R) -> Self {
        let [none, one, unknown] = [0.0, 1.0, f64::NAN].map(|value| exponent.constant(value));
        let finite = exponent.where_equal(f64::NEG_INFINITY, none, one);
        Self {
            sum: exponent.where_below(f64::INFINITY, finite, unknown),
            largest: exponent,
        }
    }

    /// What exponents are taken relative to: the largest; 0 where there is none but minus infinity.
    #[inline(always)]
    pub fn reference(largest: R) -> R {
        let zero = largest.constant(0.0);
        largest.where_equal(f64::NEG_INFINITY, zero, largest.clone())
    }

    /// Both sums as one.
    #[inline(always)]
    pub fn plus(self, other: Self) -> Self {
        let difference = self.largest.clone() - other.largest.clone();
        let pick = |then: R, otherwise: R| difference.where_below(0.0, then, otherwise);
        let larger = pick(other.sum.clone(), self.sum.clone());
        let smaller = pick(self.sum, other.sum);
        // Infinite ones that are the same have no difference; what is smaller stays as it is.
        let below = -difference.clone().abs();
        let decay = below.where_below(1.0, below.clone().exp(), below.constant(1.0));
        Self {
            largest: pick(other.largest, self.largest),
            sum: larger + smaller * decay,
        }
    }

    /// The logarithm of the sum; minus infinity, without a slope, where that is 0.
    #[inline(always)]
    pub fn logarithm(self) -> R {
        let sum = self.sum;
        let one = sum.constant(1.0);
        let logarithm = sum.where_equal(0.0, one, sum.clone()).ln() + Self::reference(self.largest);
        sum.where_equal(0.0, sum.constant(f64::NEG_INFINITY), logarithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those of a list, added up one by one.
    fn of(exponents: &[f64]) -> Exponentials<f64> {
        let none = Exponentials {
            largest: f64::NEG_INFINITY,
            sum: 0.0,
        };
        exponents
            .iter()
            .fold(none, |all, &exponent| all.plus(Exponentials::of(exponent)))
    }

    #[test]
    fn a_sum_of_any_size_is_right() {
        for shift in [-1e6, -700.0, 0.0, 700.0, 1e6] {
            let found = of(&[shift, shift + 1.0, shift - 2.0]).logarithm();
            let expected = shift + (1.0 + 1f64.exp() + (-2f64).exp()).ln();
            assert!((found - expected).abs() < 1e-9, "{shift}: {found}");
        }
    }

    #[test]
    fn the_order_does_not_matter() {
        let [there, back] = [[3.0, -900.0, 3.0], [-900.0, 3.0, 3.0]].map(|list| of(&list));
        assert_eq!(there.logarithm(), 3.0 + 2f64.ln());
        assert_eq!(back.logarithm(), there.logarithm());
    }

    #[test]
    fn nothing_has_the_logarithm_minus_infinity() {
        assert_eq!(of(&[]).logarithm(), f64::NEG_INFINITY);
        assert_eq!(of(&[f64::NEG_INFINITY; 2]).logarithm(), f64::NEG_INFINITY);
        assert_eq!(of(&[f64::NEG_INFINITY, 2.0]).logarithm(), 2.0);
    }

    #[test]
    fn a_nan_shows() {
        for list in [[f64::NAN, 1.0], [1.0, f64::NAN]] {
            assert!(of(&list).logarithm().is_nan());
        }
        // Also where the largest was found without it.
        let unknown = Exponentials {
            largest: 0.0,
            sum: f64::NAN,
        };
        for all in [unknown.plus(of(&[800.0])), of(&[800.0]).plus(unknown)] {
            assert!(all.logarithm().is_nan());
        }
    }
}

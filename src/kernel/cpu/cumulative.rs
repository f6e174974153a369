//! Logarithms of cumulative sums of exponentials along ordered lists, and their gradient, in `f64`.

use super::threads::map;
use crate::formula::{log_add_exp, softplus};

/// How many numbers one task takes at least.
const NUMBERS: usize = 4096;

/// How the items of a list follow one another.
#[derive(Clone, Copy)]
pub(crate) struct Order<'a> {
    /// Of the first of some items that come together, and have a term each, their number; 0 of the others of these, and of an
    /// item without a term.
    pub sizes: &'a [i64],
    /// Whether those that come together are taken out one after another (Efron), or all count to the last (Breslow).
    pub one_by_one: bool,
    /// How many items there are in a list, at least 1.
    pub length: usize,
}

/// An item without a term, or some that come together.
struct Step {
    first: usize,
    count: usize,
    has_terms: bool,
    /// The logarithm of the sum over all before them.
    before: f64,
    /// That of their own sum.
    own: f64,
}

impl Step {
    /// By how much the denominator of a term is above their own sum, on average over the terms, and the average share that what
    /// is before has in it.
    fn denominator(&self, one_by_one: bool) -> (f64, f64) {
        let count = self.count as f64;
        let terms = match one_by_one {
            true => self.count,
            false => 1,
        };
        let (mut above, mut share) = (0.0, 0.0);
        for gone in 0..terms {
            let left = (-(gone as f64) / count).ln_1p();
            let before = self.before - self.own - left;
            above += left + softplus(before);
            share += sigmoid(before);
        }
        (above / terms as f64, share / terms as f64)
    }
}

/// `1 / (1 + e^-x)`
fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// A gradient times a share of it; where it is 0 it stays 0, whatever that is.
fn times(gradient: f64, share: f64) -> f64 {
    match gradient == 0.0 {
        true => 0.0,
        false => gradient * share,
    }
}

/// `ln(e^a + e^b)`, also where both are minus infinity.
fn joined(a: f64, b: f64) -> f64 {
    match a == f64::NEG_INFINITY {
        true => b,
        false if b == f64::NEG_INFINITY => a,
        false => log_add_exp(a, b),
    }
}

/// The steps through one list.
fn steps(x: &[f32], sizes: &[i64]) -> Vec<Step> {
    let mut steps = Vec::with_capacity(x.len());
    let (mut first, mut before) = (0, f64::NEG_INFINITY);
    while first < x.len() {
        let size = usize::try_from(sizes[first]).unwrap_or(0);
        let count = size.clamp(1, x.len() - first);
        let own = x[first..first + count].iter();
        let own = own.fold(f64::NEG_INFINITY, |own, &x| joined(own, f64::from(x)));
        steps.push(Step {
            first,
            count,
            has_terms: size > 0,
            before,
            own,
        });
        before = joined(before, own);
        first += count;
    }
    steps
}

/// Of every item with a term `ln(sum over all before it, and with it) - x`; 0 of the others.
///
/// # Panics
/// If the lengths do not fit.
pub(crate) fn cumulative(x: &[f32], order: Order<'_>) -> Vec<f32> {
    each(x, order, &|places| {
        let x = &x[places.clone()];
        let mut terms = vec![0.0; x.len()];
        for step in steps(x, &order.sizes[places]) {
            if step.has_terms {
                let (above, _) = step.denominator(order.one_by_one);
                for item in step.first..step.first + step.count {
                    terms[item] = (step.own - f64::from(x[item]) + above) as f32;
                }
            }
        }
        terms
    })
}

/// What an upstream gradient of the terms is to `x`.
///
/// # Panics
/// If the lengths do not fit.
pub(crate) fn cumulative_gradient(x: &[f32], order: Order<'_>, upstream: &[f32]) -> Vec<f32> {
    each(x, order, &|places| {
        let (x, upstream) = (&x[places.clone()], &upstream[places.clone()]);
        let mut gradient = vec![0.0; x.len()];
        // That of the logarithm of the sum so far, from all that comes after.
        let mut of_sum = 0.0;
        for step in steps(x, &order.sizes[places]).iter().rev() {
            let items = step.first..step.first + step.count;
            let to_own = times(of_sum, sigmoid(step.own - step.before));
            let to_before = times(of_sum, sigmoid(step.before - step.own));
            let (mut of_terms, mut share) = (0.0, 0.0);
            if step.has_terms {
                for item in items.clone() {
                    of_terms += f64::from(upstream[item]);
                }
                (_, share) = step.denominator(order.one_by_one);
            }
            for item in items {
                let part = match step.count {
                    1 => 1.0,
                    _ => (f64::from(x[item]) - step.own).exp(),
                };
                // Of one item alone the last two cancel, exactly.
                let own = match step.has_terms {
                    true => times(of_terms, part) - f64::from(upstream[item]),
                    false => 0.0,
                };
                let of_all = to_own - times(of_terms, share);
                gradient[item] = (times(of_all, part) + own) as f32;
            }
            of_sum = to_before + times(of_terms, share);
        }
        gradient
    })
}

/// The numbers of all lists, each made of its places by `work`.
fn each(
    x: &[f32],
    order: Order<'_>,
    work: &(dyn Fn(core::ops::Range<usize>) -> Vec<f32> + Sync),
) -> Vec<f32> {
    let length = order.length;
    let per_task = (NUMBERS / length).max(1) * length;
    let parts = map((0..x.len()).step_by(per_task), &|_, first| {
        let lists = (first..x.len().min(first + per_task)).step_by(length);
        lists
            .flat_map(|first| work(first..first + length))
            .collect::<Vec<_>>()
    });
    parts.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the definition.
    fn naive(x: &[f64], sizes: &[i64], one_by_one: bool) -> Vec<f64> {
        let mut terms = vec![0.0; x.len()];
        for first in 0..x.len() {
            let count = sizes[first] as usize;
            let sum = |items: &[f64]| items.iter().map(|x| x.exp()).sum::<f64>();
            let (before, own) = (sum(&x[..first]), sum(&x[first..first + count]));
            let logarithms = (0..count).map(|gone| match one_by_one {
                true => (before + own - gone as f64 / count as f64 * own).ln(),
                false => (before + own).ln(),
            });
            let mean = logarithms.sum::<f64>() / count as f64;
            for item in first..first + count {
                terms[item] = mean - x[item];
            }
        }
        terms
    }

    #[test]
    fn terms_and_slopes_are_those_of_the_definition() {
        let x = [0.25f32, -1.5, 2.0, 0.5, -0.75, 1.0];
        let upstream = [1.0f32, 0.5, -2.0, 0.25, 3.0, 0.5];
        for sizes in [[1; 6], [0, 3, 0, 0, 1, 0], [2, 0, 1, 0, 2, 0], [0; 6]] {
            for one_by_one in [false, true] {
                let order = Order {
                    sizes: &sizes,
                    one_by_one,
                    length: 6,
                };
                let wide = x.map(f64::from);
                let terms = cumulative(&x, order);
                for (got, expected) in terms.iter().zip(naive(&wide, &sizes, one_by_one)) {
                    assert!((f64::from(*got) - expected).abs() < 1e-6, "{sizes:?}");
                }
                let gradient = cumulative_gradient(&x, order, &upstream);
                for (item, got) in gradient.iter().enumerate() {
                    let value = |step: f64| {
                        let mut moved = wide;
                        moved[item] += step;
                        let terms = naive(&moved, &sizes, one_by_one);
                        let terms = terms.iter().zip(upstream);
                        terms.map(|(term, g)| term * f64::from(g)).sum::<f64>()
                    };
                    let slope = (value(1e-6) - value(-1e-6)) / 2e-6;
                    assert!((f64::from(*got) - slope).abs() < 1e-6, "{sizes:?} {item}");
                }
            }
        }
    }

    #[test]
    fn small_terms_keep_their_digits() {
        let order = Order {
            sizes: &[1, 1],
            one_by_one: true,
            length: 2,
        };
        let x = [-40.0f32, 0.0];
        let expected = (-40f64).exp();
        assert_eq!(cumulative(&x, order), [0.0, expected as f32]);
        let gradient = cumulative_gradient(&x, order, &[1.0, 1.0]);
        assert_eq!(gradient, [expected as f32, -expected as f32]);
        let far = [1e4f32, -1e4];
        assert_eq!(cumulative(&far, order), [0.0, 2e4]);
        assert_eq!(cumulative_gradient(&far, order, &[1.0, 1.0]), [1.0, -1.0]);
    }
}

//! How far a number may be from the truth.
//!
//! A loss gets numbers that are rounded, and rounds what it computes from them. So a result is right if it is the exact
//! result of inputs that differ from the given ones by a few units in the last place: then no digit was lost that the
//! mathematics would have kept. What such a difference does is not derived but tried: the truth, in `f64`, is evaluated
//! once more at inputs that were nudged at random, by one unit or a few, again and again until every number is explained,
//! or none of [`NUDGES`] tries did. Where a number does not depend on the last digits of the inputs (an easy sample, an embedding
//! without near neighbours), it is therefore held to its own last digits, however small it is.
//!
//! What is nudged is the family's business, and said there: inputs, or the results of all operations. Where an oracle knows the sizes of the terms a number is a
//! sum of, these are taken in place of nudges. What costs more than the truth itself is asked for only where a number is
//! not explained without.

use crate::support::{Dtype, Random};
use std::cell::OnceCell;

/// The numbers of a run by what they are: the value, and the gradient of each argument.
pub type Numbers = Vec<(&'static str, Vec<f64>)>;

/// What a run has to give.
pub struct Truth {
    pub numbers: Numbers,
    /// The size of what rounds besides the number itself: infinite where anything may stand.
    pub sizes: Option<Numbers>,
    /// Whether sizes say all; otherwise inputs are nudged.
    pub is_final: bool,
}

/// How many units of the type a number may be off, of its own or of what nudges of one unit make of it.
const UNITS: f64 = 32.0;

/// How often inputs are nudged before a number counts as wrong.
const NUDGES: usize = 120;

/// By how many units, in turn: a choice may change by some where it does not by one.
const STEPS: [f64; 3] = [1.0, 4.0, 16.0];

/// A unit: half the distance from 1 to the next number of the type that is computed in.
pub fn unit(dtype: Dtype) -> f64 {
    match dtype {
        // The oracles and sums in `f64` round as well.
        Dtype::F64 => 4096.0 * f64::EPSILON,
        _ => f32::EPSILON as f64 / 2.0,
    }
}

/// What a gradient loses when it is rounded to the type of the prediction, relative and absolute.
fn last_rounding(name: &str, dtype: Dtype) -> (f64, f64) {
    match dtype {
        _ if name == "value" => (0.0, 0.0),
        Dtype::F16 => (2f64.powi(-11), 2f64.powi(-25)),
        Dtype::BF16 => (2f64.powi(-8), 0.0),
        _ => (0.0, 0.0),
    }
}

/// Beyond it a number of the type is infinite.
fn most(name: &str, dtype: Dtype) -> f64 {
    match dtype {
        Dtype::F64 => f64::MAX,
        Dtype::F16 if name != "value" => 65504.0,
        _ => f32::MAX as f64,
    }
}

/// A number that is not what it should be.
#[derive(Debug)]
pub struct Difference {
    pub what: &'static str,
    pub index: usize,
    pub got: f64,
    pub expected: f64,
    pub bound: f64,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            what,
            index,
            got,
            expected,
            bound,
        } = self;
        write!(
            f,
            "{what}[{index}] is {got:e}, not {expected:e} within {bound:.1e}"
        )
    }
}

/// Numbers so far unexplained.
struct Open {
    name: usize,
    index: usize,
    /// The largest change by a nudge.
    change: f64,
}

/// What rounds in a run.
#[derive(Clone, Copy)]
pub struct Rounding {
    pub dtype: Dtype,
    /// What is lost of any number below the normal range of the type.
    pub least: f64,
    /// How many numbers are added up one by one in the type.
    pub terms: usize,
}

/// The first number of `got` that no rounding explains. `sizes` says what rounds besides what the truth says, `nudged`
/// evaluates the truth at inputs nudged by a unit of that size.
pub fn difference(
    got: &Numbers,
    truth: &Truth,
    rounding: Rounding,
    sizes: &dyn Fn() -> Option<Numbers>,
    nudged: &dyn Fn(f64, &mut Random) -> Numbers,
) -> Option<Difference> {
    let Rounding {
        dtype,
        least,
        terms,
    } = rounding;
    let units = UNITS + terms as f64;
    let later = OnceCell::new();
    let size = |name: usize, index: usize| {
        let of = |sizes: &Option<Numbers>| sizes.as_ref().map_or(0.0, |sizes| sizes[name].1[index]);
        of(&truth.sizes).max(later.get().map_or(0.0, of))
    };
    let bound = |name: usize, index: usize, change: f64| {
        let (what, expected) = (&got[name].0, truth.numbers[name].1[index].abs());
        let (relative, absolute) = last_rounding(what, dtype);
        let size = size(name, index).max(expected);
        units * (unit(dtype) * size + change) + 1.01 * relative * expected + absolute + least
    };
    let fits = |name: usize, index: usize, change: f64| {
        let (got, expected) = (got[name].1[index], truth.numbers[name].1[index]);
        let most = most(truth.numbers[name].0, dtype) * (1.0 - 1e-3);
        got == expected
            || (got.is_nan() && expected.is_nan())
            || (got - expected).abs() <= bound(name, index, change)
            || size(name, index) == f64::INFINITY
            // An infinite number is as good as one that the type cannot hold.
            || (got.abs() >= most && expected.abs() + bound(name, index, change) >= most)
    };
    let names = |numbers: &Numbers| -> Vec<(&'static str, usize)> {
        let lengths = numbers.iter().map(|(name, list)| (*name, list.len()));
        lengths.collect()
    };
    if names(got) != names(&truth.numbers) {
        return Some(Difference {
            what: "how many numbers there are",
            index: 0,
            got: f64::NAN,
            expected: f64::NAN,
            bound: 0.0,
        });
    }
    let mut open: Vec<Open> = Vec::new();
    for (name, (_, list)) in got.iter().enumerate() {
        for index in 0..list.len() {
            if !fits(name, index, 0.0) {
                let change = 0.0;
                open.push(Open {
                    name,
                    index,
                    change,
                });
            }
        }
    }
    if !open.is_empty() {
        later.get_or_init(sizes);
        open.retain(|open| !fits(open.name, open.index, 0.0));
    }
    let tries = if truth.is_final { 0 } else { NUDGES };
    let mut random = Random::of("nudges");
    for step in STEPS.into_iter().cycle().take(tries) {
        if open.is_empty() {
            break;
        }
        let numbers = nudged(step * unit(dtype), &mut random);
        open.retain_mut(|open| {
            let there = numbers[open.name].1[open.index];
            let change = (there - truth.numbers[open.name].1[open.index]).abs();
            // A nudge to NaN explains nothing.
            open.change = open.change.max(change / step);
            !fits(open.name, open.index, open.change)
        });
    }
    let open = open.first()?;
    Some(Difference {
        what: got[open.name].0,
        index: open.index,
        got: got[open.name].1[open.index],
        expected: truth.numbers[open.name].1[open.index],
        bound: bound(open.name, open.index, open.change),
    })
}

/// A number, nudged by a unit of its own size and of a size besides.
pub fn nudge(x: f64, besides: f64, unit: f64, random: &mut Random) -> f64 {
    match x.is_finite() {
        true => x + unit * (x.abs() + besides) * random.normal(1.0),
        false => x,
    }
}

/// A list, nudged so.
pub fn nudge_all(list: &[f64], besides: f64, unit: f64, random: &mut Random) -> Vec<f64> {
    let nudged = list.iter().map(|&x| nudge(x, besides, unit, random));
    nudged.collect()
}

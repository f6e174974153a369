//! Numbers that remember what they were made of: the gradient of a plain loop in `f64`, and what rounding makes of both.
//!
//! A tape may round: then each result that is no number of `f32` is off by a random share of a unit, forwards and
//! backwards. So a loop that is written without cancellation says how far off a sound computation may be.

use crate::support::Random;
use std::{
    cell::RefCell,
    ops::{Add, Div, Mul, Neg, Sub},
};

/// What numbers were made of.
pub struct Tape {
    nodes: RefCell<Nodes>,
    rounding: Option<RefCell<(f64, Random)>>,
    /// Whether results are those of tensor operations, where these compute something else than kernels.
    pub is_composed: bool,
}

#[derive(Default)]
struct Nodes {
    /// Where the parents of each node end.
    ends: Vec<usize>,
    /// The parents of all nodes, with the slope by each.
    parents: Vec<(usize, f64)>,
}

/// A number on a tape.
#[derive(Clone, Copy)]
pub struct Var<'t> {
    tape: &'t Tape,
    /// None of a constant.
    place: Option<usize>,
    pub value: f64,
}

impl Tape {
    /// A tape that is exact.
    pub fn exact() -> Self {
        Self {
            nodes: RefCell::default(),
            rounding: None,
            is_composed: false,
        }
    }

    /// A tape whose numbers are off by up to a unit.
    pub fn rounding(unit: f64, random: &mut Random) -> Self {
        let random = Random::of(&format!("tape {}", random.bits()));
        Self {
            rounding: Some(RefCell::new((unit, random))),
            ..Self::exact()
        }
    }

    fn rounded(&self, x: f64) -> f64 {
        match &self.rounding {
            Some(rounding) if f64::from(x as f32) != x && x.is_finite() => {
                let (unit, random) = &mut *rounding.borrow_mut();
                x * (1.0 + *unit * random.uniform(-1.0, 1.0))
            }
            _ => x,
        }
    }

    /// A step of a long sum: kernels take it in `f64`, tensor operations in the type.
    fn added(&self, sum: f64, term: f64) -> f64 {
        match &self.rounding {
            Some(rounding) if sum != 0.0 => {
                let (unit, random) = &mut *rounding.borrow_mut();
                let unit = if self.is_composed {
                    *unit
                } else {
                    f64::EPSILON
                };
                sum + term + unit * (sum.abs() + term.abs()) * random.uniform(-1.0, 1.0)
            }
            _ => sum + term,
        }
    }

    /// A number without a gradient.
    pub fn constant(&self, value: f64) -> Var<'_> {
        Var {
            tape: self,
            place: None,
            value: self.rounded(value),
        }
    }

    /// A number with a gradient.
    pub fn leaf(&self, value: f64) -> Var<'_> {
        self.node(value, [])
    }

    fn node<'t>(&'t self, value: f64, parents: impl IntoIterator<Item = (usize, f64)>) -> Var<'t> {
        let nodes = &mut *self.nodes.borrow_mut();
        nodes.parents.extend(parents);
        nodes.ends.push(nodes.parents.len());
        Var {
            tape: self,
            place: Some(nodes.ends.len() - 1),
            value,
        }
    }

    /// A result that is rounded, with its slope by each of these.
    pub fn result<'t>(
        &'t self,
        value: f64,
        parents: impl IntoIterator<Item = (Var<'t>, f64)>,
    ) -> Var<'t> {
        let parents = parents.into_iter();
        let parents = parents.filter_map(|(parent, slope)| Some((parent.place?, slope)));
        self.node(self.rounded(value), parents)
    }

    /// A sum, rounded as such.
    pub fn sum<'t>(&'t self, terms: &[Var<'t>]) -> Var<'t> {
        let value = terms
            .iter()
            .fold(0.0, |sum, term| self.added(sum, term.value));
        self.result(value, terms.iter().map(|&term| (term, 1.0)))
    }

    /// The gradient of a number by all leaves and results.
    fn gradient(&self, of: Var<'_>) -> Vec<f64> {
        let nodes = self.nodes.borrow();
        let mut gradient = vec![0.0; nodes.ends.len()];
        if let Some(place) = of.place {
            gradient[place] = 1.0;
        }
        for place in (0..gradient.len()).rev() {
            let upstream = self.rounded(gradient[place]);
            gradient[place] = upstream;
            if upstream == 0.0 {
                continue;
            }
            let begin = if place == 0 { 0 } else { nodes.ends[place - 1] };
            for &(parent, slope) in &nodes.parents[begin..nodes.ends[place]] {
                if slope != 0.0 {
                    let term = self.rounded(upstream * self.rounded(slope));
                    gradient[parent] = self.added(gradient[parent], term);
                }
            }
        }
        gradient
    }

    /// The gradients of a number by these lists.
    pub fn gradients(&self, of: Var<'_>, lists: &[Vec<Var<'_>>]) -> Vec<Vec<f64>> {
        let all = self.gradient(of);
        let by = |var: &Var<'_>| var.place.map_or(0.0, |place| all[place]);
        lists
            .iter()
            .map(|list| list.iter().map(by).collect())
            .collect()
    }

    /// The shares of a softmax, and what each lacks of 1; their slopes lose no digits.
    pub fn softmax<'t>(&'t self, logits: &[Var<'t>]) -> Vec<[Var<'t>; 2]> {
        let most = logits.iter().fold(f64::MIN, |most, x| most.max(x.value));
        let powers: Vec<f64> = logits.iter().map(|x| (x.value - most).exp()).collect();
        let total: f64 = powers.iter().sum();
        let shares: Vec<f64> = powers.iter().map(|power| power / total).collect();
        let lacking = |of: usize| -> f64 {
            let others = shares.iter().enumerate().filter(|(place, _)| *place != of);
            others.map(|(_, share)| share).sum()
        };
        let both = (0..logits.len()).map(|of| {
            let (share, lacks) = (shares[of], lacking(of));
            let slopes = |sign: f64| {
                let slopes =
                    shares
                        .iter()
                        .enumerate()
                        .map(move |(place, other)| match place == of {
                            true => sign * share * lacks,
                            false => -sign * share * other,
                        });
                logits.iter().copied().zip(slopes).collect::<Vec<_>>()
            };
            [
                self.result(share, slopes(1.0)),
                self.result(lacks, slopes(-1.0)),
            ]
        });
        both.collect()
    }

    /// The logarithms of the shares of a softmax.
    pub fn log_softmax<'t>(&'t self, logits: &[Var<'t>]) -> Vec<Var<'t>> {
        let logs = (0..logits.len()).map(|of| self.log_share(logits, of));
        logs.collect()
    }

    /// The logarithm of one of them.
    pub fn log_share<'t>(&'t self, logits: &[Var<'t>], of: usize) -> Var<'t> {
        let most = logits.iter().fold(f64::MIN, |most, x| most.max(x.value));
        let powers: Vec<f64> = logits.iter().map(|x| (x.value - most).exp()).collect();
        let total: f64 = powers.iter().sum();
        let others = powers.iter().enumerate().filter(|(place, _)| *place != of);
        let lacks = others.map(|(_, power)| power).sum::<f64>() / total;
        let value = match lacks < 0.5 {
            true => (-lacks).ln_1p(),
            false => logits[of].value - most - total.ln(),
        };
        let slopes = powers
            .iter()
            .enumerate()
            .map(|(place, power)| match place == of {
                true => lacks,
                false => -power / total,
            });
        self.result(value, logits.iter().copied().zip(slopes))
    }
}

impl<'t> Var<'t> {
    /// A function of it, with its slope.
    fn map(self, value: f64, slope: f64) -> Self {
        match self.place {
            Some(_) => self.tape.result(value, [(self, slope)]),
            None => self.tape.constant(value),
        }
    }

    pub fn tape(self) -> &'t Tape {
        self.tape
    }

    /// It without its gradient.
    pub fn detached(self) -> Self {
        Self {
            place: None,
            ..self
        }
    }

    pub fn exp(self) -> Self {
        self.map(self.value.exp(), self.value.exp())
    }

    pub fn exp_m1(self) -> Self {
        self.map(self.value.exp_m1(), self.value.exp())
    }

    pub fn ln(self) -> Self {
        self.map(self.value.ln(), 1.0 / self.value)
    }

    pub fn ln_1p(self) -> Self {
        self.map(self.value.ln_1p(), 1.0 / (1.0 + self.value))
    }

    pub fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        self.map(root, 0.5 / root)
    }

    /// A power of a number above 0.
    pub fn powf(self, exponent: f64) -> Self {
        let slope = exponent * self.value.powf(exponent - 1.0);
        self.map(self.value.powf(exponent), slope)
    }

    pub fn square(self) -> Self {
        self.map(self.value * self.value, 2.0 * self.value)
    }

    pub fn atan2(self, across: Self) -> Self {
        let radius = self.value * self.value + across.value * across.value;
        let slopes = [
            (self, across.value / radius),
            (across, -self.value / radius),
        ];
        self.tape.result(self.value.atan2(across.value), slopes)
    }

    /// `|x|`, whose slope at 0 is 0.
    pub fn abs(self) -> Self {
        match self.value {
            x if x > 0.0 => self,
            x if x < 0.0 => -self,
            _ => self.map(0.0, 0.0),
        }
    }

    /// `max(x, 0)`, whose slope at 0 is 0.
    pub fn positive_part(self) -> Self {
        match self.value > 0.0 {
            true => self,
            false => self.map(0.0, 0.0),
        }
    }

    /// `ln(1 + e^x)`
    pub fn softplus(self) -> Self {
        let x = self.value;
        let value = x.max(0.0) + (-x.abs()).exp().ln_1p();
        self.map(value, sigmoid(x))
    }

    /// `1 / (1 + e^-x)`
    pub fn sigmoid(self) -> Self {
        let x = self.value;
        self.map(sigmoid(x), sigmoid(x) * sigmoid(-x))
    }

    /// A quotient, or a number where both are 0.
    pub fn over(self, divisor: Self, of_nothing: f64) -> Self {
        match divisor.value == 0.0 {
            true => self.tape.constant(of_nothing),
            false => self / divisor,
        }
    }
}

pub fn sigmoid(x: f64) -> f64 {
    match x < 0.0 {
        true => x.exp() / (1.0 + x.exp()),
        false => 1.0 / (1.0 + (-x).exp()),
    }
}

impl Neg for Var<'_> {
    type Output = Self;

    fn neg(self) -> Self {
        match self.place {
            Some(place) => self.tape.node(-self.value, [(place, -1.0)]),
            None => Self {
                value: -self.value,
                ..self
            },
        }
    }
}

impl Add for Var<'_> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let value = self.value + other.value;
        self.tape.result(value, [(self, 1.0), (other, 1.0)])
    }
}

impl Sub for Var<'_> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        let value = self.value - other.value;
        self.tape.result(value, [(self, 1.0), (other, -1.0)])
    }
}

impl Mul for Var<'_> {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let slopes = [(self, other.value), (other, self.value)];
        self.tape.result(self.value * other.value, slopes)
    }
}

impl Div for Var<'_> {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let quotient = self.value / other.value;
        let slopes = [(self, 1.0 / other.value), (other, -quotient / other.value)];
        self.tape.result(quotient, slopes)
    }
}

impl Add<f64> for Var<'_> {
    type Output = Self;

    fn add(self, other: f64) -> Self {
        self + self.tape.constant(other)
    }
}

impl Sub<f64> for Var<'_> {
    type Output = Self;

    fn sub(self, other: f64) -> Self {
        self - self.tape.constant(other)
    }
}

impl Mul<f64> for Var<'_> {
    type Output = Self;

    fn mul(self, other: f64) -> Self {
        self * self.tape.constant(other)
    }
}

impl Div<f64> for Var<'_> {
    type Output = Self;

    fn div(self, other: f64) -> Self {
        self / self.tape.constant(other)
    }
}

//! Losses of samples against plain loops in `f64`, written on a tape: a loop says what each sample costs, the tape its
//! gradient, and a tape that rounds how far off a sound computation may be.
//!
//! Inputs are not nudged, results are. So where numbers are the same they stay so, and an easy sample is held to its
//! last digits.

mod boxes;
mod classes;
mod cox;
mod images;
mod leaves;
mod lists;
mod masks;
mod tuples;

use crate::{
    case::Case,
    draw::{below, dtype, layout, pick, upstream, weights},
    model::{Numbers, Truth},
    support::{Dtype, Layout, Random, Site},
    tape::{Tape, Var},
};
use boxes::Boxes;
use classes::Classes;
use cox::Cox;
use images::Images;
pub use leaves::Leaves;
use lists::Lists;
use masks::Masks;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tuples::Tuples;

/// A list of numbers as an argument.
#[derive(Clone, Debug)]
pub struct Argument {
    pub name: &'static str,
    pub values: Vec<f64>,
    pub shape: Vec<usize>,
    pub tracked: bool,
    pub layout: Layout,
    /// Whether the tensor is the loss's alone.
    pub handed_over: bool,
}

impl Argument {
    /// One that lies anyhow, and most often wants a gradient.
    pub fn new(name: &'static str, values: Vec<f64>, shape: &[usize], random: &mut Random) -> Self {
        Self {
            name,
            values,
            shape: shape.to_vec(),
            tracked: random.chance(0.9),
            layout: match shape.contains(&0) {
                true => Layout::Contiguous,
                false => layout(random),
            },
            handed_over: random.chance(0.5),
        }
    }

    /// One without a gradient.
    pub fn untracked(self) -> Self {
        Self {
            tracked: false,
            ..self
        }
    }
}

/// A configuration of a kind.
fn read<C: DeserializeOwned>(config: &Value) -> C {
    serde_json::from_value(config.clone()).expect("a configuration")
}

/// What a sample costs, and as how many it counts in a mean.
#[derive(Clone, Copy)]
pub struct Cost<'t> {
    pub loss: Var<'t>,
    pub count: f64,
}

/// A loss of a kind, with its arguments.
pub trait Family: Send + Sync {
    fn name(&self) -> String;

    /// What is given besides lists of numbers.
    fn describe(&self) -> String;

    /// How many samples there are.
    fn samples(&self) -> usize;

    /// Whether each sample has a loss of its own, of its part of each list.
    fn is_of_samples(&self) -> bool {
        true
    }

    /// How many numbers tensor operations add up.
    fn terms(&self) -> usize {
        0
    }

    /// How many sums a number may be in whose slopes by it are differences of larger ones: those of a sample, or of all.
    fn sums(&self, _: bool) -> usize {
        0
    }

    /// Whether tensor operations may choose otherwise.
    fn is_undecided(&self, _: &[Argument]) -> bool {
        false
    }

    /// The loss.
    fn run(&self, config: &Value, leaves: Leaves<'_>) -> Numbers;

    /// What samples cost, of one kind or of several that are reduced each by itself. Samples of weight 0 may be left
    /// out.
    fn costs<'t>(
        &self,
        config: &Value,
        lists: &[Vec<Var<'t>>],
        tape: &'t Tape,
        weights: &[f64],
    ) -> Vec<Vec<Cost<'t>>>;
}

/// What is asked for last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Last {
    Reduce,
    Each,
    DividedBy(f64),
}

/// A loss with its arguments, and what is asked of it.
pub struct Sampled {
    family: Box<dyn Family>,
    config: Value,
    arguments: Vec<Argument>,
    dtype: Dtype,
    last: Last,
    weights: Option<Vec<f64>>,
    upstream: Vec<f64>,
    /// Which number of which argument is none.
    spoiled: Option<(usize, usize, f64)>,
}

/// What a family draws.
pub struct Drawn {
    pub family: Box<dyn Family>,
    pub config: Value,
    pub arguments: Vec<Argument>,
}

impl Sampled {
    /// A case of any family.
    pub fn random(random: &mut Random) -> Self {
        let dtype = dtype(random);
        let draw = match below(random, 20) {
            0..6 => Masks::random,
            6..9 => Lists::random,
            9..12 => Tuples::random,
            12..15 => Boxes::random,
            15 => Cox::random,
            16 => Images::random,
            _ => Classes::random,
        };
        let Drawn {
            family,
            mut config,
            arguments,
        } = draw(random, dtype);
        let samples = family.samples();
        let last = match random.bits() % 6 {
            0 | 1 => Last::Each,
            2 => Last::DividedBy(pick(random, &[0.5, 3.0])),
            _ => Last::Reduce,
        };
        if random.chance(0.25) {
            config["reduction"] = json!("sum");
        }
        let weights = random.chance(0.4);
        let weights = weights.then(|| self::weights(random, samples, dtype));
        let count = if last == Last::Each { samples } else { 1 };
        let upstream = upstream(random, count, last != Last::Each);
        let spoiled = (family.is_of_samples() && random.chance(0.06)).then(|| {
            let argument = 0;
            let number = pick(random, &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
            let places = arguments[argument].values.len().max(1) as u64;
            (argument, (random.bits() % places) as usize, number)
        });
        let spoiled = spoiled.filter(|_| !arguments[0].values.is_empty());
        Self {
            family,
            config,
            arguments,
            dtype,
            last,
            weights,
            upstream,
            spoiled,
        }
    }

    fn counts(&self) -> Vec<f64> {
        let ones = || vec![1.0; self.family.samples()];
        self.weights.clone().unwrap_or_else(ones)
    }

    /// Value and gradients of the loop.
    fn numbers(&self, tape: &Tape) -> Numbers {
        let of = |argument: &Argument| -> Vec<Var<'_>> {
            let values = argument.values.iter();
            match argument.tracked {
                true => values.map(|&x| tape.leaf(x)).collect(),
                false => values.map(|&x| tape.constant(x)).collect(),
            }
        };
        let lists: Vec<Vec<Var<'_>>> = self.arguments.iter().map(of).collect();
        let weights = self.counts();
        let kinds = self.family.costs(&self.config, &lists, tape, &weights);
        let value = match self.last {
            Last::Each => (0..weights.len())
                .map(|sample| {
                    let of_kinds: Vec<_> = kinds.iter().map(|kind| kind[sample].loss).collect();
                    match weights[sample] == 0.0 {
                        true => tape.constant(0.0),
                        false => tape.sum(&of_kinds) * weights[sample],
                    }
                })
                .collect(),
            Last::Reduce | Last::DividedBy(_) => {
                let kinds = kinds.iter().map(|kind| self.reduced(kind, &weights, tape));
                vec![tape.sum(&kinds.collect::<Vec<_>>())]
            }
        };
        let upstream = value.iter().zip(&self.upstream);
        let of: Vec<_> = upstream.map(|(&x, &g)| x * g).collect();
        let gradients = tape.gradients(tape.sum(&of), &lists).into_iter();
        let gradients = self.arguments.iter().zip(gradients);
        let gradients = gradients.filter(|(argument, _)| argument.tracked);
        let value = value.iter().map(|x| x.value).collect();
        let gradients = gradients.map(|(argument, list)| (argument.name, list));
        [("value", value)].into_iter().chain(gradients).collect()
    }

    fn reduced<'t>(&self, costs: &[Cost<'t>], weights: &[f64], tape: &'t Tape) -> Var<'t> {
        let counted = costs.iter().zip(weights);
        let counted = counted.filter(|(cost, weight)| **weight != 0.0 && cost.count != 0.0);
        let counted: Vec<_> = counted.collect();
        let terms: Vec<_> = counted.iter().map(|(cost, w)| cost.loss * **w).collect();
        let total = tape.sum(&terms);
        let divisor = match self.last {
            Last::DividedBy(number) => number.max(1.0),
            _ if self.config["reduction"] == "sum" => 1.0,
            _ => counted.iter().map(|(cost, w)| cost.count * **w).sum(),
        };
        match counted.is_empty() {
            true => total,
            false => total / divisor,
        }
    }

    /// Of which sample the spoiled number is, if it counts.
    fn spoiled_sample(&self) -> Option<usize> {
        let (argument, place, _) = self.spoiled?;
        let sample = self.sample_of(argument, place);
        (self.counts()[sample] != 0.0).then_some(sample)
    }

    fn sample_of(&self, argument: usize, place: usize) -> usize {
        let of_each = self.arguments[argument].values.len() / self.family.samples();
        place / of_each.max(1)
    }
}

impl Case for Sampled {
    fn loss(&self) -> String {
        self.family.name()
    }

    fn describe(&self) -> String {
        let arguments = self.arguments.iter().map(|argument| {
            let Argument {
                name,
                shape,
                tracked,
                layout,
                handed_over,
                ..
            } = argument;
            format!("{name} {shape:?} tracked {tracked} {layout:?} handed over {handed_over}")
        });
        format!(
            "{} {} {:?} {:?} weighted {} spoiled {:?} [{}]",
            self.config,
            self.family.describe(),
            self.dtype,
            self.last,
            self.weights.is_some(),
            self.spoiled,
            arguments.collect::<Vec<_>>().join(", ")
        )
    }

    fn inputs(&self) -> String {
        format!(
            "{:?} {:?} {:?}",
            self.arguments, self.weights, self.upstream
        )
    }

    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn run(&self, site: &Site) -> Numbers {
        site.path
            .run(|| self.family.run(&self.config, Leaves::new(self, site)))
    }

    fn truth(&self) -> Truth {
        let numbers = self.numbers(&Tape::exact());
        let sizes = self.spoiled_sample().map(|spoiled| {
            let sizes = numbers.iter().map(|(name, list)| {
                let argument = self.arguments.iter().position(|other| other.name == *name);
                let is_open = |place: usize| match argument {
                    Some(argument) => self.sample_of(argument, place) == spoiled,
                    None => self.last != Last::Each || place == spoiled,
                };
                let sizes = (0..list.len()).map(|place| match is_open(place) {
                    true => f64::INFINITY,
                    false => 0.0,
                });
                (*name, sizes.collect())
            });
            sizes.collect()
        });
        Truth {
            numbers,
            sizes,
            is_final: false,
        }
    }

    fn sizes(&self, site: &Site) -> Option<Numbers> {
        let sums = self.family.sums(self.adds_one_by_one(site));
        if sums == 0 {
            return None;
        }
        // No sum has a gradient beyond that of all samples.
        let weights = self.counts();
        let mut largest = self
            .upstream
            .iter()
            .fold(0.0f64, |most, g| most.max(g.abs()));
        largest *= match self.last {
            Last::Each => weights.iter().fold(0.0f64, |most, w| most.max(w.abs())),
            Last::DividedBy(number) => {
                weights.iter().map(|w| w.abs()).sum::<f64>() / number.max(1.0)
            }
            Last::Reduce if self.config["reduction"] == "sum" => {
                weights.iter().map(|w| w.abs()).sum()
            }
            Last::Reduce => 1.0,
        };
        let numbers = self.numbers(&Tape::exact()).into_iter();
        let sizes = numbers.map(|(name, list)| {
            let size = if name == "value" {
                0.0
            } else {
                largest * sums as f64
            };
            (name, vec![size; list.len()])
        });
        Some(sizes.collect())
    }

    fn nudged(&self, site: &Site, unit: f64, random: &mut Random) -> Numbers {
        let mut tape = Tape::rounding(unit, random);
        tape.is_composed = self.adds_one_by_one(site);
        self.numbers(&tape)
    }

    fn is_undecided(&self, site: &Site) -> bool {
        self.adds_one_by_one(site) && self.family.is_undecided(&self.arguments)
    }

    fn is_hostile(&self) -> bool {
        self.spoiled_sample().is_some()
    }

    fn terms(&self) -> usize {
        self.family.terms() + self.family.samples()
    }
}

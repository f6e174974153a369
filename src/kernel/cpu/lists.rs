//! Sums over the pairs of items of each list, and their gradient.
//!
//! A task takes some lists, and has one of them at a time in lanes: the scores, and how relevant each item is as one that
//! others are compared with. An item meets all others of its list, sixteen at a time; in the backward pass each of these
//! keeps its own sum in `f64`. Items above no other are not visited, so a list with one class that counts takes the time of one item.

use super::{
    fresh::with_room,
    indices::Indices,
    isa::Choice,
    lane::Lane,
    simd::{Body, Half, Isa, WIDTH},
    threads::map,
};
use crate::formula::{Compared, Dual, ListFormula, PADDED, Real};

/// How many numbers one task takes at least.
const NUMBERS: usize = 4096;

/// A formula of a list as an object, compiled for each instruction set.
pub(crate) trait ListKernel: Send + Sync {
    /// Which items an item is compared with.
    fn compared(&self) -> Compared;

    /// What every item in `anchors` costs.
    fn sums(&self, choice: Choice, list: &mut List) -> Vec<f64>;

    /// The gradient of all of that, times a factor for each of `anchors`.
    fn slopes(&self, choice: Choice, list: &mut List, factors: &[f32]) -> Vec<f64>;
}

impl<F: ListFormula> ListKernel for F {
    fn compared(&self) -> Compared {
        F::COMPARED
    }

    fn sums(&self, choice: Choice, list: &mut List) -> Vec<f64> {
        let formula = self;
        choice.run(Sums { formula, list })
    }

    fn slopes(&self, choice: Choice, list: &mut List, factors: &[f32]) -> Vec<f64> {
        let formula = self;
        choice.run(Slopes {
            formula,
            list,
            factors,
        })
    }
}

/// A list in lanes. The item i is compared with those j that have `lower[j] < upper[i]`.
#[derive(Default)]
pub(crate) struct List {
    scores: Vec<[f32; WIDTH]>,
    lower: Vec<[f32; WIDTH]>,
    upper: Vec<f32>,
    /// The items that are compared with others.
    anchors: Vec<usize>,
}

/// A mark that is below none there is.
const NO_ITEM: f32 = f32::INFINITY;

impl List {
    /// The same list of scores with other scores.
    fn set_scores(&mut self, scores: &[f32]) {
        self.scores.clear();
        self.scores.extend(scores.chunks(WIDTH).map(padded(0.0)));
    }

    /// Scores with the relevance of each.
    fn fill(&mut self, compared: Compared, scores: &[f32], relevances: &[f32]) {
        self.set_scores(scores);
        let (mut upper, mut lower) = (relevances.to_vec(), relevances.to_vec());
        if compared == Compared::Others {
            upper.fill(1.0);
            lower.fill(0.0);
        }
        let mut lowest = NO_ITEM;
        for (place, &relevance) in relevances.iter().enumerate() {
            match relevance == PADDED {
                true => (upper[place], lower[place]) = (PADDED, NO_ITEM),
                false if lower[place] < lowest => lowest = lower[place],
                false => {}
            }
        }
        self.anchors.clear();
        let is_anchor = |&place: &usize| upper[place] > lowest;
        self.anchors.extend((0..upper.len()).filter(is_anchor));
        self.lower.clear();
        self.lower.extend(lower.chunks(WIDTH).map(padded(NO_ITEM)));
        self.upper = upper;
    }

    /// Scores of classes, of which one is above all others.
    fn fill_class(&mut self, scores: &[f32], class: usize) {
        if self.upper.len() != scores.len() {
            let relevances = vec![0.0; scores.len()];
            self.fill(Compared::Lower, scores, &relevances);
            self.upper.fill(1.0);
        }
        self.set_scores(scores);
        self.anchors.clear();
        self.anchors.push(class);
    }

    fn score(&self, item: usize) -> f32 {
        self.scores[item / WIDTH][item % WIDTH]
    }

    /// Replaces what an item is as one that others are compared with.
    fn replace_lower(&mut self, item: usize, lower: f32) -> f32 {
        core::mem::replace(&mut self.lower[item / WIDTH][item % WIDTH], lower)
    }
}

/// Sixteen numbers of which the last may be missing.
fn padded(missing: f32) -> impl Fn(&[f32]) -> [f32; WIDTH] {
    move |numbers| match numbers.try_into() {
        Ok(all) => all,
        Err(_) => {
            let mut lane = [missing; WIDTH];
            lane[..numbers.len()].copy_from_slice(numbers);
            lane
        }
    }
}

/// [`ListKernel::sums`] with one instruction set.
struct Sums<'a, F> {
    formula: &'a F,
    list: &'a mut List,
}

impl<F: ListFormula> Body for Sums<'_, F> {
    type Output = Vec<f64>;

    type Widest = Half;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Vec<f64> {
        let Self { formula, list } = self;
        let zero = Lane::splat(isa, 0.0);
        let mut sums = Vec::with_capacity(list.anchors.len());
        for place in 0..list.anchors.len() {
            let item = list.anchors[place];
            let own = Lane::splat(isa, list.score(item));
            let upper = Lane::splat(isa, list.upper[item]);
            // It is not compared with itself.
            let lower = list.replace_lower(item, NO_ITEM);
            let mut sum = isa.no_sum();
            for at in 0..list.scores.len() {
                let cost = formula.value(own - Lane::new(isa, list.scores[at]));
                let below = Lane::new(isa, list.lower[at]) - upper;
                sum = below.where_below(0.0, cost, zero).add_to(sum);
            }
            list.replace_lower(item, lower);
            let mut total = 0.0;
            for part in isa.sums(sum) {
                total += part;
            }
            sums.push(total);
        }
        sums
    }
}

/// [`ListKernel::slopes`] with one instruction set.
struct Slopes<'a, F> {
    formula: &'a F,
    list: &'a mut List,
    factors: &'a [f32],
}

impl<F: ListFormula> Body for Slopes<'_, F> {
    type Output = Vec<f64>;

    type Widest = Half;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Vec<f64> {
        let Self {
            formula,
            list,
            factors,
        } = self;
        let zero = Lane::splat(isa, 0.0);
        let lanes = list.scores.len();
        let mut others = vec![isa.no_sum(); lanes];
        let mut gradient = vec![0.0; lanes * WIDTH];
        for (place, &factor) in factors.iter().enumerate() {
            if factor == 0.0 {
                continue;
            }
            let item = list.anchors[place];
            let own = Lane::splat(isa, list.score(item));
            let upper = Lane::splat(isa, list.upper[item]);
            let to_others = Lane::splat(isa, -factor);
            let lower = list.replace_lower(item, NO_ITEM);
            let mut sum = isa.no_sum();
            for (at, other) in others.iter_mut().enumerate() {
                let difference = own - Lane::new(isa, list.scores[at]);
                let slope = formula.value(Dual::variable(difference)).derivative();
                let below = Lane::new(isa, list.lower[at]) - upper;
                let slope = below.where_below(0.0, slope, zero);
                sum = slope.add_to(sum);
                *other = (slope * to_others).add_to(*other);
            }
            list.replace_lower(item, lower);
            let mut total = 0.0;
            for part in isa.sums(sum) {
                total += part;
            }
            gradient[item] += total * f64::from(factor);
        }
        for at in 0..lanes {
            let parts = isa.sums(others[at]);
            for lane in 0..WIDTH {
                gradient[at * WIDTH + lane] += parts[lane];
            }
        }
        gradient
    }
}

/// Scores `[B, L]` and what says which items are compared.
#[derive(Clone, Copy)]
pub(crate) struct Lists<'a> {
    pub scores: &'a [f32],
    pub members: Members<'a>,
    /// L, at least 1
    pub length: usize,
}

/// What says which items of a list are compared.
#[derive(Clone, Copy)]
pub(crate) enum Members<'a> {
    /// How relevant each item is, `[B, L]`; [`PADDED`] for what is no item.
    Relevances(&'a [f32]),
    /// The one item of each list that is above all others, `[B]`.
    Classes(Indices<'a>),
}

impl Lists<'_> {
    /// The numbers of all lists, each made with its own place by `work`.
    fn each(&self, work: &(dyn Fn(usize, &mut List) -> Vec<f32> + Sync)) -> Vec<f32> {
        let length = self.length;
        let count = self.scores.len() / length;
        let per_task = (NUMBERS / length).max(1);
        let parts = map((0..count).step_by(per_task), &|_, first| {
            let mut list = List::default();
            let places = first..count.min(first + per_task);
            let lists = places.flat_map(|place| work(place, &mut list));
            lists.collect::<Vec<_>>()
        });
        let mut all = with_room(parts.iter().map(Vec::len).sum());
        for part in parts {
            all.extend(part);
        }
        all
    }

    /// Puts a list in lanes; `false` if its class is none.
    fn load(&self, place: usize, compared: Compared, list: &mut List) -> bool {
        let items = place * self.length..(place + 1) * self.length;
        let scores = &self.scores[items.clone()];
        match self.members {
            Members::Relevances(relevances) => list.fill(compared, scores, &relevances[items]),
            Members::Classes(classes) => match usize::try_from(classes.at(place)) {
                Ok(class) if class < self.length => list.fill_class(scores, class),
                _ => return false,
            },
        }
        true
    }
}

/// What every item costs, `[B, L]`; of classes what each list costs, `[B]`, NaN for a class that is none.
///
/// # Panics
/// If the lengths do not fit.
pub(crate) fn list_sums(kernel: &dyn ListKernel, lists: &Lists<'_>) -> Vec<f32> {
    let choice = Choice::current();
    lists.each(&|place, list| {
        let is_known = lists.load(place, kernel.compared(), list);
        match lists.members {
            Members::Classes(_) if !is_known => vec![f32::NAN],
            Members::Classes(_) => vec![kernel.sums(choice, list)[0] as f32],
            Members::Relevances(_) => {
                let mut costs = vec![0.0; lists.length];
                for (sum, &item) in kernel.sums(choice, list).iter().zip(&list.anchors) {
                    costs[item] = *sum as f32;
                }
                costs
            }
        }
    })
}

/// What an upstream gradient of these is to the scores; where that is 0 it stays 0, whatever they hold.
///
/// # Panics
/// If the lengths do not fit.
pub(crate) fn list_gradient(
    kernel: &dyn ListKernel,
    lists: &Lists<'_>,
    upstream: &[f32],
) -> Vec<f32> {
    let choice = Choice::current();
    let length = lists.length;
    lists.each(&|place, list| {
        let is_known = lists.load(place, kernel.compared(), list);
        let factors: Vec<f32> = match lists.members {
            Members::Classes(_) => vec![upstream[place]],
            Members::Relevances(_) => {
                let of_list = &upstream[place * length..][..length];
                list.anchors.iter().map(|&item| of_list[item]).collect()
            }
        };
        match factors[..] {
            [factor] if !is_known && factor != 0.0 => return vec![f32::NAN; length],
            _ if factors.iter().all(|&factor| factor == 0.0) => return vec![0.0; length],
            _ => {}
        }
        let gradient = kernel.slopes(choice, list, &factors);
        let gradient = gradient.iter().map(|&slope| slope as f32);
        gradient.take(length).collect()
    })
}

//! Channels each by itself: sigmoids, or probabilities.

use super::{Overlap, Term, place, tile::Tile};
use crate::{
    formula::{Activation, Real, errors, of_channel, overlaps},
    kernel::cpu::{
        element::along,
        isa::Choice,
        lane::Lane,
        simd::{Body, Half, Isa, WIDTH},
        softmax::total,
    },
};

/// A tile of which every channel is looked at by itself.
pub(super) struct Channels<'a> {
    tile: &'a mut Tile,
    overlap: &'a Overlap<'a>,
    choice: Choice,
    /// Of one channel: targets, weights, and the term's values and slopes.
    channel: [Vec<[f32; WIDTH]>; 4],
}

impl<'a> Channels<'a> {
    pub fn of(tile: &'a mut Tile, overlap: &'a Overlap<'a>, choice: Choice) -> Self {
        let pixels = || vec![[0.0; WIDTH]; tile.lanes];
        Self {
            channel: core::array::from_fn(|_| pixels()),
            tile,
            overlap,
            choice,
        }
    }

    /// Adds the sums of every channel.
    pub fn sum(mut self, sums: &mut [f64]) {
        let classes = self.tile.classes;
        for class in 0..classes {
            self.load(class, false);
            let found = self.choice.run(Sums(self.body(class, [0.0; 4])));
            for (place, sum) in found.into_iter().enumerate() {
                sums[place * classes + class] += sum;
            }
        }
    }

    /// Puts the gradient in the place of the logits.
    pub fn differentiate(mut self, slopes: &[f32]) {
        let classes = self.tile.classes;
        for class in 0..classes {
            self.load(class, true);
            let places = [place::BOTH, place::PREDICTED, place::MISSED, place::TERM];
            let slopes = places.map(|place| slopes[place * classes + class]);
            self.choice.run(Gradient(self.body(class, slopes)));
        }
    }

    /// Puts what each logit is off its target in its place.
    pub fn find_errors(mut self, hinge: bool) {
        for class in 0..self.tile.classes {
            self.load(class, false);
            let choice = self.choice;
            let channel = self.body(class, [0.0; 4]);
            choice.run(Errors { channel, hinge });
        }
    }

    /// Puts the gradient in the place of the logits, given the slope by each probability.
    pub fn chain(mut self) {
        let lanes = self.tile.lanes;
        for class in 0..self.tile.classes {
            self.load(class, false);
            let slopes = &self.tile.slopes[class * lanes..][..lanes];
            let x = &mut self.tile.x[class * lanes..][..lanes];
            let activation = self.overlap.activation;
            self.choice.run(Chain {
                x,
                slopes,
                activation,
            });
        }
    }

    /// Targets, weights and terms of a channel. What is ignored is a logit of 0 whose target and weight are 0.
    fn load(&mut self, class: usize, with_slopes: bool) {
        let tile = &mut *self.tile;
        let [targets, weights, values, slopes] = &mut self.channel;
        let rows = class * tile.lanes..(class + 1) * tile.lanes;
        let x = &mut tile.x[rows.clone()];
        weights.copy_from_slice(&tile.weights);
        if tile.masks.is_empty() {
            // A single channel is that of class 1.
            let own = if tile.classes == 1 { 1.0 } else { class as f32 };
            let labels = tile.labels.as_flattened();
            for (target, &label) in targets.as_flattened_mut().iter_mut().zip(labels) {
                *target = f32::from(label == own);
            }
        } else {
            targets.copy_from_slice(&tile.masks[rows]);
            let ignored = self.overlap.ignored.map(|index| index as f32);
            let all = targets.as_flattened_mut().iter_mut();
            let all = all
                .zip(weights.as_flattened_mut())
                .zip(x.as_flattened_mut());
            for ((target, weight), x) in all {
                if *weight == 0.0 || ignored == Some(*target) {
                    (*target, *weight, *x) = (0.0, 0.0, 0.0);
                }
            }
        }
        if let Some(Term::Element(formula)) = self.overlap.term {
            let slopes = with_slopes.then_some(&mut slopes[..]);
            along(formula, self.choice, [x, targets], values, slopes);
        }
    }

    fn body(&mut self, class: usize, slopes: [f32; 4]) -> Channel<'_> {
        let lanes = self.tile.lanes;
        Channel {
            x: &mut self.tile.x[class * lanes..][..lanes],
            channel: &self.channel,
            activation: self.overlap.activation,
            squared: self.overlap.squared,
            slopes,
        }
    }
}

/// One channel.
struct Channel<'a> {
    x: &'a mut [[f32; WIDTH]],
    channel: &'a [Vec<[f32; WIDTH]>; 4],
    activation: Activation,
    squared: bool,
    slopes: [f32; 4],
}

/// The sums of a channel.
struct Sums<'a>(Channel<'a>);

impl Body for Sums<'_> {
    type Output = [f64; place::SUMS];

    type Widest = Half;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Self::Output {
        let Channel {
            x,
            channel: [targets, weights, values, _],
            activation,
            squared,
            ..
        } = self.0;
        let mut sums = [isa.no_sum(); place::SUMS];
        for at in 0..x.len() {
            let [p, miss] = of_channel(Lane::new(isa, x[at]), activation);
            let (t, w) = (Lane::new(isa, targets[at]), Lane::new(isa, weights[at]));
            let [both, predicted, missed] = overlaps([p, miss], t, squared);
            let term = Lane::new(isa, values[at]);
            let numbers = [both, predicted, missed, t, -(t - 1.0), term];
            for (sum, number) in sums.iter_mut().zip(numbers) {
                *sum = (number * w).add_to(*sum);
            }
        }
        sums.map(|sum| total(isa, sum))
    }
}

/// What each probability of a channel is off its target, or the hinge of its logit. A pixel is in a mask from one half on.
struct Errors<'a> {
    channel: Channel<'a>,
    hinge: bool,
}

impl Body for Errors<'_> {
    type Output = ();

    type Widest = Half;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Channel {
            x,
            channel: [targets, ..],
            activation,
            ..
        } = self.channel;
        for (x, t) in x.iter_mut().zip(targets) {
            let (logit, from_half) = (Lane::new(isa, *x), Lane::new(isa, *t) - 0.5);
            let [outside, inside] = match self.hinge {
                true => [logit + 1.0, -(logit - 1.0)],
                false => of_channel(logit, activation),
            };
            *x = from_half.where_below(0.0, outside, inside).into_array();
        }
    }
}

/// The gradient of a channel, given the slope by each probability.
struct Chain<'a> {
    x: &'a mut [[f32; WIDTH]],
    slopes: &'a [[f32; WIDTH]],
    activation: Activation,
}

impl Body for Chain<'_> {
    type Output = ();

    type Widest = Half;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        for (x, slope) in self.x.iter_mut().zip(self.slopes) {
            let slope = Lane::new(isa, *slope);
            let by_logit = match self.activation {
                Activation::None => slope,
                activation => {
                    let [p, miss] = of_channel(Lane::new(isa, *x), activation);
                    slope * (p * miss)
                }
            };
            *x = by_logit.into_array();
        }
    }
}

/// The gradient of a channel.
struct Gradient<'a>(Channel<'a>);

impl Body for Gradient<'_> {
    type Output = ();

    type Widest = Half;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Channel {
            x,
            channel: [targets, weights, _, term_slopes],
            activation,
            squared,
            slopes,
        } = self.0;
        let zero = Lane::splat(isa, 0.0);
        let [both, predicted, missed, of_term] = slopes.map(|slope| Lane::splat(isa, slope));
        for at in 0..x.len() {
            let [p, miss] = of_channel(Lane::new(isa, x[at]), activation);
            let slope = match activation {
                Activation::None => p.constant(1.0),
                _ => p * miss,
            };
            let (t, w) = (Lane::new(isa, targets[at]), Lane::new(isa, weights[at]));
            let of_errors = if squared {
                let [above, below] = errors([p, miss], t, false);
                let error = above - below;
                error.where_below(0.0, missed, predicted) * (error + error)
            } else {
                predicted * -(t - 1.0) - missed * t
            };
            let by_term = of_term * Lane::new(isa, term_slopes[at]);
            let gradient = (slope * (both * t + of_errors) + by_term) * w;
            x[at] = w.where_equal(0.0, zero, gradient).into_array();
        }
    }
}

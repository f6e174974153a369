//! Pixels of one class among several: the softmax of all of them.

use super::{Overlap, Term, place, tile::Tile};
use crate::{
    formula::Real,
    kernel::cpu::{
        isa::Choice,
        lane::Lane,
        simd::{Body, Half, Isa, WIDTH},
        softmax::total,
    },
};

/// A tile whose target is a class for each pixel.
pub(super) struct Classes<'a> {
    tile: &'a mut Tile,
    overlap: &'a Overlap<'a>,
    choice: Choice,
}

impl<'a> Classes<'a> {
    /// The exponentials of the tile have taken the place of its logits.
    pub fn of(tile: &'a mut Tile, overlap: &'a Overlap<'a>, choice: Choice) -> Self {
        choice.run(Exponentials { tile: &mut *tile });
        let mut new = Self {
            tile,
            overlap,
            choice,
        };
        new.find_terms();
        new
    }

    /// The term of each pixel, and its slope by the logarithm of its class's share.
    fn find_terms(&mut self) {
        let [_, _, _, l, values] = &mut self.tile.found;
        match self.overlap.term {
            Some(Term::Class(phi)) if !phi.is_linear() => {
                let given = l.clone();
                phi.along(self.choice, &given, values, l);
            }
            Some(Term::Class(_)) => {
                let pairs = l
                    .as_flattened_mut()
                    .iter_mut()
                    .zip(values.as_flattened_mut());
                for (l, value) in pairs {
                    (*value, *l) = (-*l, -1.0);
                }
            }
            _ => {
                values.fill([0.0; WIDTH]);
                l.fill([0.0; WIDTH]);
            }
        }
    }

    /// Adds the sums of what is predicted to be of each class and is not.
    pub fn sum(self, sums: &mut [f64]) {
        self.choice.run(Predicted {
            tile: self.tile,
            squared: self.overlap.squared,
            sums: &mut sums[place::PREDICTED * self.tile.classes..][..self.tile.classes],
        });
    }

    /// Puts what each probability is off its target in the place of its exponential.
    pub fn find_errors(self) {
        self.choice.run(Errors { tile: self.tile });
    }

    /// Puts the gradient in the place of the exponentials, given the slope by each probability.
    pub fn chain(self) {
        self.choice.run(Chain { tile: self.tile });
    }

    /// Puts the gradient in the place of the exponentials.
    pub fn differentiate(self, slopes: &[f32]) {
        self.choice.run(Gradient {
            tile: self.tile,
            squared: self.overlap.squared,
            slopes,
        });
    }
}

/// Puts exponentials relative to the largest logit in the place of logits. Of each pixel it finds the share of its class, what that
/// lacks of 1, the reciprocal of the sum, and the logarithm of the share. The largest is left out of the sum of the others, so
/// that what a right prediction lacks of 1 keeps its digits.
struct Exponentials<'a> {
    tile: &'a mut Tile,
}

impl Body for Exponentials<'_> {
    type Output = ();

    type Widest = Half;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let tile = self.tile;
        let (zero, one) = (Lane::splat(isa, 0.0), Lane::splat(isa, 1.0));
        for at in 0..tile.lanes {
            let label = Lane::new(isa, tile.labels[at]);
            let mut max = Lane::splat(isa, f32::NEG_INFINITY);
            for class in 0..tile.classes {
                max = max.larger(Lane::new(isa, tile.x[class * tile.lanes + at]));
            }
            let (mut others, mut largest) = (zero, zero);
            let (mut own, mut shift) = (zero, zero);
            for class in 0..tile.classes {
                let x = &mut tile.x[class * tile.lanes + at];
                let logit = Lane::new(isa, *x);
                let from_max = logit - max;
                let e = from_max.exp();
                *x = e.into_array();
                others = others + logit.where_same(max, zero, e);
                largest = largest + logit.where_same(max, one, zero);
                let class = Lane::splat(isa, class as f32);
                own = label.where_same(class, e, own);
                shift = label.where_same(class, from_max, shift);
            }
            // Where the largest is infinite there is no softmax.
            let others = others + (largest - 1.0) + max * 0.0;
            let reciprocal = one / (others + 1.0);
            let p = own * reciprocal;
            let miss = shift.where_equal(0.0, others * reciprocal, one - p);
            let ln_p = shift - others.ln_1p();
            let [owns, misses, reciprocals, logarithms, _] = &mut tile.found;
            owns[at] = p.into_array();
            misses[at] = miss.into_array();
            reciprocals[at] = reciprocal.into_array();
            logarithms[at] = ln_p.into_array();
        }
    }
}

/// The sums of what is predicted to be of a class and is not.
struct Predicted<'a> {
    tile: &'a Tile,
    squared: bool,
    sums: &'a mut [f64],
}

impl Body for Predicted<'_> {
    type Output = ();

    type Widest = Half;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let (tile, zero) = (self.tile, Lane::splat(isa, 0.0));
        let [by_one, by_p] = powers(isa, self.squared);
        let [_, _, reciprocals, ..] = &tile.found;
        for (class, total_of_class) in self.sums.iter_mut().enumerate() {
            let own = Lane::splat(isa, class as f32);
            let mut sum = isa.no_sum();
            for (at, reciprocal) in reciprocals.iter().enumerate() {
                let e = Lane::new(isa, tile.x[class * tile.lanes + at]);
                let p = e * Lane::new(isa, *reciprocal);
                let error = p * (by_one + by_p * p) * Lane::new(isa, tile.weights[at]);
                let label = Lane::new(isa, tile.labels[at]);
                sum = label.where_same(own, zero, error).add_to(sum);
            }
            *total_of_class += total(isa, sum);
        }
    }
}

/// What each share is off its target.
struct Errors<'a> {
    tile: &'a mut Tile,
}

impl Body for Errors<'_> {
    type Output = ();

    type Widest = Half;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let tile = self.tile;
        let [_, misses, reciprocals, ..] = &tile.found;
        for (class, row) in tile.x.chunks_mut(tile.lanes).enumerate() {
            let own = Lane::splat(isa, class as f32);
            for (at, x) in row.iter_mut().enumerate() {
                let p = Lane::new(isa, *x) * Lane::new(isa, reciprocals[at]);
                let label = Lane::new(isa, tile.labels[at]);
                *x = label
                    .where_same(own, Lane::new(isa, misses[at]), p)
                    .into_array();
            }
        }
    }
}

/// The gradient by the logits, given the slope of each share.
struct Chain<'a> {
    tile: &'a mut Tile,
}

impl Body for Chain<'_> {
    type Output = ();

    type Widest = Half;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Tile {
            classes,
            lanes,
            x,
            slopes,
            found: [_, _, reciprocals, ..],
            ..
        } = self.tile;
        for at in 0..*lanes {
            let reciprocal = Lane::new(isa, reciprocals[at]);
            let slope = GivenSlopes {
                isa,
                slopes: &slopes[at..],
                lanes: *lanes,
            };
            let shares = Shares {
                isa,
                classes: *classes,
                lanes: *lanes,
                at,
                reciprocal,
            };
            let [reference, mean] = shares.reference_and_mean(x, &slope);
            for class in 0..*classes {
                let x = &mut x[class * *lanes + at];
                let p = Lane::new(isa, *x) * reciprocal;
                *x = (p * (slope.of(class, p) - reference - mean)).into_array();
            }
        }
    }
}

/// The slope by each share of a lane of pixels.
///
/// A trait and no closure: a method is inlined into the body of an instruction set wherever it is called, as it has to be, and
/// a closure is not.
trait Slopes<I: Isa> {
    fn of(&self, class: usize, p: Lane<I>) -> Lane<I>;
}

/// Slopes that are given, of each class `lanes` after that of the class before.
struct GivenSlopes<'a, I> {
    isa: I,
    slopes: &'a [[f32; WIDTH]],
    lanes: usize,
}

impl<I: Isa> Slopes<I> for GivenSlopes<'_, I> {
    #[inline(always)]
    fn of(&self, class: usize, _p: Lane<I>) -> Lane<I> {
        Lane::new(self.isa, self.slopes[class * self.lanes])
    }
}

/// Slopes of overlap sums.
struct SumSlopes<'a, I: Isa> {
    isa: I,
    /// Of what is predicted of each class and is not there.
    predicted: &'a [f32],
    /// What that is multiplied with: this, and this times the share.
    by: [Lane<I>; 2],
    label: Lane<I>,
    /// At the class of the pixel.
    own: Lane<I>,
}

impl<I: Isa> Slopes<I> for SumSlopes<'_, I> {
    #[inline(always)]
    fn of(&self, class: usize, p: Lane<I>) -> Lane<I> {
        let predicted = Lane::splat(self.isa, self.predicted[class]);
        let class = Lane::splat(self.isa, class as f32);
        let [by_one, by_p] = self.by;
        let others = predicted * (by_one + by_p * p);
        self.label.where_same(class, self.own, others)
    }
}

/// The shares of a lane of pixels, by their exponentials.
struct Shares<I: Isa> {
    isa: I,
    classes: usize,
    lanes: usize,
    at: usize,
    reciprocal: Lane<I>,
}

impl<I: Isa> Shares<I> {
    /// The slope of the largest share, and by how much the mean of all is above it, each as much as its share. Of the gradient
    /// `p (g - mean)` nothing is left where a prediction is sure, so slopes are measured by that of the largest.
    #[inline(always)]
    fn reference_and_mean(&self, x: &[[f32; WIDTH]], slopes: &impl Slopes<I>) -> [Lane<I>; 2] {
        let Self {
            isa,
            classes,
            lanes,
            at,
            reciprocal,
        } = *self;
        let zero = Lane::splat(isa, 0.0);
        let mut reference = zero;
        for class in 0..classes {
            let e = Lane::new(isa, x[class * lanes + at]);
            reference = e.where_equal(1.0, slopes.of(class, e * reciprocal), reference);
        }
        let mut mean = zero;
        for class in 0..classes {
            let p = Lane::new(isa, x[class * lanes + at]) * reciprocal;
            mean = mean + p * (slopes.of(class, p) - reference);
        }
        [reference, mean]
    }
}

/// What a share is multiplied with to be an error: 1, or itself.
#[inline(always)]
fn powers<I: Isa>(isa: I, squared: bool) -> [Lane<I>; 2] {
    let [by_one, by_p] = match squared {
        true => [0.0, 1.0],
        false => [1.0, 0.0],
    };
    [Lane::splat(isa, by_one), Lane::splat(isa, by_p)]
}

/// The gradient of the sums: `p_c (g_c - sum_k p_k g_k)` for the slope `g` of the shares, measured by that of the largest, of which
/// nothing is left where a prediction is sure; and the slope of the term.
struct Gradient<'a> {
    tile: &'a mut Tile,
    squared: bool,
    slopes: &'a [f32],
}

impl Body for Gradient<'_> {
    type Output = ();

    type Widest = Half;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Self {
            tile,
            squared,
            slopes,
        } = self;
        let (classes, lanes) = (tile.classes, tile.lanes);
        let [by_one, by_p] = powers(isa, squared);
        let by_p = by_p + by_p;
        let [_, misses, reciprocals, term_slopes, _] = &tile.found;
        for at in 0..lanes {
            let labels = tile.labels[at];
            let mut of_own = [[0f32; WIDTH]; 3];
            for (i, &label) in labels.iter().enumerate() {
                if label >= 0.0 {
                    let class = label as usize;
                    of_own[0][i] = slopes[place::BOTH * classes + class];
                    of_own[1][i] = slopes[place::MISSED * classes + class];
                    of_own[2][i] = slopes[place::TERM * classes + class];
                }
            }
            let [both, missed, of_term] = of_own.map(|lane| Lane::new(isa, lane));
            let label = Lane::new(isa, labels);
            let weight = Lane::new(isa, tile.weights[at]);
            let reciprocal = Lane::new(isa, reciprocals[at]);
            let miss = Lane::new(isa, misses[at]);
            let own = both - missed * (by_one + by_p * miss);
            let by_logarithm = of_term * Lane::new(isa, term_slopes[at]);

            let by_share = SumSlopes {
                isa,
                predicted: &slopes[place::PREDICTED * classes..][..classes],
                by: [by_one, by_p],
                label,
                own,
            };
            let shares = Shares {
                isa,
                classes,
                lanes,
                at,
                reciprocal,
            };
            let [reference, mean] = shares.reference_and_mean(&tile.x, &by_share);
            for class in 0..classes {
                let x = &mut tile.x[class * lanes + at];
                let p = Lane::new(isa, *x) * reciprocal;
                let by_overlap = p * (by_share.of(class, p) - reference - mean);
                let is_own = Lane::splat(isa, class as f32);
                let by_term = label.where_same(is_own, miss, -p) * by_logarithm;
                *x = ((by_overlap + by_term) * weight).into_array();
            }
        }
    }
}

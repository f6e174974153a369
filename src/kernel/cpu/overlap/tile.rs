//! The pixels in work, in lanes.

use super::{Channels, Classes, MaskTargets, Masks, Overlap, place};
use crate::{
    formula::Activation,
    kernel::cpu::{isa::Choice, simd::WIDTH, storage::Storage},
};

/// How many elements a tile has at most, as far as a lane of each class is not more.
const ELEMENTS: usize = 16_384;

/// How many pixels a tile holds: whole lanes.
pub(super) fn pixels(classes: usize) -> usize {
    (ELEMENTS / classes.max(1)).clamp(WIDTH, 1024) / WIDTH * WIDTH
}

/// A number for each pixel.
pub(super) type Pixels = Vec<[f32; WIDTH]>;

/// Pixels of one sample with all their classes. Those beyond the last, and those that are ignored, are logits of 0 with weight
/// 0.
pub(super) struct Tile {
    pub classes: usize,
    /// How many lanes the pixels take.
    pub lanes: usize,
    count: usize,
    /// Lanes of each class: logits, then what is made of them.
    pub x: Pixels,
    /// The target of each logit, where it is a mask.
    pub masks: Pixels,
    /// The slope by each probability, where that is given.
    pub slopes: Pixels,
    /// The class of each pixel; -1 for none.
    pub labels: Pixels,
    pub weights: Pixels,
    /// What is found of each pixel on the way.
    pub found: [Pixels; 5],
}

impl Tile {
    /// Room for so many pixels, or as many as a tile holds.
    pub fn new(classes: usize, count: usize) -> Self {
        let lanes = count.min(pixels(classes)).div_ceil(WIDTH);
        let pixels = || vec![[0.0; WIDTH]; lanes];
        Self {
            classes,
            lanes,
            count: 0,
            x: vec![[0.0; WIDTH]; classes * lanes],
            masks: Vec::new(),
            slopes: Vec::new(),
            labels: pixels(),
            weights: pixels(),
            found: core::array::from_fn(|_| pixels()),
        }
    }

    /// How many pixels there is room for.
    pub fn room(&self) -> usize {
        self.lanes * WIDTH
    }

    /// Fills the first pixels of each class.
    pub fn load(&mut self, count: usize, widen: &mut dyn FnMut(usize, &mut [f32])) {
        self.count = count;
        for (class, row) in self.x.chunks_mut(self.lanes).enumerate() {
            let (given, beyond) = row.as_flattened_mut().split_at_mut(count);
            widen(class, given);
            beyond.fill(0.0);
        }
    }

    /// Loads targets and weights of the pixels from `first` on; a mask of a class begins at `row`.
    pub fn load_targets<E: Storage>(
        &mut self,
        overlap: &Overlap<'_>,
        masks: &Masks<'_, E>,
        first: usize,
        row: &dyn Fn(usize) -> usize,
    ) {
        let (count, lanes) = (self.count, self.lanes);
        let (given, beyond) = self.weights.as_flattened_mut().split_at_mut(count);
        match masks.weights {
            Some(weights) => given.copy_from_slice(&weights[first..first + count]),
            None => given.fill(1.0),
        }
        beyond.fill(0.0);
        match &masks.targets {
            MaskTargets::Masks(numbers) => {
                self.masks.resize(self.x.len(), [0.0; WIDTH]);
                for (class, to) in self.masks.chunks_mut(lanes).enumerate() {
                    let (to, beyond) = to.as_flattened_mut().split_at_mut(count);
                    E::widen(&numbers[row(class)..][..count], to);
                    beyond.fill(0.0);
                }
            }
            MaskTargets::Classes(classes) => {
                let labels = self.labels.as_flattened_mut();
                // A single channel is that of class 1.
                let known = self.classes.max(2);
                for (place, weight) in given.iter_mut().enumerate() {
                    let class = classes.at(first + place);
                    if *weight == 0.0 || overlap.ignored == Some(class) {
                        (*weight, labels[place]) = (0.0, -1.0);
                        continue;
                    }
                    let is_class = usize::try_from(class).is_ok_and(|class| class < known);
                    assert!(is_class, "classes have been checked");
                    labels[place] = class as f32;
                }
                labels[count..].fill(-1.0);
            }
        }
        self.clear_ignored();
    }

    /// Puts 0 in the place of what ignored pixels hold.
    fn clear_ignored(&mut self) {
        let weights = self.weights.as_flattened();
        for (place, _) in weights.iter().enumerate().filter(|(_, w)| **w == 0.0) {
            for row in self.x.chunks_mut(self.lanes) {
                row[place / WIDTH][place % WIDTH] = 0.0;
            }
        }
    }

    /// What there is of the pixels of a class.
    pub fn row(&self, class: usize) -> &[f32] {
        &self.x[class * self.lanes..].as_flattened()[..self.count]
    }

    /// Adds the sums of these pixels, `[SUMS, C]`.
    pub fn sum(&mut self, overlap: &Overlap<'_>, choice: Choice, sums: &mut [f64]) {
        match overlap.activation {
            Activation::Softmax => {
                Classes::of(self, overlap, choice).sum(sums);
                self.scatter(overlap.squared, sums);
            }
            _ => Channels::of(self, overlap, choice).sum(sums),
        }
    }

    /// Adds what there is of each pixel's own class.
    fn scatter(&self, squared: bool, sums: &mut [f64]) {
        let classes = self.classes;
        let [own, miss, _, _, term] = self.found.each_ref().map(|found| found.as_flattened());
        let (labels, weights) = (self.labels.as_flattened(), self.weights.as_flattened());
        // The same sums in the same order: of a class that is everywhere exactly nothing is left.
        let (mut all, mut of_class) = (0.0, vec![0.0; classes]);
        for i in 0..self.count {
            let weight = f64::from(weights[i]);
            if weight == 0.0 {
                continue;
            }
            let class = labels[i] as usize;
            let miss = match squared {
                true => f64::from(miss[i]) * f64::from(miss[i]),
                false => f64::from(miss[i]),
            };
            sums[place::BOTH * classes + class] += weight * f64::from(own[i]);
            sums[place::MISSED * classes + class] += weight * miss;
            of_class[class] += weight;
            sums[place::TERM * classes + class] += weight * f64::from(term[i]);
            all += weight;
        }
        for (class, own) in of_class.into_iter().enumerate() {
            sums[place::TARGET * classes + class] += own;
            sums[place::ABSENT * classes + class] += all - own;
        }
    }

    /// Puts what each logit is off its target in its place: of probabilities what they lack of it, or hinges of the logits.
    pub fn find_errors(&mut self, overlap: &Overlap<'_>, choice: Choice, hinge: bool) {
        match overlap.activation {
            Activation::Softmax => Classes::of(self, overlap, choice).find_errors(),
            _ => Channels::of(self, overlap, choice).find_errors(hinge),
        }
    }

    /// Puts the gradient in the place of the logits, given the slope by each probability; of no activation that is the gradient.
    pub fn chain(
        &mut self,
        overlap: &Overlap<'_>,
        choice: Choice,
        slopes: &mut dyn FnMut(usize, &mut [f32]),
    ) {
        self.slopes.resize(self.x.len(), [0.0; WIDTH]);
        for (class, row) in self.slopes.chunks_mut(self.lanes).enumerate() {
            let (given, beyond) = row.as_flattened_mut().split_at_mut(self.count);
            slopes(class, given);
            beyond.fill(0.0);
        }
        match overlap.activation {
            Activation::Softmax => Classes::of(self, overlap, choice).chain(),
            _ => Channels::of(self, overlap, choice).chain(),
        }
        self.clear_ignored();
    }

    /// Puts the gradient of the sums in the place of the logits, given the slope of each, `[SUMS, C]`.
    pub fn differentiate(&mut self, overlap: &Overlap<'_>, choice: Choice, slopes: &[f32]) {
        match overlap.activation {
            Activation::Softmax => {
                Classes::of(self, overlap, choice).differentiate(slopes);
            }
            _ => Channels::of(self, overlap, choice).differentiate(slopes),
        }
        self.clear_ignored();
    }
}

//! Lovasz losses: errors a tile at a time, their order a mask at a time, and the gradient a tile at a time.

use super::{Logits, MaskTargets, Masks, Overlap, Shape, rewrite, rewritten};
use crate::kernel::cpu::{
    fresh::zeros, isa::Choice, lovasz::growth, order::descending, storage::Storage, threads::map,
};
use core::ops::Range;

/// A Lovasz loss of masks.
#[derive(Clone, Copy)]
pub(crate) struct Lovasz<'a> {
    pub overlap: Overlap<'a>,
    /// Whether errors are hinges of the logits, of which no probability is made.
    pub hinge: bool,
    /// Whether all samples are one.
    pub batch: bool,
}

/// What becomes of masks, of each sample (or of all) and class, `[R, C]`.
pub(crate) struct LovaszOutcome {
    pub losses: Vec<f64>,
    /// How many pixels are in the mask.
    pub sizes: Vec<f64>,
    /// The slope by each probability, or by each logit, `[N, C, K]`.
    pub slopes: Vec<f32>,
}

/// The losses, in the same order whatever the number of threads.
///
/// # Panics
/// If lengths do not fit the shape, or a class that counts is out of range.
pub(crate) fn lovasz<E: Storage>(
    spec: &Lovasz<'_>,
    logits: &[E],
    shape: Shape,
    masks: &Masks<'_, E>,
) -> LovaszOutcome {
    let choice = Choice::current();
    let mut slopes = zeros::<f32>(logits.len());
    rewrite(
        &spec.overlap,
        Some(logits),
        &mut slopes,
        shape,
        masks,
        &|tile, _| tile.find_errors(&spec.overlap, choice, spec.hinge),
    );

    let mut planes: Vec<Vec<&mut [f32]>> = Vec::new();
    planes.resize_with(rows(spec, shape), Vec::new);
    for (index, plane) in slopes.chunks_mut(shape.inner.max(1)).enumerate() {
        planes[row(spec, shape, index)].push(plane);
    }
    let found = map(planes, &|row, planes| {
        let samples = match spec.batch {
            true => 0..shape.outer,
            false => row / shape.classes..row / shape.classes + 1,
        };
        Mask::of(spec, shape, masks, samples, row % shape.classes).order(planes, spec.hinge)
    });
    let (losses, sizes) = found.into_iter().unzip();
    LovaszOutcome {
        losses,
        sizes,
        slopes,
    }
}

/// What an upstream gradient of the losses, `[R, C]`, is to the logits, in their type: written over them, or returned.
///
/// # Panics
/// As [`lovasz`].
pub(crate) fn lovasz_gradient<E: Storage>(
    spec: &Lovasz<'_>,
    logits: Logits<'_, E>,
    shape: Shape,
    masks: &Masks<'_, E>,
    slopes: &[f32],
    upstream: &[f32],
) -> Option<Vec<E>> {
    assert_eq!(upstream.len(), rows(spec, shape), "a number for each loss");
    let choice = Choice::current();
    rewritten(&spec.overlap, logits, shape, masks, &|tile, stretch| {
        tile.chain(&spec.overlap, choice, &mut |class, out| {
            let factor = upstream[row(spec, shape, stretch.sample * shape.classes + class)];
            let slopes = &slopes[stretch.of_class(class, shape)];
            for (out, slope) in out.iter_mut().zip(slopes) {
                // What is ignored stays so, whatever the factor.
                *out = if *slope == 0.0 { 0.0 } else { slope * factor };
            }
        });
    })
}

/// How many losses there are.
fn rows(spec: &Lovasz<'_>, shape: Shape) -> usize {
    match spec.batch {
        true => shape.classes,
        false => shape.outer * shape.classes,
    }
}

/// To which loss a mask belongs, by its place among all samples and classes.
fn row(spec: &Lovasz<'_>, shape: Shape, mask: usize) -> usize {
    match spec.batch {
        true => mask % shape.classes,
        false => mask,
    }
}

/// The mask of one class in one sample or in all, one after the other.
struct Mask {
    inside: Vec<bool>,
    /// Which pixels count.
    counts: Vec<bool>,
    /// 0, or NaN where a weight or a target is not finite.
    poison: f64,
}

impl Mask {
    fn of<E: Storage>(
        spec: &Lovasz<'_>,
        shape: Shape,
        masks: &Masks<'_, E>,
        samples: Range<usize>,
        class: usize,
    ) -> Self {
        let ignored = spec.overlap.ignored;
        let pixels = samples.start * shape.inner..samples.end * shape.inner;
        let (targets, mut counts): (Vec<f32>, Vec<bool>) = match masks.targets {
            MaskTargets::Classes(classes) => {
                // A single channel is that of class 1.
                let own = if shape.classes == 1 { 1 } else { class as i64 };
                let all = pixels.clone().map(|pixel| classes.at(pixel));
                all.map(|class| (f32::from(class == own), ignored != Some(class)))
                    .unzip()
            }
            MaskTargets::Masks(numbers) => {
                let ignored = ignored.map(|index| index as f32);
                let mut all = vec![0.0; pixels.len()];
                for (sample, all) in samples.zip(all.chunks_mut(shape.inner.max(1))) {
                    let start = (sample * shape.classes + class) * shape.inner;
                    E::widen(&numbers[start..][..shape.inner], all);
                }
                let counts = all.iter().map(|&t| ignored != Some(t)).collect();
                (all, counts)
            }
        };
        let weights = masks.weights.map(|weights| &weights[pixels]);
        let mut poison = 0.0;
        for (place, counts) in counts.iter_mut().enumerate() {
            let weight = weights.map_or(1.0, |weights| weights[place]);
            *counts &= weight != 0.0;
            if *counts {
                poison += f64::from((weight + targets[place]) * 0.0);
            }
        }
        Self {
            inside: targets.into_iter().map(|t| t >= 0.5).collect(),
            counts,
            poison,
        }
    }

    /// The loss and the size of the mask. Errors become slopes.
    fn order(&self, mut planes: Vec<&mut [f32]>, hinge: bool) -> (f64, f64) {
        let width = planes.first().map_or(1, |plane| plane.len());
        let places = planes.iter().flat_map(|plane| plane.iter()).zip(0..);
        let counted = places.filter(|&(_, place)| self.counts[place]);
        let order = descending(counted.map(|(&error, place): (&f32, usize)| (error, place)));
        let mut loss = self.poison;
        let size = growth(&order, &|place| self.inside[place], &mut |place, weight| {
            let slope = &mut planes[place / width][place % width];
            let (error, weight) = (*slope, weight as f32);
            // The positive part of a hinge, whose slope at 0 is 0.
            let is_flat = hinge && error <= 0.0;
            let cost = if is_flat { 0.0 } else { error };
            loss += f64::from(cost * weight);
            *slope = match (is_flat, self.inside[place]) {
                (true, _) => 0.0,
                (false, true) => -weight,
                (false, false) => weight,
            };
        });
        for (place, _) in self
            .counts
            .iter()
            .enumerate()
            .filter(|(_, counts)| !**counts)
        {
            planes[place / width][place % width] = 0.0;
        }
        (loss, size as f64)
    }
}

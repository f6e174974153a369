//! Overlap sums of masks, and their gradient, while a stretch of pixels is in cache.
//!
//! Pixels of a class lie one after the other, so a lane is sixteen pixels. A task takes a stretch of pixels of one sample, a tile
//! at a time with all its classes: logits are widened into it, become exponentials there, and in the backward pass the gradient. A
//! target that is a class stays an index; no probability leaves the tile.

mod channels;
mod classes;
mod lovasz;
mod tile;

use super::{
    element::ElementKernel,
    fresh::zeros,
    indices::Indices,
    isa::Choice,
    softmax::{ClassKernel, Shape},
    storage::Storage,
    threads::map,
};
use crate::{
    formula::Activation,
    kernel::place::{self, SUMS},
};
use channels::Channels;
use classes::Classes;
use core::ops::Range;
pub(crate) use lovasz::{Lovasz, LovaszOutcome, lovasz, lovasz_gradient};
use tile::Tile;

/// What is summed up.
#[derive(Clone, Copy)]
pub(crate) struct Overlap<'a> {
    pub activation: Activation,
    /// Whether errors are squared before they are added.
    pub squared: bool,
    /// The class, or the number in a mask, that stands for no target.
    pub ignored: Option<i64>,
    /// What is summed up of each pixel besides.
    pub term: Option<Term<'a>>,
}

/// A loss of each pixel, of its class or of each element.
#[derive(Clone, Copy)]
pub(crate) enum Term<'a> {
    Class(&'a dyn ClassKernel),
    Element(&'a dyn ElementKernel),
}

/// What logits are compared with.
pub(crate) struct Masks<'a, E> {
    pub targets: MaskTargets<'a, E>,
    /// One weight per pixel, `[N, K]`; pixels of weight 0 contribute exactly nothing.
    pub weights: Option<&'a [f32]>,
}

pub(crate) enum MaskTargets<'a, E> {
    /// A class per pixel, `[N, K]`.
    Classes(Indices<'a>),
    /// A number per logit.
    Masks(&'a [E]),
}

impl<E: Storage> Masks<'_, E> {
    fn check(&self, shape: Shape, logits: usize) {
        let pixels = shape.outer * shape.inner;
        assert_eq!(logits, pixels * shape.classes, "logits of this shape");
        let given = match self.targets {
            MaskTargets::Classes(classes) => classes.len() * shape.classes,
            MaskTargets::Masks(masks) => masks.len(),
        };
        assert_eq!(given, logits, "targets of this shape");
        let weights = self.weights.map_or(pixels, <[f32]>::len);
        assert_eq!(weights, pixels, "one weight per pixel");
    }
}

/// How many tiles a task takes.
const TILES: usize = 8;

/// The pixels of each task: a range of those of one sample.
fn tasks(shape: Shape) -> Vec<(usize, Range<usize>)> {
    let per_task = TILES * tile::pixels(shape.classes);
    let of_sample = |sample| {
        let starts = (0..shape.inner).step_by(per_task);
        starts.map(move |start| (sample, start..shape.inner.min(start + per_task)))
    };
    (0..shape.outer).flat_map(of_sample).collect()
}

/// The sums of each sample and class, `[SUMS, N, C]`, in the same order whatever the number of threads.
///
/// # Panics
/// If lengths do not fit the shape, or a class that counts is out of range.
pub(crate) fn overlap_sums<E: Storage>(
    overlap: &Overlap<'_>,
    logits: &[E],
    shape: Shape,
    masks: &Masks<'_, E>,
) -> Vec<f64> {
    masks.check(shape, logits.len());
    let choice = Choice::current();
    let parts = map(
        tasks(shape),
        &|_, (sample, pixels): (usize, Range<usize>)| {
            let mut sums = vec![0.0; SUMS * shape.classes];
            let mut tile = Tile::new(shape.classes, pixels.len());
            for first in pixels.clone().step_by(tile.room()) {
                let count = tile.room().min(pixels.end - first);
                let row = |class| (sample * shape.classes + class) * shape.inner + first;
                tile.load(count, &mut |class, out| {
                    E::widen(&logits[row(class)..][..count], out);
                });
                tile.load_targets(overlap, masks, sample * shape.inner + first, &row);
                tile.sum(overlap, choice, &mut sums);
            }
            (sample, sums)
        },
    );
    let rows = shape.outer * shape.classes;
    let mut all = vec![0.0; SUMS * rows];
    for (sample, sums) in parts {
        for (place, sums) in sums.chunks(shape.classes).enumerate() {
            let to = &mut all[place * rows + sample * shape.classes..][..shape.classes];
            for (total, sum) in to.iter_mut().zip(sums) {
                *total += sum;
            }
        }
    }
    all
}

/// The logits, with the right to overwrite them or without.
pub(crate) enum Logits<'a, E> {
    Kept(&'a [E]),
    Consumed(&'a mut [E]),
}

/// What an upstream gradient of the sums, `[SUMS, N, C]`, is to the logits, in their type: written over them, or returned.
///
/// # Panics
/// As [`overlap_sums`].
pub(crate) fn overlap_gradient<E: Storage>(
    overlap: &Overlap<'_>,
    logits: Logits<'_, E>,
    shape: Shape,
    masks: &Masks<'_, E>,
    upstream: &[f32],
) -> Option<Vec<E>> {
    let rows = shape.outer * shape.classes;
    assert_eq!(upstream.len(), SUMS * rows, "a number for each sum");
    let choice = Choice::current();
    let of_sample = |sample| {
        let of_place = |place| &upstream[place * rows + sample * shape.classes..][..shape.classes];
        (0..SUMS).flat_map(of_place).copied().collect()
    };
    let slopes: Vec<Vec<f32>> = (0..shape.outer).map(of_sample).collect();
    rewritten(overlap, logits, shape, masks, &|tile, stretch| {
        tile.differentiate(overlap, choice, &slopes[stretch.sample]);
    })
}

/// Pixels of one sample that a tile holds.
struct Stretch {
    sample: usize,
    /// The first of its pixels.
    first: usize,
    count: usize,
}

impl Stretch {
    /// Where the pixels of a class lie.
    fn of_class(&self, class: usize, shape: Shape) -> Range<usize> {
        let start = (self.sample * shape.classes + class) * shape.inner + self.first;
        start..start + self.count
    }
}

/// What becomes of the logits and targets in a tile.
type Work<'a> = dyn Fn(&mut Tile, &Stretch) + Sync + 'a;

/// Does some work on all logits, a tile at a time; what is left in their place is written over them, or returned.
fn rewritten<E: Storage>(
    overlap: &Overlap<'_>,
    logits: Logits<'_, E>,
    shape: Shape,
    masks: &Masks<'_, E>,
    work: &Work<'_>,
) -> Option<Vec<E>> {
    match logits {
        Logits::Kept(slice) => {
            let mut fresh = zeros::<E>(slice.len());
            rewrite(overlap, Some(slice), &mut fresh, shape, masks, work);
            Some(fresh)
        }
        Logits::Consumed(slice) => {
            rewrite(overlap, None, slice, shape, masks, work);
            None
        }
    }
}

/// Does some work on all logits, which are in `out` if they are not given, and leaves there what it makes of them.
fn rewrite<E: Storage, O: Storage>(
    overlap: &Overlap<'_>,
    logits: Option<&[E]>,
    out: &mut [O],
    shape: Shape,
    masks: &Masks<'_, E>,
    work: &Work<'_>,
) {
    masks.check(shape, out.len());
    let items = tasks(shape).into_iter().zip(by_task(out, shape));
    map(items, &|_,
                 ((sample, pixels), mut out): (
        (usize, Range<usize>),
        Vec<&mut [O]>,
    )| {
        let mut tile = Tile::new(shape.classes, pixels.len());
        for first in pixels.clone().step_by(tile.room()) {
            let count = tile.room().min(pixels.end - first);
            let stretch = Stretch {
                sample,
                first,
                count,
            };
            let place = first - pixels.start..first - pixels.start + count;
            tile.load(count, &mut |class, to| match logits {
                Some(logits) => E::widen(&logits[stretch.of_class(class, shape)], to),
                None => O::widen(&out[class][place.clone()], to),
            });
            let row = |class| stretch.of_class(class, shape).start;
            tile.load_targets(overlap, masks, sample * shape.inner + first, &row);
            work(&mut tile, &stretch);
            for (class, out) in out.iter_mut().enumerate() {
                O::narrow(tile.row(class), &mut out[place.clone()]);
            }
        }
    });
}

/// What each task writes: the pixels of each class.
fn by_task<E>(out: &mut [E], shape: Shape) -> Vec<Vec<&mut [E]>> {
    let per_task = TILES * tile::pixels(shape.classes);
    let of_sample = shape.inner.div_ceil(per_task);
    let mut tasks: Vec<Vec<&mut [E]>> = Vec::new();
    tasks.resize_with(shape.outer * of_sample, || {
        Vec::with_capacity(shape.classes)
    });
    if out.is_empty() {
        return tasks;
    }
    for (row, pixels) in out.chunks_mut(shape.inner).enumerate() {
        let first = row / shape.classes * of_sample;
        for (task, pixels) in pixels.chunks_mut(per_task).enumerate() {
            tasks[first + task].push(pixels);
        }
    }
    tasks
}
